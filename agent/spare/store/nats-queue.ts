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
  #absent: number[] = [];
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
    const absent = this.#absent;
    const { base } = await this.#ledger.update((ledger) => {
      if (ledger.epoch !== epoch) throw notActive(epoch, ledger.epoch);
      return settle(ledger, [...positions, ...absent]);
    });
    this.#absent = this.#absent.filter((place) => !absent.includes(place));
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
          const { last } = await extentOf(context, this.#stream);
          if (last > after) return await this.#read(context, after, Math.min(last, after + limit));
          if (hint.over()) return { events: [], after };
          await hint.next(pauseMs);
        }
      } finally {
        hint.close();
      }
    });
  }

  async #read(context: NatsContext, after: number, last: number) {
    const places = Array.from({ length: last - after }, (_, at) => after + 1 + at);
    const found = await Promise.all(places.map((place) => bodyAt(context, this.#stream, place)));
    const events = found.filter((each) => each !== null);
    // The leader numbers up to `last` and holds nothing there: it was removed, or never became a message.
    const held = new Set(events.map(({ position }) => position));
    this.#absent = [...new Set([...this.#absent, ...places.filter((place) => !held.has(place))])];
    return { events, after: last };
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
