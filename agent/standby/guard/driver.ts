/** Carries out what the guard's machine asks for, and tells it what came of it. */
import type { ArbiterConfig } from '../../../src/contract/standby.ts';
import { toAppError } from '../../../src/errors.ts';
import type { HeartbeatPacket } from '../../../src/peer/heartbeat/codec.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { HeartbeatContent, HeartbeatLinks } from '../heartbeat/links.ts';
import { heartbeatOf } from '../machine/peer.ts';
import { hasArbiter, isOccupied } from '../machine/turn.ts';
import type {
  GuardAction,
  GuardEvent,
  GuardMemory,
  GuardState,
  GuardStep,
  NewDecision,
  Now,
  ReadOutcome,
  WriteOutcome,
} from '../machine/types.ts';
import { MachineDriver } from '../machine-driver.ts';
import { addressLifetime, stoppedAfterMs } from '../timing-plan.ts';
import type { LeaseRecord, LeaseStore, ResourceRunner } from '../types.ts';
import type { SuspendWatch } from './suspend.ts';
import type { Watchdog } from './watchdog.ts';

/** The machine wants a tick at least every 50 ms. */
const tickMs = 25;

export interface DriverPorts {
  clock: Clock;
  step: (state: GuardState, event: GuardEvent, now: Now) => GuardStep;
  /** Null without an arbiter. */
  openStore: () => LeaseStore | null;
  links: HeartbeatLinks;
  runner: ResourceRunner;
  /** The machine's own, and the fuse that ends the application. */
  watchdogs: () => { readonly device: Watchdog | null; readonly fuse: Watchdog | null };
  suspend: SuspendWatch;
  /** Runs a fence agent; resolves to why the peer may not be off, null when it is. */
  fence: (arbiter: ArbiterConfig) => Promise<string | null>;
  persist: (memory: GuardMemory) => void;
  record: (decision: NewDecision) => void;
  tell: (event: { level: 'info' | 'warning' | 'error'; event: string; text: string }) => void;
  /** The role or something else that watchers want at once has changed. */
  onChange: () => void;
}

export class GuardDriver extends MachineDriver<GuardState, GuardEvent, GuardAction> {
  readonly #ports: DriverPorts;
  readonly #linkUp = new Map<string, boolean>();
  #store: LeaseStore | null;

  constructor(ports: DriverPorts, state: GuardState) {
    super(ports.clock, tickMs, state);
    this.#ports = ports;
    this.#store = ports.openStore();
    ports.runner.onFailed(({ id, problem }) => this.feed({ type: 'resourceFailed', id, problem }));
  }

  hear(linkId: string, packet: HeartbeatPacket, bootId: string): void {
    const { seq, sentAtMs, echo, pairHash: _hash, linkId: _link, ...fields } = packet;
    const echoOfMs = echo?.bootId === bootId ? echo.sentAtMs : null;
    const payload = { ...fields, pairId: this.state.config.pairId, seq, sentAtMs, echoOfMs };
    this.feed({ type: 'heartbeat', linkId, payload });
  }

  content(): HeartbeatContent {
    const now = this.now();
    const { nodeId: _node, pairId: _pair, ...content } = heartbeatOf(this.state, now);
    return { ...content, sentAtMs: now.monotonicMs };
  }

  /** A changed arbiter is another store; what is under way with the old one ends by itself. */
  reopenStore(): void {
    void this.#store?.close().catch(() => {});
    this.#store = this.#ports.openStore();
  }

  override async close(): Promise<void> {
    super.close();
    await this.#store?.close().catch(() => {});
  }

  protected tick(): void {
    const forMs = this.#ports.suspend.sleptMs();
    if (forMs > 0) this.feed({ type: 'suspended', forMs });
    this.#reportLinks();
    this.feed({ type: 'tick' });
  }

  #reportLinks(): void {
    for (const { id, state } of this.#ports.links.status()) {
      const up = state === 'up';
      if (state === 'unknown' || this.#linkUp.get(id) === up) continue;
      this.#linkUp.set(id, up);
      this.feed({ type: 'link', linkId: id, up });
    }
  }

  protected step(state: GuardState, event: GuardEvent, now: Now): GuardStep {
    return this.#ports.step(state, event, now);
  }

  protected stepped(before: GuardState, after: GuardState): void {
    if (before.role !== after.role || before.maintenance !== after.maintenance) this.#ports.onChange();
  }

  protected execute(action: GuardAction): void {
    const { runner, links } = this.#ports;
    switch (action.type) {
      case 'readLease':
        void this.#read(action.requestId);
        break;
      case 'writeLease':
        void this.#write(action.requestId, action.expected, action.record);
        break;
      case 'startResources':
        // Without a lease there is no deadline; a killed guard must not leave the application all the same.
        if (!hasArbiter(this.state)) this.#ports.watchdogs().fuse?.arm(Number.POSITIVE_INFINITY);
        runner.start(action.epoch, action.handedOver).then(
          () => this.feed({ type: 'resourcesStarted' }),
          (error: unknown) => this.feed({ type: 'startFailed', problem: toAppError(error).message }),
        );
        break;
      case 'stopResources':
        runner.stop().then(
          () => this.feed({ type: 'resourcesStopped' }),
          (error: unknown) => this.feed({ type: 'stopFailed', problem: toAppError(error).message }),
        );
        break;
      case 'dropAddresses':
        runner.dropAddresses().catch(() => {});
        break;
      case 'freeze':
        // The writers of this node are the recording resource, which the stop that always follows ends.
        break;
      case 'sendHeartbeats':
        links.sendNow();
        break;
      case 'fence':
        void this.#fence(action.requestId);
        break;
      case 'persist':
        this.#ports.persist(action.memory);
        break;
      case 'record':
        this.#ports.record(action.decision);
        break;
      case 'tell':
        this.#ports.tell(action);
        break;
      default:
        this.#guardMachine(action);
    }
  }

  #guardMachine(
    action: Extract<GuardAction, { type: 'armWatchdog' | 'disarmWatchdog' | 'resetMachine' }>,
  ): void {
    const { device, fuse } = this.#ports.watchdogs();
    for (const watchdog of [device, fuse]) {
      if (action.type === 'armWatchdog') watchdog?.arm(action.deadlineMs);
      else if (action.type === 'disarmWatchdog') watchdog?.disarm();
      else watchdog?.reset();
    }
    if (action.type === 'armWatchdog') this.#renewAddresses(action.deadlineMs);
    if (action.type !== 'resetMachine') return;
    const how = device ? 'the watchdog resets the machine' : 'no watchdog can reset the machine';
    this.#ports.tell({ level: 'error', event: 'standby.reset', text: `${action.reason}; ${how}` });
  }

  /** The dead man's handle of the addresses: whatever extends the right to work lets the kernel keep them for longer. */
  #renewAddresses(deadlineMs: number): void {
    const { timing, role, expired } = this.state;
    if (!isOccupied(role) || expired) return;
    const { seconds, giveWithinMs } = addressLifetime(timing);
    this.#ports.runner.renewAddresses(seconds, deadlineMs - stoppedAfterMs(timing) + giveWithinMs);
  }

  async #read(requestId: number): Promise<void> {
    const store = this.#store;
    const outcome: ReadOutcome = store
      ? await store.read(this.state.timing.rpcTimeoutMs).then(
          (stored) => ({ kind: 'ok', stored }) as const,
          (error: unknown) => this.#readFailure(error, store),
        )
      : { kind: 'unavailable', problem: 'there is no arbiter' };
    this.feed({ type: 'leaseRead', requestId, outcome });
  }

  async #write(requestId: number, expected: string | null, record: LeaseRecord): Promise<void> {
    const store = this.#store;
    const outcome: WriteOutcome = store
      ? await store.compareAndSet(expected, record, this.state.timing.rpcTimeoutMs).then(
          (stored) => ({ kind: 'ok', stored }) as const,
          (error: unknown) =>
            toAppError(error).code === 'conflict'
              ? ({ kind: 'conflict' } as const)
              : asUnknown(this.#readFailure(error, store)),
        )
      : { kind: 'unknown', problem: 'there is no arbiter' };
    this.feed({ type: 'leaseWrite', requestId, outcome });
  }

  #readFailure(thrown: unknown, store: LeaseStore): Exclude<ReadOutcome, { kind: 'ok' }> {
    const { code, message } = toAppError(thrown);
    // A store that went back answers nothing until it is opened anew; the machine then judges what it shows.
    if (code === 'data_loss' && this.#store === store) this.reopenStore();
    return { kind: code === 'unauthorized' ? 'unauthorized' : 'unavailable', problem: message };
  }

  async #fence(requestId: number): Promise<void> {
    const problem = await this.#ports
      .fence(this.state.config.arbiter)
      .catch((error: unknown) => toAppError(error).message);
    this.feed({ type: 'fenceResult', requestId, peerIsOff: problem === null, problem });
  }
}

function asUnknown(failure: Exclude<ReadOutcome, { kind: 'ok' }>): WriteOutcome {
  return { kind: failure.kind === 'unauthorized' ? 'unauthorized' : 'unknown', problem: failure.problem };
}
