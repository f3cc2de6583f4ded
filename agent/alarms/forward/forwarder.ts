/**
 * Sends what is queued to the ARC: at least once, in order per account, and only while the right to work lasts. An event
 * leaves the queue when the ARC has acknowledged it, never because of a failure here.
 */
import type { OutputStatus } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import type { AlarmEvent, AlarmQueue, ArcOutput, QueuedEvent, Settlement } from '../types.ts';
import { type ForwardNote, noteOf } from './notes.ts';
import { OutputTally } from './output-tally.ts';
import { type Assignment, ForwardPlan, type PlanEffect } from './plan.ts';
import { Puller } from './puller.ts';
import { Settler, unsettledMax } from './settler.ts';

export interface ForwarderOptions {
  readonly clock: Clock;
  /** The queue knows that it is settled. */
  onSettled(event: AlarmEvent, settlement: Settlement): void;
  onNote(note: ForwardNote): void;
  /** The queue says that a later epoch works: this one has stopped. */
  onFenced?(): void;
  /** Events in memory, all accounts together. */
  heldMax?: number;
}

export interface ForwarderStatus {
  readonly running: boolean;
  readonly epoch: number | null;
  readonly held: number;
  readonly underWay: number;
  /** Acknowledged by the ARC, and the queue does not know yet. */
  readonly unsettled: number;
  readonly outputs: readonly OutputStatus[];
  /** What is wrong with the queue; null when nothing is. */
  readonly problem: string | null;
}

export interface Forwarder {
  /**
   * Takes the queue for this epoch and forwards until `drain` or `stop`. Nothing leaves before `setDeadline`.
   * @throws AppError `conflict` while it runs.
   */
  start(queue: AlarmQueue, epoch: number): void;
  /** No frame leaves from this monotonic time on; `Infinity` for a receiver alone. Called again with each renewal. */
  setDeadline(monotonicMs: number): void;
  /** Stops pulling and starting, waits at most so long for what is under way, settles it, and stops. */
  drain(limitMs: number): Promise<void>;
  /** At once: when it resolves, nothing leaves any more. What is under way counts as not sent. */
  stop(): Promise<void>;
  /** In order of preference; the forwarder owns them: those that are not given again are closed. */
  setOutputs(outputs: readonly ArcOutput[]): void;
  status(): ForwarderStatus;
  /** Stops and closes all outputs. */
  close(): Promise<void>;
}

/** Accounts that are held up may have so many events in memory, at about 1 KiB each. */
const heldEventsMax = 16_384;
/** So many that could go are taken in advance. */
const readAhead = 1_024;
const tickMs = 500;
/** So long an output that is not needed any more keeps its connections. */
const lingerMs = 60_000;
/** So long `stop` tells the queue what is acknowledged; nothing is sent meanwhile. */
const lastSettleMs = 500;

interface Run {
  readonly epoch: number;
  readonly plan: ForwardPlan;
  readonly puller: Puller;
  readonly settler: Settler;
  /** Positions that are here or were settled in this run, so that a second opening gives nothing twice. */
  readonly known: Set<number>;
  readonly sends: Set<Promise<void>>;
  state: 'running' | 'draining' | 'ended';
  cancelWake: Cancel | null;
  onIdle: (() => void) | null;
}

export function createForwarder(options: ForwarderOptions): Forwarder {
  return new QueueForwarder(options);
}

class QueueForwarder implements Forwarder {
  readonly #options: ForwarderOptions;
  readonly #heldMax: number;
  #outputs = new Map<ArcOutput, OutputTally>();
  #run: Run | null = null;
  #deadlineMs = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;
  #cancelTick: Cancel | null = null;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#heldMax = options.heldMax ?? heldEventsMax;
  }

  start(queue: AlarmQueue, epoch: number): void {
    if (this.#run !== null) {
      throw new AppError('conflict', 'the forwarder runs already', { hint: 'Stop it before it is started.' });
    }
    const options = this.#options;
    const { clock } = options;
    const plan = new ForwardPlan();
    plan.setOutputs([...this.#outputs.keys()], clock.monotonicMs());
    const common = {
      clock,
      queue,
      epoch,
      onFenced: () => this.#fenced(run),
      onProblem: (problem: string | null) => {
        this.#problem = problem;
      },
    };
    const run: Run = {
      epoch,
      plan,
      puller: new Puller({
        ...common,
        room: () => this.#room(run),
        onEvents: (events) => this.#take(run, events),
      }),
      settler: new Settler({
        ...common,
        onSettled: (batch) => {
          for (const { queued, settlement } of batch) options.onSettled(queued.event, settlement);
          this.#pump(run);
        },
      }),
      known: new Set(),
      sends: new Set(),
      state: 'running',
      cancelWake: null,
      onIdle: null,
    };
    this.#run = run;
    this.#problem = null;
    void run.puller.run();
    this.#tick();
  }

  setDeadline(monotonicMs: number): void {
    this.#deadlineMs = monotonicMs;
    if (this.#run) this.#pump(this.#run);
  }

  async drain(limitMs: number): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    if (run.state === 'running') run.state = 'draining';
    run.puller.end();
    await this.#within(limitMs, async () => {
      if (run.plan.underWayCount() > 0) {
        await new Promise<void>((resolve) => {
          run.onIdle = resolve;
        });
      }
      await run.settler.flushed();
    });
    if (this.#run === run) await this.stop();
  }

  async stop(): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    run.state = 'ended';
    this.#run = null;
    this.#deadlineMs = Number.NEGATIVE_INFINITY;
    run.cancelWake?.();
    this.#cancelTick?.();
    run.puller.end();
    run.onIdle?.();
    // Ends what is under way: its connections are closed, and no answer is waited for.
    for (const [output, tally] of this.#outputs) {
      output.rest();
      tally.working = false;
    }
    await Promise.all(run.sends);
    // What the ARC has acknowledged it need not get again; the queue refuses it should another have taken over.
    await this.#within(lastSettleMs, () => run.settler.flushed());
    run.settler.end();
  }

  setOutputs(outputs: readonly ArcOutput[]): void {
    const before = this.#outputs;
    this.#outputs = new Map(outputs.map((output) => [output, before.get(output) ?? new OutputTally()]));
    this.#run?.plan.setOutputs(outputs, this.#options.clock.monotonicMs());
    for (const output of before.keys()) if (!this.#outputs.has(output)) void output.close();
    if (this.#run) this.#tick();
  }

  status(): ForwarderStatus {
    const run = this.#run;
    const activeId = run?.plan.activeId() ?? null;
    return {
      running: run !== null,
      epoch: run?.epoch ?? null,
      held: run?.plan.heldCount() ?? 0,
      underWay: run?.plan.underWayCount() ?? 0,
      unsettled: run?.settler.count() ?? 0,
      outputs: [...this.#outputs].map(([output, tally]) => tally.status(output, output.id === activeId)),
      problem: this.#problem,
    };
  }

  async close(): Promise<void> {
    await this.stop();
    const outputs = [...this.#outputs.keys()];
    this.#outputs.clear();
    await Promise.all(outputs.map((output) => output.close()));
  }

  #room(run: Run): number {
    const idle = run.state !== 'running' || this.#outputs.size === 0;
    // By halves, so that a pull is worth its round trip.
    if (idle || run.plan.readyCount() > readAhead / 2) return 0;
    return Math.min(this.#heldMax - run.plan.heldCount(), readAhead);
  }

  #take(run: Run, events: readonly QueuedEvent[]): void {
    if (run.state !== 'running') return;
    for (const queued of events) {
      if (run.known.has(queued.position)) continue;
      remember(run.known, queued.position);
      run.plan.add(queued);
    }
    this.#pump(run);
  }

  /** Starts all that may leave now. */
  #pump(run: Run): void {
    const { clock } = this.#options;
    while (run.state === 'running' && run.settler.count() + run.plan.underWayCount() < unsettledMax) {
      const nowMs = clock.monotonicMs();
      if (nowMs >= this.#deadlineMs) break;
      const assignment = run.plan.next(nowMs);
      if (assignment === null) break;
      const send = this.#send(run, assignment).finally(() => run.sends.delete(send));
      run.sends.add(send);
    }
    run.cancelWake?.();
    run.cancelWake = null;
    if (run.state !== 'running') return;
    const nowMs = clock.monotonicMs();
    const atMs = run.plan.wakeAtMs(nowMs);
    if (atMs !== null) run.cancelWake = clock.after(Math.max(1, atMs - nowMs), () => this.#pump(run));
    run.puller.more();
  }

  async #send(run: Run, assignment: Assignment): Promise<void> {
    const { clock } = this.#options;
    const output = this.#outputOf(assignment);
    if (output === null) return run.plan.giveBack(assignment);
    const [source, tally] = output;
    this.#work(source, tally);
    const mayLeave = () => run.state !== 'ended' && clock.monotonicMs() < this.#deadlineMs;
    const result = await source.send(assignment.held.queued.event, assignment.lane, mayLeave);
    if (run.state === 'ended') return;
    const nowMs = clock.monotonicMs();
    tally.count(result, nowMs - assignment.startedMs, clock.nowMs());
    // Not the output's failure: the right to work ran out before the frame could leave.
    if (result.outcome === 'failed' && nowMs >= this.#deadlineMs) run.plan.giveBack(assignment);
    else this.#apply(run, run.plan.done(assignment, result, nowMs), source.name);
    if (run.plan.underWayCount() === 0) run.onIdle?.();
    this.#pump(run);
  }

  #apply(run: Run, effects: readonly PlanEffect[], sentBy: string): void {
    const { clock, onNote } = this.#options;
    for (const effect of effects) {
      if (effect.kind === 'settle') {
        const { queued, settlement } = effect;
        run.settler.add({
          queued,
          settlement: { ...settlement, position: queued.position, ackMs: clock.nowMs(), output: sentBy },
        });
      }
      const note = noteOf(effect, (id) => this.#nameOf(id));
      if (note !== null) onNote(note);
    }
  }

  #fenced(run: Run): void {
    if (this.#run !== run) return;
    run.settler.end();
    void this.stop();
    this.#options.onNote({
      level: 'warning',
      event: 'alarm.forwarder-fenced',
      subject: 'forwarder',
      text: 'another receiver has taken over the queue; nothing is forwarded from here',
    });
    this.#options.onFenced?.();
  }

  /** Twice a second: what the outputs say, and which of them are needed. */
  #tick(): void {
    this.#cancelTick?.();
    const run = this.#run;
    if (run === null) return;
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const [output, tally] of this.#outputs) {
      if (run.state === 'running')
        this.#apply(run, run.plan.reported(output, output.state(), nowMs), output.name);
      if (run.plan.isNeeded(output) && nowMs < this.#deadlineMs) {
        tally.neededMs = nowMs;
        this.#work(output, tally);
      } else if (tally.working && (nowMs - tally.neededMs >= lingerMs || nowMs >= this.#deadlineMs)) {
        tally.working = false;
        output.rest();
      }
    }
    this.#cancelTick = clock.after(tickMs, () => this.#tick());
    this.#pump(run);
  }

  #work(output: ArcOutput, tally: OutputTally): void {
    if (tally.working) return;
    tally.working = true;
    tally.neededMs = this.#options.clock.monotonicMs();
    output.work();
  }

  #outputOf({ health }: Assignment): readonly [ArcOutput, OutputTally] | null {
    for (const entry of this.#outputs) if (entry[0] === health.output) return entry;
    return null;
  }

  #nameOf(outputId: string): string {
    for (const { id, name } of this.#outputs.keys()) if (id === outputId) return name;
    return outputId;
  }

  async #within(limitMs: number, work: () => Promise<void>): Promise<void> {
    let cancel: Cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(limitMs, resolve);
    });
    await Promise.race([work(), late]);
    cancel();
  }
}

/** Enough for all that a second opening may give again. */
const knownMax = 131_072;

function remember(known: Set<number>, position: number): void {
  known.add(position);
  if (known.size <= knownMax) return;
  for (const oldest of known) {
    known.delete(oldest);
    return;
  }
}
