/** Drives a pure machine: one event at a time, in order, each with fresh clocks, a tick in between, and nothing after its end. */
import type { Cancel, Clock } from '../adapters/clock.ts';

/** Events that may wait while one is handled; what comes beyond it is dropped. */
const waitingMax = 1_000;

/** `monotonicMs` decides, `utcMs` is only shown. */
interface Now {
  readonly monotonicMs: number;
  readonly utcMs: number;
}

export abstract class MachineDriver<State, Event, Action> {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #waiting: Event[] = [];
  #state: State;
  #isHandling = false;
  #closed = false;
  #cancel: Cancel = () => {};

  constructor(clock: Clock, tickMs: number, state: State) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#state = state;
  }

  /** Feeds what has come about meanwhile, and the tick. */
  protected abstract tick(): void;
  protected abstract step(
    state: State,
    event: Event,
    now: Now,
  ): { readonly state: State; readonly actions: readonly Action[] };
  /** Begins it; what comes of it is fed, now or later. */
  protected abstract execute(action: Action): void;
  /** After all actions of a step were begun. */
  protected abstract stepped(before: State, after: State): void;

  get state(): State {
    return this.#state;
  }

  protected get closed(): boolean {
    return this.#closed;
  }

  now(): Now {
    return { monotonicMs: this.#clock.monotonicMs(), utcMs: Math.round(this.#clock.nowMs()) };
  }

  start(): void {
    if (this.#closed) return;
    this.tick();
    if (!this.#closed) this.#cancel = this.#clock.after(this.#tickMs, () => this.start());
  }

  /** What comes while an event is handled is handled after it; when that throws, with the next one. */
  feed(event: Event): void {
    if (this.#closed || this.#waiting.length >= waitingMax) return;
    this.#waiting.push(event);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) this.#handle(next);
    } finally {
      this.#isHandling = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #handle(event: Event): void {
    const before = this.#state;
    const { state, actions } = this.step(before, event, this.now());
    this.#state = state;
    for (const action of actions) this.execute(action);
    this.stepped(before, state);
  }
}
