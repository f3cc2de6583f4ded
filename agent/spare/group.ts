/** A receiver's part in its group: joins and leaves, keeps its role by the store, follows or publishes the backup, and says how it stands. */
import type {
  GroupClearing,
  GroupDecision,
  GroupMember,
  GroupRole,
  GroupStatus,
} from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import { digestName } from '../alarms/supervision/digest/codec.ts';
import type { AlarmQueue } from '../alarms/types.ts';
import { clearingOf, type LeavingFacts, refuseStranding } from './group/clearing.ts';
import { MemberRun } from './group/member-run.ts';
import { changeRoster, readRoster, refuseSecondOfId } from './group/membership.ts';
import { forgotten, type GroupMemory } from './group/memory-file.ts';
import type { GroupOptions } from './group/ports.ts';
import { statusOf } from './group/status.ts';
import { groundsOf, summaryOf } from './machine/explain.ts';
import { handOverRefusal } from './machine/hand-over.ts';
import { isAlive, memberName } from './machine/turn.ts';
import { joined, left, ordered, without } from './roster/plan.ts';
import type { BackupStore, GroupStore, Roster } from './types.ts';

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
  /** The objects of the group's store; as with the queue, ask each time. */
  backups(): BackupStore;
  /** Ids of the other members, as far as they are known. */
  others(): readonly string[];
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
  readonly #store: GroupStore;
  #run: MemberRun | null = null;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#store = options.openStore();
  }

  async connect({ replaceOwn }: { replaceOwn: boolean }) {
    const { self, clock, config, rows } = this.#options;
    const before = await readRoster(this.#store);
    if (before?.members.some(({ id }) => id === self.id)) await refuseSecondOfId(this.#store, self.id, clock);
    const joining = { id: self.id, name: self.name, joinedMs: Math.round(clock.nowMs()) };
    const roster = await changeRoster(this.#store, (present) => {
      const next = joined(present, joining);
      const known = present?.members.some(({ id }) => id === self.id) ?? false;
      if (!known && next.members.length > 1 && !replaceOwn) this.#refuseReplacing(next);
      return next;
    });
    // What was handed to an earlier group is none of this one's.
    const settledThrough = await rows.mark();
    const run = this.#begin({ ...forgotten(config.arcId), roster, settledThrough });
    run.seeRoster(roster);
    const { members, self: own } = this.status();
    return { role: own.role ?? 'host', members };
  }

  #refuseReplacing(roster: Roster): void {
    const devices = this.#options.directory.devices();
    if (devices === 0) return;
    const host = roster.members[0]?.name ?? 'the host';
    throw new AppError(
      'conflict',
      `this receiver has ${plural(devices, 'device')} of its own, which the copy of ${host} would replace`,
      { hint: 'Export them first (holdfast device export FILE), then connect with --replace-own.' },
    );
  }

  async start(): Promise<void> {
    const { memory, config } = this.#options;
    const remembered = await memory.read();
    this.#begin(remembered?.arcId === config.arcId ? remembered : forgotten(config.arcId));
  }

  #begin(memory: GroupMemory): MemberRun {
    const run = new MemberRun(this.#options, this.#store, memory);
    this.#run = run;
    run.start();
    return run;
  }

  async clearing(): Promise<GroupClearing> {
    return { ...clearingOf(await this.#leavingFacts()), done: false };
  }

  async #leavingFacts(): Promise<LeavingFacts> {
    const { config, directory } = this.#options;
    const run = this.#started();
    const waiting = await run.queueCount.countNow();
    return {
      arcId: config.arcId,
      role: run.role,
      roster: run.roster,
      backupName: run.backup.view().name,
      devices: directory.devices(),
      waiting,
      unsettled: await run.unsettled(),
      storeReachable: waiting !== null,
    };
  }

  async leave(): Promise<GroupClearing> {
    const facts = await this.#leavingFacts();
    refuseStranding(facts);
    const run = this.#started();
    const isSpare = facts.role !== 'host' && facts.role !== null;
    // First the list: when that fails, nothing has happened. This one hands over although it is not in it any more.
    run.leaves();
    if (facts.storeReachable) {
      const { id } = this.#options.self;
      run.left(await changeRoster(run.store, (roster) => left(roster ?? { version: 1, members: [] }, id)));
      await run.store.backups.remove(digestName(id)).catch(() => {});
    }
    await run.end('this receiver leaves the group');
    if (facts.storeReachable && !isSpare) await run.clearStore();
    // A spare that leaves in order leaves a group behind that forwards; else nobody does.
    if (!(facts.storeReachable && isSpare)) await run.takeBack();
    await run.forget(!isSpare);
    return { ...clearingOf(facts), done: true };
  }

  async order(ids: readonly string[]): Promise<void> {
    this.#asHost('Set the order');
    await this.#change((roster) => ordered(roster, ids));
  }

  async removeMember(id: string, confirm: string): Promise<void> {
    const { state, roster } = this.#started();
    const name = memberName(state, id);
    if (confirm !== id && confirm !== name) {
      throw new AppError('invalid_input', `the confirmation does not name ${name}`, {
        hint: `Confirm with ${name}.`,
      });
    }
    if (id === this.#options.self.id) {
      throw new AppError('conflict', 'a receiver does not remove itself', {
        hint: 'Use holdfast group disable.',
      });
    }
    const { monotonicMs } = this.#started().now();
    const hostIsGone = roster?.members[0]?.id === id && !isAlive(state, state.members[id], monotonicMs);
    if (!(hostIsGone && state.phase === 'working')) this.#asHost('Remove it');
    await this.#change((present) => without(present, id));
    await this.#started()
      .store.backups.remove(digestName(id))
      .catch(() => {});
  }

  #asHost(what: string): void {
    const { role, roster } = this.#started();
    if (role === 'host') return;
    const host = roster?.members[0]?.name ?? 'the host';
    throw new AppError('forbidden', `this receiver is not the host of the group; ${host} is`, {
      hint: `${what} on ${host}.`,
    });
  }

  async #change(change: (roster: Roster) => Roster): Promise<void> {
    const run = this.#started();
    run.seeRoster(await changeRoster(run.store, (roster) => change(roster ?? { version: 1, members: [] })));
  }

  handOver({
    to = this.#options.self.id,
    holdSeconds,
  }: {
    to?: string | undefined;
    holdSeconds: number;
  }): void {
    const run = this.#started();
    const refusal = handOverRefusal(run.state, to, run.now().monotonicMs);
    if (refusal !== null) {
      throw new AppError('conflict', refusal, {
        hint: 'The working one gives to any other, each other one takes for itself. holdfast group explain tells who can work and why.',
      });
    }
    run.driver.feed({ type: 'handOver', to, holdSeconds });
  }

  async synchronise(): Promise<void> {
    await this.#started().backup.synchronise();
  }

  status(): GroupStatus {
    const run = this.#started();
    return statusOf(this.#options, {
      state: run.state,
      now: run.now(),
      backup: run.backup.view(),
      queue: run.queueCount.last,
      decisions: run.decisions,
      roster: run.roster,
    });
  }

  explain() {
    const { state, decisions } = this.#started();
    const { monotonicMs } = this.#started().now();
    return {
      summary: summaryOf(state, monotonicMs),
      lines: groundsOf(state, monotonicMs),
      decisions: [...decisions],
    };
  }

  role(): GroupRole | null {
    return this.#run?.role ?? null;
  }

  queue(): AlarmQueue {
    return (this.#run?.store ?? this.#store).queue;
  }

  backups(): BackupStore {
    return (this.#run?.store ?? this.#store).backups;
  }

  others(): readonly string[] {
    const ids = (this.#run?.roster?.members ?? []).map(({ id }) => id);
    return ids.filter((id) => id !== this.#options.self.id);
  }

  reachable(): boolean {
    const state = this.#run?.state;
    return state !== undefined && state.storeLostSinceMs === null && state.roundTripMs !== null;
  }

  directoryChanged(): void {
    this.#run?.backup.changed();
  }

  outdated(problem: string): void {
    const run = this.#run;
    run?.driver.feed({ type: 'outdated', epoch: run.state.epoch, problem });
  }

  async close(): Promise<void> {
    await this.#run?.end('this receiver ends');
    await (this.#run?.close() ?? this.#store.close());
  }

  #started(): MemberRun {
    if (this.#run) return this.#run;
    throw new AppError('internal', 'the group was not started');
  }
}
