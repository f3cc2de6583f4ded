/** A receiver's part in its group: joins and leaves, keeps its role by the store, follows or publishes the backup, and says how it stands. */
import { randomBytes, randomInt } from 'node:crypto';
import type {
  GroupClearing,
  GroupDecision,
  GroupMember,
  GroupRole,
  GroupStatus,
} from '../../src/contract/index.ts';
import { AppError, toAppError } from '../../src/errors.ts';
import type { AlarmQueue } from '../alarms/types.ts';
import { createBackupSealer } from './backup/seal.ts';
import { BackupSync } from './backup/sync.ts';
import { type Clearing, clearingOf, type LeavingFacts, refuseStranding } from './group/clearing.ts';
import { GroupDriver } from './group/driver.ts';
import { IngressTeller } from './group/ingress.ts';
import { changeRoster, readRoster, refuseSecondOfId } from './group/membership.ts';
import type { GroupMemory } from './group/memory-file.ts';
import type { GroupOptions } from './group/ports.ts';
import { QueueCount } from './group/queue-count.ts';
import { RosterWatch } from './group/roster-watch.ts';
import { statusOf } from './group/status.ts';
import { groundsOf, summaryOf } from './machine/explain.ts';
import { handOverRefusal } from './machine/hand-over.ts';
import { initialGroup } from './machine/initial.ts';
import { isAlive, memberName } from './machine/turn.ts';
import type { Facts, GroupState } from './machine/types.ts';
import { encodeRoster } from './roster/codec.ts';
import { joined, left, ordered, without } from './roster/plan.ts';
import { defaultGroupTiming } from './timing-plan.ts';
import type { GroupStore, Roster } from './types.ts';

/** Kept in memory to explain with; the journal keeps them all. */
const decisionsMax = 50;
/** Draining, resting and releasing take this long at worst. */
const endLimitMs = 8_000;
const rosterTimeoutMs = 5_000;

export interface Group {
  /**
   * Joins the group, as host when it is the first. Call it instead of `start`. @throws AppError `conflict` when the group
   * is full, when another machine uses this id, or when this receiver has devices that a spare's copy would replace and
   * `replaceOwn` is false; `unauthorized`, `unavailable`, `timeout` when the store cannot be used.
   */
  connect(options: { replaceOwn: boolean }): Promise<{ role: GroupRole; members: GroupMember[] }>;
  /** Goes on as the member it was before a restart. */
  start(): Promise<void>;
  /** What leaving would clear. */
  clearing(): Promise<GroupClearing>;
  /**
   * Hands over, leaves the list (the host's leaving ends the group), clears a spare's copy, and closes. Goes through
   * without the store too, and says so. @throws AppError `conflict` while the host's leaving would strand alarms.
   */
  leave(): Promise<GroupClearing>;
  /** On the host. @throws AppError `forbidden` elsewhere, `invalid_input` for another set of members. */
  order(ids: readonly string[]): Promise<void>;
  /** On the host; a working spare removes a host that is gone, and the next becomes host. `confirm`: its id or name. */
  removeMember(id: string, confirm: string): Promise<void>;
  /** @throws AppError `conflict` with why not. */
  handOver(request: { to?: string | undefined; holdSeconds: number }): void;
  /** Publishes or fetches the backup now. @throws AppError when that failed. */
  synchronise(): Promise<void>;
  status(): GroupStatus;
  explain(): { summary: string; lines: string[]; decisions: GroupDecision[] };
  /** Host or spare; null before it is known. */
  role(): GroupRole | null;
  /** The group's queue, which may be another one after the store was opened anew: ask each time. */
  queue(): AlarmQueue;
  /** Whether the store answered last time. */
  reachable(): boolean;
  /** The directory has changed. */
  directoryChanged(): void;
  /** The queue says that a later epoch works. */
  outdated(problem: string): void;
  /** Hands over in order, and closes; the membership stays. */
  close(): Promise<void>;
}

export function createGroup(options: GroupOptions): Group {
  return new RunningGroup(options);
}

class RunningGroup implements Group {
  readonly #options: GroupOptions;
  readonly #decisions: GroupDecision[] = [];
  readonly #ingress: IngressTeller;
  readonly #queueCount: QueueCount;
  #store: GroupStore;
  #driver: GroupDriver | null = null;
  #backup: BackupSync | null = null;
  #watch: RosterWatch | null = null;
  #memory: GroupMemory;
  #onEnded: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#store = options.openStore();
    const { clock, directory, onNote, config } = options;
    const store = () => this.#store;
    this.#ingress = new IngressTeller({ clock, store, directory, onNote });
    this.#queueCount = new QueueCount({ clock, queue: () => this.#store.queue });
    this.#memory = { arcId: config.arcId, role: null, roster: null, copy: null };
  }

  async connect({ replaceOwn }: { replaceOwn: boolean }) {
    const { self, clock, directory, config } = this.#options;
    const before = await readRoster(this.#store);
    const place = before?.members.findIndex(({ id }) => id === self.id) ?? -1;
    if (place >= 0) await refuseSecondOfId(this.#store, self.id, clock);
    const roster = await changeRoster(this.#store, (present) => {
      const next = joined(present, { id: self.id, name: self.name, joinedMs: Math.round(clock.nowMs()) });
      const known = present?.members.some(({ id }) => id === self.id) ?? false;
      if (!known && next.members.length > 1 && !replaceOwn) this.#refuseReplacing(directory.devices(), next);
      return next;
    });
    this.#remember({ arcId: config.arcId, role: null, roster, copy: null });
    this.#run();
    this.#seeRoster(roster);
    const { members, self: own } = this.status();
    return { role: own.role ?? 'host', members };
  }

  #refuseReplacing(devices: number, roster: Roster): void {
    if (devices === 0) return;
    const host = roster.members[0]?.name ?? 'the host';
    throw new AppError(
      'conflict',
      `this receiver has ${devices} devices of its own, which the copy of ${host} would replace`,
      {
        hint: 'Export them first (holdfast device export FILE), then connect with --replace-own.',
      },
    );
  }

  async start(): Promise<void> {
    const { memory, config, self } = this.#options;
    const remembered = await memory.read();
    if (remembered?.arcId === config.arcId) this.#memory = remembered;
    this.#run();
    const { role, roster } = this.#memory;
    // A spare refuses edits from the first moment, also while the store is away.
    if (role && roster?.members.some(({ id }) => id === self.id)) this.#takeRole(role, roster);
  }

  #run(): void {
    const { clock, forward, self, config, directory, onNote, timing } = this.#options;
    const store = () => this.#store;
    const state = initialGroup({
      selfId: self.id,
      version: self.version,
      boot: this.#options.boot ?? randomBytes(8).toString('hex'),
      leaseId: `group-${config.arcId}`,
      firstSeq: this.#options.firstSeq ?? randomInt(2 ** 40),
      timing: timing ?? defaultGroupTiming,
    });
    this.#backup = new BackupSync({
      clock,
      store,
      sealer: createBackupSealer(config.secret, config.arcId),
      arcId: config.arcId,
      directory,
      copy: this.#memory.copy,
      onNote,
      onCopy: (copy) => {
        this.#remember({ ...this.#memory, copy });
        if (this.role() === 'host') this.#ingress.publish(copy.version);
      },
    });
    this.#watch = new RosterWatch({
      selfId: self.id,
      clock,
      roster: this.#memory.roster,
      onRole: (role, roster) => this.#takeRole(role, roster),
      onRemoved: (roster) => void this.#removed(roster),
      onLost: (roster) => void this.#restoreRoster(roster),
    });
    this.#driver = new GroupDriver(
      {
        clock,
        store,
        reopen: (used) => this.#reopen(used),
        forward,
        facts: () => this.#facts(),
        onNote,
        onDecision: (decision) => {
          this.#decisions.push(decision);
          if (this.#decisions.length > decisionsMax) this.#decisions.shift();
        },
        onRoster: (roster) => this.#watch?.see(roster),
        onStep: (before, after) => this.#afterStep(before, after),
      },
      state,
    );
    this.#driver.start();
    this.#queueCount.start();
  }

  #facts(): Facts {
    const { version, state, publishedMs } = this.#backupView();
    return { ...this.#options.facts(), backup: { version, state, publishedMs } };
  }

  #backupView(): GroupStatus['backup'] {
    const { directory } = this.#options;
    return (
      this.#backup?.view() ?? {
        name: null,
        version: 0,
        publishedMs: null,
        updatedMs: null,
        state: 'none',
        bytes: 0,
        devices: directory.devices(),
        problem: null,
      }
    );
  }

  #afterStep(before: GroupState, after: GroupState): void {
    if (before.phase !== after.phase && after.phase === 'working')
      this.#ingress.publish(this.#backupView().version);
    const host = after.roster?.members[0]?.id;
    const word = host === undefined ? undefined : after.members[host];
    if (word && word !== before.members[host ?? '']) {
      this.#backup?.noticed(word.presence.backup.version, word.presence.backup.publishedMs);
    }
    if (after.ended) this.#onEnded?.();
    if (before.phase !== after.phase || before.roster !== after.roster) this.#options.onChange();
  }

  #seeRoster(roster: Roster): void {
    this.#driver?.feed({ type: 'rosterRead', outcome: { kind: 'ok', roster } });
    this.#watch?.see(roster);
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
    this.#backup?.setRole({ kind: isHost ? 'host' : 'spare', hostId: host.id });
    onChange();
  }

  /** The list is there and this receiver is not in it: the host left, or removed it. */
  async #removed(roster: Roster): Promise<void> {
    const { onNote, onRemoved, self } = this.#options;
    const wasHost = this.#memory.role === 'host' || this.#memory.roster?.members[0]?.id === self.id;
    const why =
      roster.members.length === 0 ? 'the host has disabled the group' : 'it was removed from the group';
    await this.#end(why);
    if (!wasHost) await this.#clearCopy();
    this.#options.directory.readOnly(null);
    this.#remember(null);
    onNote({ level: 'warning', event: 'group.removed', text: `${self.name} is no member any more: ${why}` });
    await this.#shut();
    onRemoved(why);
  }

  async #clearCopy(): Promise<void> {
    await this.#backup?.close();
    await this.#options.directory.clear();
  }

  /** The store was made anew: the group goes on with the order it knew. */
  async #restoreRoster(roster: Roster): Promise<void> {
    const { onNote } = this.#options;
    try {
      await this.#store.roster.write(null, encodeRoster(roster), rosterTimeoutMs);
      onNote({
        level: 'warning',
        event: 'group.roster-restored',
        text: 'the store had no list of receivers any more: wrote back the one known here',
      });
      this.#backup?.storeReplaced();
    } catch {
      // Another member was first, or the store is away again: the next look shows it.
    }
  }

  #reopen(used: GroupStore): boolean {
    if (this.#store !== used) return false;
    this.#store = this.#options.openStore();
    void used.close().catch(() => {});
    this.#backup?.storeReplaced();
    return true;
  }

  async clearing(): Promise<GroupClearing> {
    return { ...clearingOf(await this.#leavingFacts()), done: false };
  }

  async #leavingFacts(): Promise<LeavingFacts> {
    const { config, directory } = this.#options;
    const waiting = await this.#queueCount.countNow();
    return {
      arcId: config.arcId,
      role: this.role(),
      roster: this.#memory.roster,
      backupName: this.#backupView().name,
      devices: directory.devices(),
      waiting,
      storeReachable: waiting !== null,
    };
  }

  async leave(): Promise<GroupClearing> {
    const facts = await this.#leavingFacts();
    refuseStranding(facts);
    const clearing: Clearing = clearingOf(facts);
    const { self, directory } = this.#options;
    await this.#end('this receiver leaves the group');
    if (facts.storeReachable) {
      await changeRoster(this.#store, (roster) => left(roster ?? { version: 1, members: [] }, self.id));
      if (facts.role === 'host') await this.#clearStore(facts.backupName);
    }
    if (facts.role !== 'host' && facts.role !== null) await this.#clearCopy();
    directory.readOnly(null);
    this.#remember(null);
    await this.#shut();
    return { ...clearing, done: true };
  }

  async #clearStore(backupName: string | null): Promise<void> {
    const { version } = this.#backupView();
    await this.#backup?.close();
    if (backupName) await this.#store.backups.remove(backupName).catch(() => {});
    await this.#store.publishIngress({ version: version + 1, accounts: [] }).catch(() => {});
  }

  async order(ids: readonly string[]): Promise<void> {
    this.#asHost('Set the order');
    await this.#change((roster) => ordered(roster, ids));
  }

  async removeMember(id: string, confirm: string): Promise<void> {
    const { self } = this.#options;
    const state = this.#state();
    const name = memberName(state, id);
    if (confirm !== id && confirm !== name) {
      throw new AppError('invalid_input', `the confirmation does not name ${name}`, {
        hint: `Confirm with ${name}.`,
      });
    }
    if (id === self.id) {
      throw new AppError('conflict', 'a receiver does not remove itself', {
        hint: 'Use holdfast group disable.',
      });
    }
    const now = this.#now().monotonicMs;
    const hostIsGone = state.roster?.members[0]?.id === id && !isAlive(state, state.members[id], now);
    if (!(hostIsGone && state.phase === 'working')) this.#asHost('Remove it');
    await this.#change((roster) => without(roster, id));
  }

  #asHost(what: string): void {
    if (this.role() === 'host') return;
    const host = this.#memory.roster?.members[0]?.name ?? 'the host';
    throw new AppError('forbidden', `this receiver is not the host of the group; ${host} is`, {
      hint: `${what} on ${host}.`,
    });
  }

  async #change(change: (roster: Roster) => Roster): Promise<void> {
    this.#seeRoster(
      await changeRoster(this.#store, (roster) => change(roster ?? { version: 1, members: [] })),
    );
  }

  handOver({
    to = this.#options.self.id,
    holdSeconds,
  }: {
    to?: string | undefined;
    holdSeconds: number;
  }): void {
    const refusal = handOverRefusal(this.#state(), to, this.#now().monotonicMs);
    if (refusal !== null) {
      throw new AppError('conflict', refusal, { hint: 'holdfast group explain tells who can work and why.' });
    }
    this.#driver?.feed({ type: 'handOver', to, holdSeconds });
  }

  async synchronise(): Promise<void> {
    await this.#backup?.synchronise();
  }

  status(): GroupStatus {
    return statusOf(this.#options, {
      state: this.#state(),
      now: this.#now(),
      backup: this.#backupView(),
      queue: this.#queueCount.last,
      decisions: this.#decisions,
      roster: this.#memory.roster,
    });
  }

  explain() {
    const state = this.#state();
    const { monotonicMs } = this.#now();
    return {
      summary: summaryOf(state, monotonicMs),
      lines: groundsOf(state, monotonicMs),
      decisions: [...this.#decisions],
    };
  }

  role(): GroupRole | null {
    return this.#memory.role;
  }

  queue(): AlarmQueue {
    return this.#store.queue;
  }

  reachable(): boolean {
    const state = this.#driver?.state;
    return state !== undefined && state.storeLostSinceMs === null && state.roundTripMs !== null;
  }

  directoryChanged(): void {
    this.#backup?.changed();
  }

  outdated(problem: string): void {
    this.#driver?.feed({ type: 'outdated', epoch: this.#state().epoch, problem });
  }

  async close(): Promise<void> {
    await this.#end('this receiver ends');
    await this.#shut();
  }

  #state(): GroupState {
    if (this.#driver) return this.#driver.state;
    throw new AppError('internal', 'the group was not started');
  }

  #now() {
    const { clock } = this.#options;
    return { monotonicMs: clock.monotonicMs(), utcMs: Math.round(clock.nowMs()) };
  }

  #remember(memory: GroupMemory | null): void {
    const { config } = this.#options;
    this.#memory = memory ?? { arcId: config.arcId, role: null, roster: null, copy: null };
    this.#options.memory.write(memory);
  }

  /** Resolves when nothing is forwarded any more and the lease is let go, or when that takes too long. */
  async #end(why: string): Promise<void> {
    const driver = this.#driver;
    if (!driver || driver.state.ended) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(endLimitMs, resolve);
      this.#onEnded = () => {
        cancel();
        resolve();
      };
      driver.feed({ type: 'end', why });
    });
    this.#onEnded = null;
  }

  #shut(): Promise<void> {
    this.#closing ??= this.#shutNow();
    return this.#closing;
  }

  async #shutNow(): Promise<void> {
    this.#driver?.close();
    this.#queueCount.close();
    await Promise.all([this.#backup?.close(), this.#ingress.close()]);
    await this.#options.memory.close();
    await this.#store.close().catch((error: unknown) => {
      const text = `the group's store did not close: ${toAppError(error).message}`;
      this.#options.onNote({ level: 'warning', event: 'group.close-failed', text });
    });
  }
}
