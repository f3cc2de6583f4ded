/**
 * What the forwarder does next: which event goes where, and what an answer means. Nothing is discarded: an event leaves
 * acknowledged, or refused by every output that could be asked. Pure; times are monotonic.
 */
import type { ArcOutput, QueuedEvent, SendResult, Settlement } from '../types.ts';
import { createAccountQueues, type Held } from './accounts/plan.ts';
import { backOffMs, type OutputHealth, Route, type RouteEffect, type RouteOutput } from './route/plan.ts';

export interface Assignment {
  readonly held: Held;
  readonly health: OutputHealth;
  readonly lane: number;
  readonly startedMs: number;
}

export type PlanEffect =
  | RouteEffect
  | {
      readonly kind: 'settle';
      readonly queued: QueuedEvent;
      readonly outputId: string;
      readonly settlement: Pick<Settlement, 'outcome' | 'attempts' | 'problem'>;
    }
  /** It does not get through, though the output answers to others. */
  | {
      readonly kind: 'event-stuck';
      readonly queued: QueuedEvent;
      readonly outputId: string;
      readonly problem: string;
    };

export class ForwardPlan {
  readonly #queues = createAccountQueues();
  readonly #route = new Route();
  #underWay = 0;

  setOutputs(outputs: readonly RouteOutput[], nowMs: number): void {
    this.#route.setOutputs(outputs, nowMs);
    this.#queues.keepOwn(new Set(outputs.map(({ id }) => id)));
  }

  add(queued: QueuedEvent): void {
    this.#queues.add(queued);
  }

  /** The next that may leave now; the caller sends it and tells `done`. */
  next(nowMs: number): Assignment | null {
    this.#queues.wake(nowMs);
    const probe = this.#route.probeDue(nowMs);
    const tried = probe === null ? null : this.#assign(probe, true, nowMs);
    if (tried !== null) {
      this.#route.probed(nowMs);
      return tried;
    }
    const active = this.#route.active();
    for (const health of this.#route.all()) {
      const assigned = this.#assign(health, health === active, nowMs);
      if (assigned !== null) return assigned;
    }
    return null;
  }

  /** Ends what `next` gave. */
  done(assignment: Assignment, result: SendResult, nowMs: number): PlanEffect[] {
    const { health, held, lane } = assignment;
    this.#underWay -= 1;
    health.busy[lane] = false;
    const gone = !this.#route.has(health);
    held.attempts += 1;
    held.attemptsHere += 1;
    switch (result.outcome) {
      case 'acknowledged':
        return [
          ...(gone ? [] : this.#route.answered(health, nowMs)),
          this.#settle(held, health, { outcome: 'acknowledged', problem: null }),
        ];
      case 'refused':
        held.refusals.set(health.output.id, result.problem);
        return [...(gone ? [] : this.#route.answered(health, nowMs)), ...this.#refused(held, health)];
      case 'failed': {
        const effects = gone ? [] : this.#route.failed(health, assignment.startedMs, nowMs, result.problem);
        return [...effects, ...this.#failed(assignment, result.problem, gone, nowMs)];
      }
    }
  }

  /** It was not sent after all: it goes again, and this counts as no attempt. */
  giveBack({ held, health, lane }: Assignment): void {
    this.#underWay -= 1;
    health.busy[lane] = false;
    this.#queues.retry(held, null);
  }

  /** What an output says of itself, now and then. */
  reported(output: RouteOutput, state: ReturnType<ArcOutput['state']>, nowMs: number): PlanEffect[] {
    const health = this.#route.all().find((each) => each.output === output);
    return health ? this.#route.reported(health, state, nowMs) : [];
  }

  /** Whether this output must have its connections and heartbeats. */
  isNeeded(output: RouteOutput): boolean {
    const health = this.#route.all().find((each) => each.output === output);
    return health !== undefined && this.#route.isNeeded(health, this.#queues.ownOutputs());
  }

  activeId(): string | null {
    return this.#route.active()?.output.id ?? null;
  }

  /** When `next` may give something that it does not give now; null: only after `add` or `done`. */
  wakeAtMs(nowMs: number): number | null {
    const times = [
      this.#queues.wakeAtMs(),
      this.#queues.readyCount() > 0 ? this.#route.wakeAtMs(nowMs) : null,
    ];
    const known = times.filter((timeMs) => timeMs !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  heldCount(): number {
    return this.#queues.heldCount();
  }

  readyCount(): number {
    return this.#queues.readyCount();
  }

  underWayCount(): number {
    return this.#underWay;
  }

  #assign(health: OutputHealth, active: boolean, nowMs: number): Assignment | null {
    if (nowMs < health.notBeforeMs) return null;
    const lane = health.busy.indexOf(false);
    const held = lane < 0 ? null : this.#queues.take(health.output.id, active);
    if (held === null) return null;
    if (held.lastOutput !== health.output.id) {
      held.lastOutput = health.output.id;
      held.attemptsHere = 0;
      held.failedMs = nowMs;
    }
    health.busy[lane] = true;
    this.#underWay += 1;
    return { held, health, lane, startedMs: nowMs };
  }

  #refused(held: Held, health: OutputHealth): PlanEffect[] {
    const next = this.#route.after(health, held.refusals);
    if (next === null) return [this.#giveUp(held, health)];
    this.#moveTo(held, next);
    this.#queues.retry(held, null);
    return [];
  }

  #failed(
    { held, health, startedMs }: Assignment,
    problem: string,
    gone: boolean,
    nowMs: number,
  ): PlanEffect[] {
    if (gone) held.ownOutput = null;
    // The output answered others since this one failed there last: what fails is the event.
    const eventFails = !gone && (health.answeredMs > held.failedMs || held.ownOutput !== null);
    held.failedMs = nowMs;
    if (eventFails && held.attemptsHere >= health.output.attemptsMax) {
      // It is known to arrive and not to be wanted; waiting longer would hold up what comes after it.
      if (held.refusals.size > 0) return [this.#giveUp(held, health)];
      return this.#elsewhere(held, health, problem, nowMs);
    }
    const othersGo = !gone && health.answeredMs > startedMs;
    if (othersGo) this.#queues.retry(held, nowMs + backOffMs(held.attempts));
    // The output waits as a whole; whether it is its fault or the event's shows when others have their turn first.
    else this.#queues.retry(held, health === this.#route.active() ? nowMs : null);
    return [];
  }

  #elsewhere(held: Held, health: OutputHealth, problem: string, nowMs: number): PlanEffect[] {
    this.#moveTo(held, this.#route.after(health, held.refusals) ?? health);
    this.#queues.retry(held, nowMs + backOffMs(held.attempts));
    if (held.told) return [];
    held.told = true;
    return [{ kind: 'event-stuck', queued: held.queued, outputId: health.output.id, problem }];
  }

  #moveTo(held: Held, next: OutputHealth): void {
    held.ownOutput = next === this.#route.active() ? null : next.output.id;
    held.lastOutput = null;
  }

  /** Refused by one at least, and by every other or without an answer from it. */
  #giveUp(held: Held, health: OutputHealth): PlanEffect {
    const said = [...new Set(held.refusals.values())].join('; ');
    return this.#settle(held, health, { outcome: 'refused', problem: said });
  }

  #settle(
    held: Held,
    health: OutputHealth,
    { outcome, problem }: Pick<Settlement, 'outcome' | 'problem'>,
  ): PlanEffect {
    this.#queues.finish(held);
    const settlement = { outcome, problem, attempts: held.attempts };
    return { kind: 'settle', queued: held.queued, outputId: health.output.id, settlement };
  }
}
