/** Lease driver for NATS JetStream: a key-value bucket updated by revision, and a barrier that tells a late server from a lost write. */

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
}

export function createNatsDriver(options: NatsDriverOptions): LeaseDriver {
  return new NatsDriver(options);
}

class NatsDriver implements LeaseDriver {
  readonly #pairId: string;
  readonly #key: string;
  readonly #session: OnDemand<NatsSession>;

  constructor({ address, pairId, clock }: NatsDriverOptions) {
    this.#pairId = pairId;
    this.#key = `lease.${pairId}`;
    this.#session = createOnDemand({
      open: () => openNatsSession(address),
      isOpen: ({ connection }) => !connection.isClosed(),
      discard: ({ connection }) => void connection.close().catch(() => {}),
      clock,
    });
  }

  async read(seen: Revision | null, deadline: Deadline): Promise<StoredText | null> {
    return this.#use(deadline, async (session) => {
      const found = await this.#get(session);
      if (!isBehind(found, seen)) return found;
      return this.#makeSure(session, seen, deadline);
    });
  }

  async write(expected: Revision | null, text: string, { deadline }: WriteOptions): Promise<Revision> {
    return this.#use(deadline, async ({ kv, lineage }) => {
      if (expected && expected.lineage !== lineage)
        throw wentBack('NATS', { seen: formatRevision(expected), found: null });
      const options = { previousSeq: Number(expected?.number ?? 0), timeout: deadline.leftMs() };
      const number = await kv.put(this.#key, text, options);
      return { lineage, number: BigInt(number), tag: '' };
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

  async #get({ kv, lineage }: NatsSession): Promise<StoredText | null> {
    const entry = await kv.get(this.#key);
    if (entry === null || entry.operation !== 'PUT') return null;
    return { text: entry.string(), revision: { lineage, number: BigInt(entry.revision), tag: '' } };
  }

  /**
   * A leader that was frozen answers with what it had until it learns of its successor. A write that a quorum confirms
   * shows where the stream stands: behind what was seen, it went back; beyond, the answer was merely late.
   */
  async #makeSure(session: NatsSession, seen: Revision, deadline: Deadline): Promise<StoredText | null> {
    const stands = await session.barrier(this.#pairId, deadline.leftMs());
    const found = BigInt(stands) > seen.number ? await this.#get(session) : null;
    if (!isBehind(found, seen)) return found;
    throw wentBack('NATS', { seen: formatRevision(seen), found: found && formatRevision(found.revision) });
  }
}

function isBehind(found: StoredText | null, seen: Revision | null): seen is Revision {
  if (seen === null) return false;
  return found === null || found.revision.lineage !== seen.lineage || found.revision.number < seen.number;
}
