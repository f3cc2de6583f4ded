/** The group's queue over any store: events as text, many calls in one request, and each event once per opening. */
import { AppError } from '../../../src/errors.ts';
import { eventOrNull, eventText } from '../../alarms/store/codec.ts';
import {
  type AlarmEvent,
  type AlarmQueue,
  appendEventsMax,
  pullEventsMax,
  type QueuedEvent,
  type Settlement,
} from '../../alarms/types.ts';
import { eventBytesPerFrameMax, eventLengthMax, settlePositionsMax } from '../../hub/protocol/schema.ts';
import { type Batched, createBatched } from './batched.ts';

export interface EventText {
  account: string;
  fingerprint: string;
  receivedMs: number;
  body: string;
  bytes: number;
}

export interface QueuePage {
  events: readonly { position: number; body: string }[];
  /** Where the next page begins. */
  after: number;
}

/** What a store does for the queue; errors as in `AlarmQueue`. */
export interface QueueDriver {
  /** Whether each was there already. */
  append(events: readonly EventText[]): Promise<readonly boolean[]>;
  open(epoch: number): Promise<void>;
  /** Unsettled events behind `after`; waits at most `waitMs` for the first. */
  page(epoch: number, after: number, limit: number, waitMs: number): Promise<QueuePage>;
  settle(epoch: number, positions: readonly number[]): Promise<void>;
  counts(): Promise<{ waiting: number; oldestMs: number | null }>;
  close(): Promise<void>;
}

const appendWaitingMax = 8_192;
const settleWaitingMax = 65_536;

export function createStoreQueue(driver: QueueDriver): AlarmQueue {
  return new StoreQueue(driver);
}

class StoreQueue implements AlarmQueue {
  readonly #driver: QueueDriver;
  readonly #appends: Batched<EventText, boolean>;
  readonly #settles: Batched<number, true>;
  /** A new object with each opening; pulls of the one before no longer count. */
  #opening: { epoch: number; after: number } | null = null;
  #pulling: Promise<unknown> = Promise.resolve();

  constructor(driver: QueueDriver) {
    this.#driver = driver;
    this.#appends = createBatched<EventText, boolean>({
      run: (events) => driver.append(events),
      itemsMax: appendEventsMax,
      bytesMax: eventBytesPerFrameMax,
      waitingMax: appendWaitingMax,
      bytesOf: ({ bytes }) => bytes,
    });
    this.#settles = createBatched<number, true>({
      run: async (positions, epoch) => {
        await driver.settle(epoch, positions);
        return positions.map(() => true);
      },
      itemsMax: settlePositionsMax,
      bytesMax: Number.POSITIVE_INFINITY,
      waitingMax: settleWaitingMax,
      bytesOf: () => 0,
    });
  }

  async append(events: readonly AlarmEvent[]): Promise<readonly { duplicate: boolean }[]> {
    if (events.length > appendEventsMax) {
      throw new AppError('invalid_input', `at most ${appendEventsMax} events at a time`);
    }
    const duplicates = await this.#appends.submit(events.map(textOf), 0);
    return duplicates.map((duplicate) => ({ duplicate }));
  }

  async open(epoch: number): Promise<void> {
    await this.#driver.open(epoch);
    this.#opening = { epoch, after: 0 };
  }

  pull(epoch: number, limit: number, waitMs: number): Promise<readonly QueuedEvent[]> {
    // One after the other: two at once would get the same events.
    const pulled = this.#pulling.then(() => this.#pull(epoch, Math.min(limit, pullEventsMax), waitMs));
    this.#pulling = pulled.catch(() => {});
    return pulled;
  }

  async settle(epoch: number, settlements: readonly Settlement[]): Promise<void> {
    const positions = settlements.map(({ position }) => position);
    await this.#settles.submit(positions, epoch);
  }

  counts(): Promise<{ waiting: number; oldestMs: number | null }> {
    return this.#driver.counts();
  }

  close(): Promise<void> {
    return this.#driver.close();
  }

  async #pull(epoch: number, limit: number, waitMs: number): Promise<readonly QueuedEvent[]> {
    const opening = this.#opening;
    if (opening?.epoch !== epoch) {
      throw new AppError('not_active', `the queue was not opened for epoch ${epoch} here`, {
        hint: 'Only the working receiver takes events from the queue.',
      });
    }
    const { events, after } = await this.#driver.page(epoch, opening.after, limit, waitMs);
    if (this.#opening !== opening) return [];
    opening.after = after;
    return events.flatMap(({ position, body }) => {
      // What this release cannot read stays in the queue, and is counted there, until one comes that can.
      const event = eventOrNull(body);
      return event ? [{ position, event }] : [];
    });
  }
}

function textOf(event: AlarmEvent): EventText {
  const body = eventText(event);
  if (body.length > eventLengthMax) {
    throw new AppError('invalid_input', `an event of more than ${eventLengthMax} characters`, {
      hint: 'It stays on this receiver.',
    });
  }
  const { account, fingerprint, receivedMs } = event;
  return { account, fingerprint, receivedMs, body, bytes: Buffer.byteLength(body) };
}
