/** Carries out what the role machine asks for, and tells it what came of it. */
import type { GroupDecision } from '../../../src/contract/index.ts';
import { toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { MachineDriver } from '../../standby/machine-driver.ts';
import type { LeaseRecord } from '../../standby/types.ts';
import type {
  Facts,
  GroupAction,
  GroupEvent,
  GroupState,
  GroupStep,
  LeaseReadOutcome,
  LeaseWriteOutcome,
  Now,
} from '../machine/types.ts';
import { step } from '../machine.ts';
import { decodePresence, decodeRoster, encodePresence } from '../roster/codec.ts';
import type { GroupStore, Presence, Roster } from '../types.ts';
import type { ForwardHooks, GroupNote } from './ports.ts';

const tickMs = 100;

export interface DriverPorts {
  readonly clock: Clock;
  readonly store: () => GroupStore;
  /** Opens the store anew unless that was done since; whether it did. */
  readonly reopen: (used: GroupStore) => boolean;
  readonly forward: ForwardHooks;
  readonly facts: () => Facts;
  readonly onNote: (note: GroupNote) => void;
  readonly onDecision: (decision: GroupDecision) => void;
  /** What the store says; null: it has none. */
  readonly onRoster: (roster: Roster | null) => void;
  /** After each step that changed something. */
  readonly onStep: (before: GroupState, after: GroupState) => void;
}

export class GroupDriver extends MachineDriver<GroupState, GroupEvent, GroupAction> {
  readonly #ports: DriverPorts;
  #facts = '';

  constructor(ports: DriverPorts, state: GroupState) {
    super(ports.clock, tickMs, state);
    this.#ports = ports;
  }

  protected tick(): void {
    const facts = this.#ports.facts();
    const text = JSON.stringify(facts);
    if (text !== this.#facts) {
      this.#facts = text;
      this.feed({ type: 'facts', facts });
    }
    this.feed({ type: 'tick' });
  }

  protected step(state: GroupState, event: GroupEvent, now: Now): GroupStep {
    return step(state, event, now);
  }

  protected stepped(before: GroupState, after: GroupState): void {
    this.#ports.onStep(before, after);
  }

  protected execute(action: GroupAction): void {
    const { forward, store, onNote, onDecision } = this.#ports;
    switch (action.type) {
      case 'readLease':
        void this.#readLease(action.requestId);
        break;
      case 'writeLease':
        void this.#writeLease(action.requestId, action.expected, action.record);
        break;
      case 'readRoster':
        void this.#readRoster();
        break;
      case 'readPresence':
        void this.#readPresence(action.memberId);
        break;
      case 'writePresence':
        void this.#writePresence(action.expected, action.presence);
        break;
      case 'work':
        forward.work({ epoch: action.epoch, rightUntilMs: action.rightUntilMs, queue: store().queue });
        break;
      case 'extend':
        forward.extend(action.rightUntilMs);
        break;
      case 'drain':
        // What could not be drained in time is given up by the rest that follows.
        forward.drain(action.limitMs).then(
          () => this.feed({ type: 'drained' }),
          () => this.feed({ type: 'drained' }),
        );
        break;
      case 'rest':
        void this.#rest();
        break;
      case 'record':
        onDecision(action.decision);
        break;
      case 'tell':
        onNote(action);
        break;
    }
  }

  /** Until the forwarder has said that it rests, this member neither lets the lease go nor takes it again. */
  async #rest(): Promise<void> {
    try {
      await this.#ports.forward.rest();
      this.feed({ type: 'rested' });
    } catch (error) {
      const text = `the forwarder does not rest: ${toAppError(error).message}`;
      this.#ports.onNote({ level: 'error', event: 'group.rest-failed', text });
    }
  }

  get #timeoutMs(): number {
    return this.state.timing.rpcTimeoutMs;
  }

  async #readLease(requestId: number): Promise<void> {
    const store = this.#ports.store();
    const outcome = await store.lease.read(this.#timeoutMs).then(
      (stored): LeaseReadOutcome => ({ kind: 'ok', stored }),
      (error: unknown) => this.#failure(error, store),
    );
    this.feed({ type: 'leaseRead', requestId, outcome });
  }

  async #writeLease(requestId: number, expected: string | null, record: LeaseRecord): Promise<void> {
    const store = this.#ports.store();
    const outcome = await store.lease.compareAndSet(expected, record, this.#timeoutMs).then(
      (stored): LeaseWriteOutcome => ({ kind: 'ok', stored }),
      (error: unknown) => this.#writeFailure(error, store),
    );
    this.feed({ type: 'leaseWrite', requestId, outcome });
  }

  #writeFailure(
    thrown: unknown,
    store: GroupStore,
  ): { kind: 'conflict' } | { kind: 'failed'; problem: string } {
    return toAppError(thrown).code === 'conflict' ? { kind: 'conflict' } : this.#failure(thrown, store);
  }

  /** A store that went back answers nothing until it is opened anew; the machine then judges what it shows. */
  #failure(thrown: unknown, store: GroupStore): { kind: 'failed'; problem: string } {
    const { code, message: problem } = toAppError(thrown);
    if (code === 'data_loss' && this.#ports.reopen(store)) this.feed({ type: 'wentBack', problem });
    return { kind: 'failed', problem };
  }

  async #readRoster(): Promise<void> {
    const store = this.#ports.store();
    let roster: Roster | null;
    try {
      const value = await store.roster.read(this.#timeoutMs);
      roster = value === null ? null : decodeRoster(value.text);
    } catch (error) {
      this.feed({ type: 'rosterRead', outcome: this.#failure(error, store) });
      return;
    }
    this.feed({ type: 'rosterRead', outcome: { kind: 'ok', roster } });
    if (!this.closed) this.#ports.onRoster(roster);
  }

  async #readPresence(memberId: string): Promise<void> {
    const store = this.#ports.store();
    const outcome = await store
      .presence(memberId)
      .read(this.#timeoutMs)
      .then(
        (value) => ({ kind: 'ok', ...presenceOf(value) }) as const,
        (error: unknown) => this.#failure(error, store),
      );
    this.feed({ type: 'presenceRead', memberId, outcome });
  }

  async #writePresence(expected: string | null, presence: Presence): Promise<void> {
    const store = this.#ports.store();
    const register = store.presence(presence.memberId);
    const outcome = await register.write(expected, encodePresence(presence), this.#timeoutMs).then(
      (revision) => ({ kind: 'ok', revision }) as const,
      (error: unknown) => this.#writeFailure(error, store),
    );
    this.feed({ type: 'presenceWritten', outcome });
  }
}

/** What cannot be read counts as nothing said: it is written over by its owner, and never obeyed. */
function presenceOf(value: { text: string; revision: string } | null): {
  presence: Presence | null;
  revision: string | null;
} {
  if (value === null) return { presence: null, revision: null };
  try {
    return { presence: decodePresence(value.text), revision: value.revision };
  } catch {
    return { presence: null, revision: value.revision };
  }
}
