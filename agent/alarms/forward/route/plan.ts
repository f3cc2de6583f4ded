/** Which output serves: the first that answers; a failing one is left after its attempts, and gone back to when it answers. Pure. */
import type { ArcOutput } from '../../types.ts';

export const backOffFirstMs = 1_000;
export const backOffMsMax = 30_000;
/** So long an alternate serves at least before the output before it is tried again. */
export const tryAgainMs = 60_000;
/** It grows to this while the output before it answers heartbeats and no events. */
const tryAgainMsMax = 30 * 60_000;

export type RouteOutput = Pick<ArcOutput, 'id' | 'lanes' | 'attemptsMax' | 'supervised'>;

export interface OutputHealth {
  readonly output: RouteOutput;
  /** By lane: whether something is under way. */
  readonly busy: boolean[];
  /** Failures since its last answer; those side by side count once. */
  rounds: number;
  /** The same, since it became the active one. */
  series: number;
  roundAtMs: number;
  /** Nothing goes there before. */
  notBeforeMs: number;
  answeredMs: number;
  /** Told as failing. */
  faulty: boolean;
  reported: ReturnType<ArcOutput['state']>['state'];
}

export type RouteEffect =
  | { readonly kind: 'output-failed'; readonly outputId: string; readonly problem: string }
  | { readonly kind: 'output-recovered'; readonly outputId: string }
  | { readonly kind: 'switched'; readonly from: string; readonly to: string };

/** How long to wait after so many failures. */
export function backOffMs(failures: number): number {
  return Math.min(backOffMsMax, backOffFirstMs * 2 ** Math.min(Math.max(failures - 1, 0), 10));
}

export class Route {
  #all: OutputHealth[] = [];
  #active = 0;
  #activeSinceMs = 0;
  #probeAtMs = 0;
  #tryAgainMs = tryAgainMs;

  /** In order of preference. One that was there before (the same object) keeps what is known of it. */
  setOutputs(outputs: readonly RouteOutput[], nowMs: number): void {
    const active = this.active()?.output.id;
    const known = new Map(this.#all.map((health) => [health.output, health]));
    this.#all = outputs.map((output) => known.get(output) ?? healthOf(output));
    // A new order or a new first one is to be used at once; one that fails stays out of use.
    const best = this.#all.findIndex(({ faulty }) => !faulty);
    this.#active = Math.max(0, best >= 0 ? best : this.#all.findIndex(({ output }) => output.id === active));
    this.#activeSinceMs = nowMs;
    this.#probeAtMs = nowMs + tryAgainMs;
    this.#tryAgainMs = tryAgainMs;
  }

  all(): readonly OutputHealth[] {
    return this.#all;
  }

  active(): OutputHealth | null {
    return this.#all[this.#active] ?? null;
  }

  has(health: OutputHealth): boolean {
    return this.#all.includes(health);
  }

  /** The next one in the round that is not among `without`; null when there is none. */
  after(health: OutputHealth, without: ReadonlyMap<string, unknown>): OutputHealth | null {
    const at = this.#all.indexOf(health);
    for (let step = 1; step <= this.#all.length; step += 1) {
      const next = this.#all[(at + step) % this.#all.length];
      if (next && !without.has(next.output.id)) return next;
    }
    return null;
  }

  /** Needed: the active one, those before it, which may come back, and those that have events of their own. */
  isNeeded(health: OutputHealth, own: ReadonlySet<string>): boolean {
    const at = this.#all.indexOf(health);
    return (at >= 0 && at <= this.#active) || own.has(health.output.id);
  }

  /** It received an event, whatever it thought of it. */
  answered(health: OutputHealth, nowMs: number): RouteEffect[] {
    health.rounds = 0;
    health.series = 0;
    health.notBeforeMs = nowMs;
    health.answeredMs = nowMs;
    const effects: RouteEffect[] = [];
    if (health.faulty) effects.push({ kind: 'output-recovered', outputId: health.output.id });
    health.faulty = false;
    const at = this.#all.indexOf(health);
    if (at === this.#active) this.#tryAgainMs = at === 0 ? tryAgainMs : this.#tryAgainMs;
    if (at >= 0 && at < this.#active) effects.push(...this.#activate(at, nowMs));
    return effects;
  }

  /** An event that was sent at `startedMs` got no answer. */
  failed(health: OutputHealth, startedMs: number, nowMs: number, problem: string): RouteEffect[] {
    if (health.answeredMs > startedMs || startedMs < health.roundAtMs) return [];
    health.rounds += 1;
    health.series += 1;
    health.roundAtMs = nowMs;
    health.notBeforeMs = nowMs + backOffMs(health.rounds);
    if (health.series < health.output.attemptsMax) return [];
    return [...this.#tell(health, problem), ...this.#leave(health, nowMs, () => true)];
  }

  /** What a supervised output says of itself. */
  reported(
    health: OutputHealth,
    { state, problem }: ReturnType<ArcOutput['state']>,
    nowMs: number,
  ): RouteEffect[] {
    health.reported = state;
    if (!health.output.supervised) return [];
    const at = this.#all.indexOf(health);
    if (state === 'failing' && at === this.#active) {
      const told = this.#tell(health, problem ?? 'no answer to heartbeats');
      return [...told, ...this.#leave(health, nowMs, (next) => next.reported !== 'failing')];
    }
    if (state !== 'connected') return [];
    // It answers heartbeats again: what waits need not wait longer.
    if (health.notBeforeMs > nowMs) health.notBeforeMs = nowMs;
    if (at < 0 || at >= this.#active || nowMs - this.#activeSinceMs < this.#tryAgainMs) return [];
    this.#tryAgainMs = Math.min(tryAgainMsMax, this.#tryAgainMs * 2);
    return this.#activate(at, nowMs);
  }

  /** One without heartbeats that is to be tried with an event, since an alternate has served for long. */
  probeDue(nowMs: number): OutputHealth | null {
    if (nowMs < this.#probeAtMs) return null;
    return this.#all.slice(0, this.#active).find(({ output }) => !output.supervised) ?? null;
  }

  probed(nowMs: number): void {
    this.#probeAtMs = nowMs + tryAgainMs;
  }

  /** When something may go that may not go now. */
  wakeAtMs(nowMs: number): number | null {
    const times = this.#all.map(({ notBeforeMs }) => notBeforeMs);
    if (this.#all.slice(0, this.#active).some(({ output }) => !output.supervised))
      times.push(this.#probeAtMs);
    const later = times.filter((timeMs) => timeMs > nowMs);
    return later.length === 0 ? null : Math.min(...later);
  }

  #tell(health: OutputHealth, problem: string): RouteEffect[] {
    if (health.faulty) return [];
    health.faulty = true;
    return [{ kind: 'output-failed', outputId: health.output.id, problem }];
  }

  #leave(health: OutputHealth, nowMs: number, fits: (next: OutputHealth) => boolean): RouteEffect[] {
    if (health !== this.active()) return [];
    health.series = 0;
    for (let step = 1; step < this.#all.length; step += 1) {
      const at = (this.#active + step) % this.#all.length;
      const next = this.#all[at];
      if (next && fits(next)) return this.#activate(at, nowMs);
    }
    return [];
  }

  #activate(at: number, nowMs: number): RouteEffect[] {
    const from = this.active();
    this.#active = at;
    this.#activeSinceMs = nowMs;
    this.#probeAtMs = nowMs + tryAgainMs;
    const to = this.active();
    if (!from || !to) return [];
    to.series = 0;
    return [{ kind: 'switched', from: from.output.id, to: to.output.id }];
  }
}

function healthOf(output: RouteOutput): OutputHealth {
  return {
    output,
    busy: Array.from({ length: output.lanes }, () => false),
    rounds: 0,
    series: 0,
    roundAtMs: Number.NEGATIVE_INFINITY,
    notBeforeMs: Number.NEGATIVE_INFINITY,
    answeredMs: Number.NEGATIVE_INFINITY,
    faulty: false,
    reported: 'idle',
  };
}
