/** One run as a member: the machine with its driver, the backup, the ingress table, and what is remembered, wired to each other. */
import { randomBytes, randomInt } from 'node:crypto';
import type { GroupDecision, GroupRole } from '../../../src/contract/index.ts';
import { toAppError } from '../../../src/errors.ts';
import { plural } from '../../../src/model/plural.ts';
import { digestName } from '../../alarms/supervision/digest/codec.ts';
import { createBackupSealer } from '../backup/seal.ts';
import { BackupSync } from '../backup/sync.ts';
import { initialGroup } from '../machine/initial.ts';
import { isCurrent } from '../machine/members.ts';
import type { GroupState, Now } from '../machine/types.ts';
import { encodeRoster } from '../roster/codec.ts';
import { defaultGroupTiming } from '../timing-plan.ts';
import type { GroupStore, Roster } from '../types.ts';
import { GroupDriver } from './driver.ts';
import { IngressTeller } from './ingress.ts';
import { forgotten, type GroupMemory } from './memory-file.ts';
import type { GroupOptions } from './ports.ts';
import { QueueCount } from './queue-count.ts';
import { RosterWatch } from './roster-watch.ts';

/** Kept in memory to explain with; the journal keeps them all. */
const decisionsMax = 50;
/** Draining, resting and releasing take this long at worst. */
const endLimitMs = 8_000;
const rosterTimeoutMs = 5_000;
const comeOutAgainMs = 10_000;
/** What has left the queue since then is sent twice when the store and this receiver are lost at once. */
const settledSaveMs = 60_000;

export class MemberRun {
  readonly decisions: GroupDecision[] = [];
  readonly backup: BackupSync;
  readonly queueCount: QueueCount;
  readonly driver: GroupDriver;
  readonly #options: GroupOptions;
  readonly #ingress: IngressTeller;
  readonly #watch: RosterWatch;
  #store: GroupStore;
  #memory: GroupMemory;
  #onEnded: (() => void) | null = null;
  #closing: Promise<void> | null = null;
  #settledSavedMs = Number.NEGATIVE_INFINITY;
  /** The store went back, and what may be missing there was put back; the list was not read since. */
  #putBack = false;
  /** The queue was empty then, and the store has not yet been looked at afterwards. */
  #empty: { readonly mark: number; readonly atMs: number } | null = null;
  #takesBack = false;
  /** This receiver leaves by itself: the list without it is no news. */
  #leaves = false;

  constructor(options: GroupOptions, store: GroupStore, memory: GroupMemory) {
    const { clock, config, directory, onNote, self } = options;
    this.#options = options;
    this.#store = store;
    this.#memory = memory;
    const present = () => this.#store;
    this.#ingress = new IngressTeller({ clock, store: present, directory, onNote });
    this.queueCount = new QueueCount({
      clock,
      queue: () => this.#store.queue,
      mark: () => this.#options.rows.mark(),
      onEmpty: (mark) => this.#settled(mark),
    });
    this.backup = new BackupSync({
      clock,
      store: present,
      sealer: createBackupSealer(config.secret, config.arcId),
      arcId: config.arcId,
      directory,
      copy: memory.copy,
      onNote,
      onCopy: (copy) => {
        this.#remember({ ...this.#memory, copy });
        if (this.role === 'host' || this.state.phase === 'working') this.#ingress.publish(copy.version);
      },
    });
    this.#watch = new RosterWatch({
      selfId: self.id,
      clock,
      roster: memory.roster,
      onRole: (role, roster) => this.#takeRole(role, roster),
      onRemoved: (roster) => this.#comeOut(roster),
      onLost: (roster) => void this.#restoreRoster(roster),
    });
    this.driver = this.#createDriver();
  }

  #createDriver(): GroupDriver {
    const { clock, forward, facts, onNote, self, config, boot, firstSeq, timing } = this.#options;
    const ports = {
      clock,
      forward,
      onNote,
      store: () => this.#store,
      reopen: (used: GroupStore) => this.#reopen(used),
      facts: () => {
        const { version, state, publishedMs } = this.backup.view();
        return { ...facts(), backup: { version, state, publishedMs } };
      },
      onDecision: (decision: GroupDecision) => {
        this.decisions.push(decision);
        if (this.decisions.length > decisionsMax) this.decisions.shift();
      },
      onRoster: (roster: Roster | null) => this.#watch.see(roster),
      onStep: (before: GroupState, after: GroupState) => this.#afterStep(before, after),
    };
    const state = initialGroup({
      selfId: self.id,
      version: self.version,
      boot: boot ?? randomBytes(8).toString('hex'),
      leaseId: `group-${config.arcId}`,
      firstSeq: firstSeq ?? randomInt(2 ** 40),
      timing: timing ?? defaultGroupTiming,
    });
    return new GroupDriver(ports, state);
  }

  /** With the role that is remembered: a spare refuses edits from the first moment, also while the store is away. */
  start(): void {
    const { role, roster } = this.#memory;
    this.driver.start();
    this.queueCount.start();
    if (role && roster?.members.some(({ id }) => id === this.#options.self.id)) this.#takeRole(role, roster);
  }

  get store(): GroupStore {
    return this.#store;
  }

  get state(): GroupState {
    return this.driver.state;
  }

  get roster(): Roster | null {
    return this.#memory.roster;
  }

  /** Null before it is known. */
  get role(): GroupRole | null {
    return this.#memory.role;
  }

  /** Alarms that this receiver handed to the queue and knows no end of. */
  unsettled(): Promise<number> {
    return this.#options.rows.count(this.#memory.settledThrough);
  }

  now(): Now {
    return this.driver.now();
  }

  /** What this receiver has just read or written. */
  seeRoster(roster: Roster): void {
    this.driver.feed({ type: 'rosterRead', outcome: { kind: 'ok', roster } });
    this.#watch.see(roster);
  }

  /** From here on the list without this receiver is its own doing. */
  leaves(): void {
    this.#leaves = true;
  }

  /** Written by this receiver: it hands over to one that is left, if any is. */
  left(roster: Roster): void {
    this.driver.feed({ type: 'rosterRead', outcome: { kind: 'ok', roster } });
  }

  /** Resolves when nothing is forwarded any more and the lease is let go, or when that takes too long. */
  async end(why: string): Promise<void> {
    if (this.state.ended) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(endLimitMs, resolve);
      this.#onEnded = () => {
        cancel();
        resolve();
      };
      this.driver.feed({ type: 'end', why });
    });
    this.#onEnded = null;
  }

  /** On the store, what belongs to the host alone; as far as it goes. */
  async clearStore(): Promise<void> {
    const { name, version } = this.backup.view();
    await this.backup.close();
    if (name) await this.#store.backups.remove(name).catch(() => {});
    await this.#store.publishIngress({ version: version + 1, accounts: [] }).catch(() => {});
  }

  /** After the end, where nobody may forward from the queue any more: what has no end known here waits here again. */
  async takeBack(): Promise<void> {
    const { rows } = this.#options;
    await rows.close();
    // Its list was written or read just now: the store is the one it was.
    this.#takesBack = true;
    await this.queueCount.countNow();
    await rows.putBack(this.#memory.settledThrough);
  }

  /** After the end: this receiver is on its own. A spare's copy goes, a host keeps what is its own. */
  async forget(keepsDirectory: boolean): Promise<void> {
    const { directory } = this.#options;
    await this.backup.close();
    if (!keepsDirectory) await directory.clear();
    directory.readOnly(null);
    this.#remember(null);
    await this.close();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.driver.close();
    this.queueCount.close();
    if (this.#memory.role !== null) this.#remember(this.#memory);
    await Promise.all([this.backup.close(), this.#ingress.close()]);
    await this.#options.memory.close();
    await this.#store.close().catch((error: unknown) => {
      const text = `the group's store did not close: ${toAppError(error).message}`;
      this.#options.onNote({ level: 'warning', event: 'group.close-failed', text });
    });
  }

  #afterStep(before: GroupState, after: GroupState): void {
    this.#tellIngress(before, after);
    this.#noticeLoss(before, after);
    const host = after.roster?.members[0]?.id ?? '';
    const word = after.members[host];
    if (word && word !== before.members[host]) {
      this.backup.noticed(word.presence.backup.version, word.presence.backup.publishedMs);
    }
    if (after.ended) this.#onEnded?.();
    if (before.phase !== after.phase || before.roster !== after.roster) this.#options.onChange();
  }

  /** Who begins to work tells what it knows, unless the host is known to have newer devices. */
  #tellIngress(before: GroupState, after: GroupState): void {
    const begins = before.phase !== after.phase && after.phase === 'working' && isCurrent(after);
    const isBack = before.storeLostSinceMs !== null && after.storeLostSinceMs === null;
    if (!begins && !(isBack && this.role === 'host')) return;
    const { version } = this.backup.view();
    if (version === 0) return;
    if (begins) this.#ingress.publish(version);
    else this.#ingress.publishAgain(version);
  }

  /**
   * The queue was empty: what was handed over up to there has reached its end. A store that has just lost everything is empty
   * too; so it counts when the store was looked at afterwards and still has its list and its past.
   */
  #settled(mark: number): void {
    const { roster, rosterGone, rosterReadMs, timing } = this.state;
    const { monotonicMs } = this.now();
    const empty = this.#empty;
    if (roster === null || rosterGone) {
      this.#empty = null;
      return;
    }
    if (this.#takesBack) this.#believe(mark, monotonicMs);
    else if (empty === null) this.#empty = { mark, atMs: monotonicMs };
    else if (rosterReadMs - empty.atMs >= timing.rpcTimeoutMs) {
      this.#believe(empty.mark, monotonicMs);
      this.#empty = { mark, atMs: monotonicMs };
    }
  }

  #believe(mark: number, monotonicMs: number): void {
    if (mark <= this.#memory.settledThrough) return;
    this.#memory = { ...this.#memory, settledThrough: mark };
    if (monotonicMs - this.#settledSavedMs < settledSaveMs) return;
    this.#settledSavedMs = monotonicMs;
    this.#remember(this.#memory);
  }

  /** The list was gone and somebody wrote it back: the queue is as new as it is. */
  #noticeLoss(before: GroupState, after: GroupState): void {
    if (after.rosterReadMs === before.rosterReadMs || after.rosterGone) return;
    if (before.rosterGone && !this.#putBack) this.#putBackLost();
    this.#putBack = false;
  }

  #putBackLost(): void {
    const { rows, onNote } = this.#options;
    rows.putBack(this.#memory.settledThrough).then(
      (count) => {
        const text = `the store may have lost alarms of its queue: ${plural(count, 'alarm')} handed over once more`;
        if (count > 0) onNote({ level: 'warning', event: 'group.shared-again', text });
      },
      (error: unknown) => {
        const text = `alarms that the store may have lost cannot be handed over again: ${toAppError(error).message}`;
        onNote({ level: 'error', event: 'group.shared-again', text });
      },
    );
  }

  #takeRole(role: GroupRole, roster: Roster): void {
    const { directory, self, onChange } = this.#options;
    const host = roster.members[0];
    this.#remember({ ...this.#memory, role, roster });
    if (!host) return;
    const isHost = host.id === self.id;
    const place = role.replace('-', ' ');
    directory.readOnly(
      isHost ? null : `this receiver is ${place} of the group: edit on the host ${host.name}`,
    );
    this.backup.setRole({ kind: isHost ? 'host' : 'spare', hostId: host.id });
    onChange();
  }

  /** A disk that refuses to clear what was copied must not end the receiver, which still takes alarms in. */
  #comeOut(roster: Roster): void {
    if (this.#closing) return;
    this.#removed(roster).catch((error: unknown) => {
      const { clock, onNote } = this.#options;
      const text = `this receiver is no member any more and cannot clear what it copied: ${toAppError(error).message}`;
      onNote({ level: 'error', event: 'group.not-cleared', text });
      clock.after(comeOutAgainMs, () => this.#comeOut(roster));
    });
  }

  /** The list is there and this receiver is not in it: the host left, or removed it. */
  async #removed(roster: Roster): Promise<void> {
    if (this.#leaves) return;
    const { onNote, onRemoved, self } = this.#options;
    const wasHost = this.#memory.roster?.members[0]?.id === self.id;
    const why =
      roster.members.length === 0 ? 'the host has disabled the group' : 'it was removed from the group';
    await this.end(why);
    await this.#store.backups.remove(digestName(self.id)).catch(() => {});
    if (roster.members.length === 0) await this.takeBack();
    await this.forget(wasHost || this.#memory.role === null);
    onNote({ level: 'warning', event: 'group.removed', text: `${self.name} is no member any more: ${why}` });
    onRemoved(why);
  }

  /** The store was made anew: the group goes on in the order that it knew. */
  async #restoreRoster(roster: Roster): Promise<void> {
    try {
      await this.#store.roster.write(null, encodeRoster(roster), rosterTimeoutMs);
    } catch {
      // Another member was first, or the store is away again: the next look shows it.
      return;
    }
    const text = 'the store had no list of receivers any more: wrote back the one known here';
    this.#options.onNote({ level: 'warning', event: 'group.roster-restored', text });
    this.backup.storeReplaced();
  }

  #reopen(used: GroupStore): boolean {
    if (this.#store !== used) return false;
    this.#store = this.#options.openStore();
    void used.close().catch(() => {});
    this.backup.storeReplaced();
    this.#empty = null;
    this.#putBack = true;
    this.#putBackLost();
    return true;
  }

  #remember(memory: GroupMemory | null): void {
    this.#memory = memory ?? forgotten(this.#options.config.arcId);
    this.#options.memory.write(memory);
  }
}
