/** Which event may go next: in order per account, one of an account at a time, accounts in turn. Pure. */
import type { QueuedEvent } from '../../types.ts';

/** An event on its way, from being pulled to the ARC's answer. */
export interface Held {
  readonly queued: QueuedEvent;
  /** All of them, at every output. */
  attempts: number;
  /** Output of the last attempt, and how many there were at it in a row. */
  lastOutput: string | null;
  attemptsHere: number;
  /** Output that this event goes to on its own, null: to the active one. */
  ownOutput: string | null;
  /** Outputs that received it and would not process it, with what they said. */
  readonly refusals: Map<string, string>;
  /** When it failed at `lastOutput` last; before that, when it was first sent there. Monotonic. */
  failedMs: number;
  /** It was told that this event does not get through. */
  told: boolean;
}

export interface AccountQueues {
  add(queued: QueuedEvent): void;
  /** Takes the next that goes to this output: `own` ones that were moved there, else those of the active one. */
  take(outputId: string, active: boolean): Held | null;
  /** Tries it again: before all others, or after `atMs` while the others go on. */
  retry(held: Held, atMs: number | null): void;
  /** Its way is over: the next of its account may go. */
  finish(held: Held): void;
  /** Lets those go again whose waiting is over. */
  wake(nowMs: number): void;
  /** When the next waiting one may go, null when none waits. */
  wakeAtMs(): number | null;
  /** Those moved to an output that is no more go to the active one again. */
  keepOwn(outputIds: ReadonlySet<string>): void;
  /** Outputs that events were moved to. */
  ownOutputs(): ReadonlySet<string>;
  /** All that are here, also those under way. */
  heldCount(): number;
  /** Accounts whose next event could go now, if an output took it. */
  readyCount(): number;
}

export function createAccountQueues(): AccountQueues {
  /** By account; the first is the one that may go, waits, or is under way. */
  const lines = new Map<string, Line>();
  const ready = new Map<string | null, Turn>();
  let waiting: { held: Held; atMs: number }[] = [];
  const own = new Map<Held, string>();
  let held = 0;
  let readyNow = 0;

  const turnOf = (outputId: string | null): Turn => {
    const known = ready.get(outputId);
    if (known) return known;
    const made = new Turn();
    ready.set(outputId, made);
    return made;
  };
  const enlist = (next: Held, first: boolean): void => {
    if (next.ownOutput === null) own.delete(next);
    else own.set(next, next.ownOutput);
    turnOf(next.ownOutput).push(next, first);
    readyNow += 1;
  };
  const takeFrom = (outputId: string | null): Held | null => {
    const next = ready.get(outputId)?.shift() ?? null;
    if (next !== null) readyNow -= 1;
    return next;
  };

  return {
    add(queued) {
      const { account } = queued.event;
      held += 1;
      const line = lines.get(account);
      if (line) {
        line.behind.push(queued);
        return;
      }
      lines.set(account, { behind: [], at: 0 });
      enlist(fresh(queued), false);
    },
    take: (outputId, active) => takeFrom(outputId) ?? (active ? takeFrom(null) : null),
    retry(again, atMs) {
      if (atMs === null) enlist(again, true);
      else {
        if (again.ownOutput !== null) own.set(again, again.ownOutput);
        waiting.push({ held: again, atMs });
      }
    },
    finish(done) {
      held -= 1;
      own.delete(done);
      const { account } = done.queued.event;
      const line = lines.get(account);
      const next = line?.behind[line.at];
      if (line === undefined || next === undefined) {
        lines.delete(account);
        return;
      }
      line.at += 1;
      if (line.at >= compactAfter && line.at * 2 >= line.behind.length) {
        line.behind = line.behind.slice(line.at);
        line.at = 0;
      }
      enlist(fresh(next), false);
    },
    wake(nowMs) {
      if (!waiting.some(({ atMs }) => atMs <= nowMs)) return;
      const due = waiting.filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
      waiting = waiting.filter(({ atMs }) => atMs > nowMs);
      for (const { held: again } of due) enlist(again, false);
    },
    wakeAtMs: () =>
      waiting.length === 0 ? null : waiting.reduce((least, { atMs }) => Math.min(least, atMs), Infinity),
    keepOwn(outputIds) {
      for (const { held: each } of waiting) letGo(each, outputIds);
      for (const [outputId, turn] of ready) {
        if (outputId === null || outputIds.has(outputId)) continue;
        ready.delete(outputId);
        for (let next = turn.shift(); next !== null; next = turn.shift()) {
          letGo(next, outputIds);
          readyNow -= 1;
          enlist(next, true);
        }
      }
      for (const each of own.keys()) if (each.ownOutput === null) own.delete(each);
    },
    ownOutputs: () => new Set(own.values()),
    heldCount: () => held,
    readyCount: () => readyNow,
  };
}

interface Line {
  behind: QueuedEvent[];
  /** Those before it have gone. */
  at: number;
}

/** Fewer are not worth moving. */
const compactAfter = 64;

function fresh(queued: QueuedEvent): Held {
  return {
    queued,
    attempts: 0,
    lastOutput: null,
    attemptsHere: 0,
    ownOutput: null,
    refusals: new Map(),
    failedMs: 0,
    told: false,
  };
}

function letGo(held: Held, outputIds: ReadonlySet<string>): void {
  if (held.ownOutput !== null && !outputIds.has(held.ownOutput)) held.ownOutput = null;
}

/** First in, first out, and some that go before all others. */
class Turn {
  #urgent: Held[] = [];
  #others: Held[] = [];
  #at = 0;

  push(held: Held, first: boolean): void {
    if (first) this.#urgent.push(held);
    else this.#others.push(held);
  }

  shift(): Held | null {
    const urgent = this.#urgent.shift();
    if (urgent) return urgent;
    const next = this.#others[this.#at];
    if (next === undefined) return null;
    this.#at += 1;
    if (this.#at >= compactAfter && this.#at * 2 >= this.#others.length) {
      this.#others = this.#others.slice(this.#at);
      this.#at = 0;
    }
    return next;
  }
}
