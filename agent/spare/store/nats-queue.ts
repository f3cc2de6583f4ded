/** The group's queue on NATS: events in a stream, what is settled in a ledger beside it that only the latest epoch can write. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { duplicateWindowMs } from '../../alarms/types.ts';
import type { Deadline } from '../../standby/lease/deadline.ts';
import { firstUnsettled, isSettled, type Ledger, settle, settledAbove } from './ledger/codec.ts';
import type { NatsLedger } from './nats-ledger.ts';
import type { NatsContext, NatsLink } from './nats-link.ts';
import {
  bodyAt,
  ensureStream,
  extentOf,
  publishEvent,
  removeUpTo,
  type StoredBody,
  subjectOf,
} from './nats-stream.ts';
import { createRemovals, type Removals } from './removals.ts';
import type { EventText, QueueDriver, QueuePage } from './store-queue.ts';

const callTimeoutMs = 5_000;
/** A wait looks again so often although nothing was heard: hints get lost. */
const lookEveryMs = 1_000;
/** After a hint the event is not yet in its place: looked for after this, and after twice as long each time. */
const firstLookMs = 4;
/**
 * A place in which nothing was shown is asked for again after this, before it counts as settled: a leader that has been
 * replaced and does not know it yet shows nothing where an event is. It knows after an election.
 */
const doubtMs = 20_000;
const doubtsPerLook = 256;

export function natsQueue(options: {
  link: NatsLink;
  ledger: NatsLedger;
  stream: string;
  clock: Clock;
}): QueueDriver {
  return new NatsQueue(options);
}

class NatsQueue implements QueueDriver {
  readonly #link: NatsLink;
  readonly #ledger: NatsLedger;
  readonly #stream: string;
  readonly #clock: Clock;
  readonly #removals: Removals;
  /** Places that the leader holds nothing in; they are settled with the next ones. */
  readonly #absent = new Set<number>();
  /** Places in which nothing was shown once, and when. */
  readonly #doubts = new Map<number, number>();
  #oldest: { position: number; receivedMs: number } | null = null;

  constructor({ link, ledger, stream, clock }: Parameters<typeof natsQueue>[0]) {
    this.#link = link;
    this.#ledger = ledger;
    this.#stream = stream;
    this.#clock = clock;
    this.#removals = createRemovals(duplicateWindowMs);
  }

  /** Events of one account go one after the other, so that none overtakes; accounts go side by side. */
  append(events: readonly EventText[]): Promise<readonly boolean[]> {
    return this.#use(callTimeoutMs, async (context, deadline) => {
      const duplicates = new Array<boolean>(events.length).fill(false);
      const lanes = Map.groupBy(events.entries(), ([, { account }]) => account);
      const work = [...lanes.values()].map(async (lane) => {
        for (const [at, event] of lane) {
          duplicates[at] = await publishEvent(context, this.#stream, event, { clock: this.#clock, deadline });
        }
      });
      const failed = (await Promise.allSettled(work)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      return duplicates;
    });
  }

  async open(epoch: number): Promise<void> {
    await this.#ledger.update(
      (ledger) => {
        if (ledger.epoch > epoch) throw notActive(epoch, ledger.epoch);
        return ledger.epoch === epoch ? ledger : { ...ledger, epoch };
      },
      { fresh: true },
    );
  }

  async page(epoch: number, after: number, limit: number, waitMs: number): Promise<QueuePage> {
    const endMs = this.#clock.monotonicMs() + waitMs;
    let from = after;
    for (;;) {
      const leftMs = Math.max(0, endMs - this.#clock.monotonicMs());
      const ledger = await this.#open(epoch);
      from = Math.max(from, ledger.base);
      const late = (await this.#lookAgain()).filter(({ position }) => !isSettled(ledger, position));
      if (late.length > 0) return { events: late, after: from };
      const found = await this.#look(from, limit, Math.min(leftMs, lookEveryMs));
      // Asked once more: whoever was overtaken meanwhile gets nothing.
      const now = found.events.length === 0 ? ledger : await this.#open(epoch);
      const events = found.events.filter(({ position }) => !isSettled(now, position));
      const isEnd = found.after === from;
      from = found.after;
      if (events.length > 0 || (leftMs === 0 && isEnd)) return { events, after: from };
    }
  }

  async settle(epoch: number, positions: readonly number[]): Promise<void> {
    const absent = [...this.#absent];
    const { base } = await this.#ledger.update((ledger) => {
      if (ledger.epoch !== epoch) throw notActive(epoch, ledger.epoch);
      return settle(ledger, [...positions, ...absent]);
    });
    for (const place of absent) this.#absent.delete(place);
    this.#remove(base);
  }

  async counts(): Promise<{ waiting: number; oldestMs: number | null }> {
    const ledger = await this.#ledger.read();
    return this.#use(callTimeoutMs, async (context) => {
      const { first, count } = await extentOf(context, this.#stream);
      const waiting = count - Math.max(0, ledger.base - first + 1) - settledAbove(ledger);
      if (waiting <= 0) return { waiting: 0, oldestMs: null };
      return { waiting, oldestMs: await this.#oldestMs(context, firstUnsettled(ledger)) };
    });
  }

  async close(): Promise<void> {
    await this.#ledger.close();
  }

  /** The latest ledger. @throws AppError `not_active`. */
  async #open(epoch: number): Promise<Ledger> {
    const ledger = await this.#ledger.read();
    if (ledger.epoch !== epoch) throw notActive(epoch, ledger.epoch);
    return ledger;
  }

  /** What lies behind a place, waiting for it when there is nothing. */
  #look(after: number, limit: number, waitMs: number): Promise<{ events: StoredBody[]; after: number }> {
    return this.#use(callTimeoutMs + waitMs, async (context) => {
      const hint = this.#listen(context, waitMs);
      try {
        for (let pauseMs = firstLookMs; ; pauseMs *= 2) {
          const { first, last } = await extentOf(context, this.#stream);
          if (last > after)
            return await this.#read(context, { after, last: Math.min(last, after + limit), first });
          if (hint.over()) return { events: [], after };
          await hint.next(pauseMs);
        }
      } finally {
        hint.close();
      }
    });
  }

  async #read(
    context: NatsContext,
    { after, last, first }: { after: number; last: number; first: number },
  ): Promise<{ events: StoredBody[]; after: number }> {
    const places = Array.from({ length: last - after }, (_, at) => after + 1 + at);
    const found = await Promise.all(places.map((place) => bodyAt(context, this.#stream, place)));
    const events = found.filter((each) => each !== null);
    const held = new Set(events.map(({ position }) => position));
    // The leader numbers up to `last` and shows nothing there: it was removed, never became a message, or is not known to it.
    for (const place of places) {
      if (held.has(place)) this.#doubts.delete(place);
      else if (place < first) this.#absent.add(place);
      else if (!this.#doubts.has(place)) this.#doubts.set(place, this.#clock.monotonicMs());
    }
    return { events, after: last };
  }

  /** Doubtful places whose time has come: an event that is there after all is given out late, the others are settled. */
  async #lookAgain(): Promise<StoredBody[]> {
    const sinceMs = this.#clock.monotonicMs() - doubtMs;
    const due = [...this.#doubts].filter(([, atMs]) => atMs <= sinceMs).slice(0, doubtsPerLook);
    if (due.length === 0) return [];
    return this.#use(callTimeoutMs, async (context) => {
      const looks = due.map(async ([place]) => ({ place, body: await bodyAt(context, this.#stream, place) }));
      const found = await Promise.all(looks);
      for (const { place, body } of found) {
        this.#doubts.delete(place);
        if (body === null) this.#absent.add(place);
      }
      return found.flatMap(({ body }) => body ?? []);
    });
  }

  /** What is published is heard before it is in the stream: a hint to look, no more. */
  #listen({ connection }: NatsContext, waitMs: number) {
    let heard = false;
    let over = waitMs === 0;
    let wake = () => {};
    const end = this.#clock.after(waitMs, () => {
      over = true;
      wake();
    });
    const subscription = connection.subscribe(subjectOf(this.#stream), {
      callback: () => {
        heard = true;
        wake();
      },
    });
    return {
      over: () => over,
      /** Until something is heard, or for `pauseMs` when it was already. */
      next: (pauseMs: number) =>
        new Promise<void>((resolve) => {
          wake = resolve;
          if (heard) this.#clock.after(Math.min(pauseMs, lookEveryMs), resolve);
        }),
      close: () => {
        end();
        if (!subscription.isClosed()) subscription.unsubscribe();
      },
    };
  }

  async #oldestMs(context: NatsContext, position: number): Promise<number | null> {
    if (this.#oldest?.position === position) return this.#oldest.receivedMs;
    const stored = await bodyAt(context, this.#stream, position);
    const receivedMs = stored === null ? null : receivedMsOf(stored.body);
    this.#oldest = receivedMs === null ? null : { position, receivedMs };
    return receivedMs;
  }

  /** Settled events stay for the duplicate window: servers that restart know from them what came. */
  #remove(base: number): void {
    const upTo = this.#removals.due(base, this.#clock.monotonicMs());
    if (upTo === null) return;
    this.#use(callTimeoutMs, (context) => removeUpTo(context, this.#stream, upTo)).catch(() => {
      // Left for the next time: nothing but room depends on it.
      this.#removals.failed(upTo);
    });
  }

  #use<T>(timeoutMs: number, work: (context: NatsContext, deadline: Deadline) => Promise<T>): Promise<T> {
    return this.#link.use(timeoutMs, async (context, deadline) => {
      await ensureStream(context, this.#stream);
      return work(context, deadline);
    });
  }
}

function receivedMsOf(body: string): number | null {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || !('receivedMs' in value)) return null;
  return typeof value.receivedMs === 'number' ? value.receivedMs : null;
}

function notActive(epoch: number, current: number): AppError {
  return new AppError('not_active', `the queue is open for epoch ${current}, not for ${epoch}`, {
    hint: 'Another receiver works now; this one stops forwarding.',
  });
}
