/** Lease driver for NATS JetStream: a bucket for each pair, written only as the very next message of its stream, and late servers told from lost writes. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Deadline } from './deadline.ts';
import type { LeaseDriver, StoredText, WriteOptions } from './driver.ts';
import { fromNats, type NatsAddress, type NatsSession, openNatsSession } from './nats-session.ts';
import { createOnDemand, type OnDemand } from './on-demand.ts';
import { formatRevision, type Revision } from './revision.ts';
import { wentBack } from './watched-store.ts';

export interface NatsDriverOptions {
  address: NatsAddress;
  pairId: string;
  clock: Clock;
  /** What a value may weigh; that of a lease when it is left out. */
  valueBytesMax?: number;
}

/** A server that lost its majority may answer with what it had for as long; JetStream makes it step down after 10 s. */
const lateServerMs = 15_000;

export function createNatsDriver(options: NatsDriverOptions): LeaseDriver {
  return new NatsDriver(options);
}

class NatsDriver implements LeaseDriver {
  readonly #clock: Clock;
  readonly #session: OnDemand<NatsSession>;
  /** Since when answers have been behind what was seen. */
  #behindSinceMs: number | null = null;

  constructor({ address, pairId, clock, valueBytesMax }: NatsDriverOptions) {
    this.#clock = clock;
    this.#session = createOnDemand({
      open: () => openNatsSession(address, pairId, valueBytesMax),
      isOpen: ({ connection }) => !connection.isClosed(),
      discard: ({ connection }) => void connection.close().catch(() => {}),
      clock,
    });
  }

  async read(seen: Revision | null, deadline: Deadline): Promise<StoredText | null> {
    return this.#use(deadline, async (session) => {
      const entry = await session.get();
      const found = entry && { text: entry.text, revision: revisionOf(session, entry.number) };
      if (isBehind(found, seen)) this.#mayBeLate(session, seen);
      else this.#behindSinceMs = null;
      return found;
    });
  }

  /**
   * The condition on one subject (`Nats-Expected-Last-Subject-Sequence`, what a bucket's update uses) is checked by the
   * leader against what is applied, not against what is under way: in a cluster two writers may both pass
   * (nats-server issue 4320). The condition on the stream as a whole is checked in order, and the answer is verified:
   * the lease is alone in its stream, so the write must be the very next message.
   */
  async write(expected: Revision | null, text: string, { deadline }: WriteOptions): Promise<Revision> {
    return this.#use(deadline, async (session) => {
      const { lineage } = session;
      if (expected && expected.lineage !== lineage) {
        throw wentBack('NATS', { seen: formatRevision(expected), found: null });
      }
      const last = expected ? Number(expected.number) : await this.#lastOfNothing(session);
      const number = await session.put(text, last, deadline.leftMs());
      if (number !== last + 1) throw overtaken(last, number);
      return revisionOf(session, number);
    });
  }

  async close(): Promise<void> {
    this.#session.close();
  }

  /** A session that failed in another way than by a refusal is not used again: another server may serve better. */
  async #use<T>(deadline: Deadline, work: (session: NatsSession) => Promise<T>): Promise<T> {
    const session = await deadline.within(this.#session.get());
    try {
      return await deadline.within(work(session));
    } catch (thrown) {
      const error = fromNats(thrown);
      if (error.code === 'unavailable' || error.code === 'timeout') this.#session.drop(session);
      throw error;
    }
  }

  /** The stream may have had a lease before that somebody removed. Its number is asked for first: what comes after it counts. */
  async #lastOfNothing(session: NatsSession): Promise<number> {
    const last = await session.lastNumber();
    if ((await session.get()) === null) return last;
    throw new AppError('conflict', 'another write came first', { hint: 'Read it again.' });
  }

  /** Returns when the answer counts: the stream went back. @throws AppError `unavailable` while it may only be late. */
  #mayBeLate({ replicas, lineage }: NatsSession, seen: Revision): void {
    const nowMs = this.#clock.monotonicMs();
    this.#behindSinceMs ??= nowMs;
    if (replicas === 1 || lineage !== seen.lineage || nowMs - this.#behindSinceMs >= lateServerMs) return;
    throw new AppError('unavailable', 'a server of NATS answers with an older lease than was seen', {
      hint: 'It was frozen or cut off and will catch up; if not, an older copy of its data was put back.',
    });
  }
}

function revisionOf({ lineage }: NatsSession, number: number): Revision {
  return { lineage, number: BigInt(number), tag: '' };
}

function isBehind(found: StoredText | null, seen: Revision | null): seen is Revision {
  if (seen === null) return false;
  return found === null || found.revision.lineage !== seen.lineage || found.revision.number < seen.number;
}

function overtaken(last: number, number: number): AppError {
  return new AppError(
    'data_loss',
    `NATS wrote over a lease that it should have refused to (${last}, ${number})`,
    {
      hint: 'Let nothing else write into the bucket of the pair; update the servers of NATS.',
      details: { expected: last + 1, revision: number },
    },
  );
}
