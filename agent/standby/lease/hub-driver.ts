/** Lease driver for the embedded hub: one connection, and a take-over only on what was read from the very run of the hub that it goes to. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Position, Reply } from '../../hub/protocol/schema.ts';
import type { Deadline } from './deadline.ts';
import type { LeaseDriver, StoredText, WriteOptions } from './driver.ts';
import { type HubAddress, type HubConnection, openHubConnection } from './hub-connection.ts';
import { createOnDemand, type OnDemand } from './on-demand.ts';
import { parseRevision, type Revision } from './revision.ts';

/** The hub tells histories apart itself (`Position.boot`). */
const lineage = 'hub';

export interface HubDriverOptions {
  address: HubAddress;
  pairId: string;
  clock: Clock;
  seenRevision: string | null;
}

export function createHubDriver(options: HubDriverOptions): LeaseDriver {
  return new HubDriver(options);
}

class HubDriver implements LeaseDriver {
  readonly #register: string;
  readonly #connection: OnDemand<HubConnection>;
  #seen: Position | null;

  constructor({ address, pairId, clock, seenRevision }: HubDriverOptions) {
    this.#register = `lease/${pairId}`;
    this.#seen = seenRevision === null ? null : positionOf(parseRevision(seenRevision));
    this.#connection = createOnDemand({
      open: () => openHubConnection(address, this.#seen),
      isOpen: (connection) => connection.isOpen(),
      discard: (connection) => connection.destroy(),
      clock,
    });
  }

  async read(_seen: Revision | null, deadline: Deadline): Promise<StoredText | null> {
    const connection = await deadline.within(this.#connection.get());
    const reply = await this.#ask(connection, deadline, { op: 'read', register: this.#register });
    if (reply.kind !== 'value') throw unexpected(reply);
    if (reply.value === null) return null;
    const { text, position } = reply.value;
    return { text, revision: this.#revision(position, connection) };
  }

  async write(expected: Revision | null, text: string, options: WriteOptions): Promise<Revision> {
    const { byHolder, deadline } = options;
    const connection = await deadline.within(this.#connection.get());
    // A restarted hub may hold an older database. What was watched before the restart proves nothing about a holder
    // that renewed since, so it must be watched anew. The holder itself needs no such proof.
    if (expected && !byHolder && viewOf(expected) !== connection.boot) throw restarted();
    const reply = await this.#ask(connection, deadline, {
      op: 'write',
      register: this.#register,
      expected: expected && positionOf(expected),
      value: text,
    });
    if (reply.kind !== 'written') throw unexpected(reply);
    return this.#revision(reply.position, connection);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  /** A connection that did not answer in time is not used again: behind it may be nobody. */
  async #ask(
    connection: HubConnection,
    deadline: Deadline,
    request: Parameters<HubConnection['request']>[0],
  ): Promise<Reply> {
    try {
      return await deadline.within(connection.request(request));
    } catch (error) {
      if (error instanceof AppError && error.code === 'timeout') this.#connection.drop(connection);
      throw error;
    }
  }

  #revision(position: Position, connection: HubConnection): Revision {
    if (this.#seen === null || position.revision >= this.#seen.revision) this.#seen = position;
    return { lineage, number: BigInt(position.revision), tag: `${position.boot}-${connection.boot}` };
  }
}

const tagOf = (revision: Revision) => revision.tag.split('-');
const viewOf = (revision: Revision) => tagOf(revision)[1] ?? '';

function positionOf(revision: Revision): Position {
  return { boot: tagOf(revision)[0] ?? '', revision: Number(revision.number) };
}

function restarted(): AppError {
  return new AppError('conflict', 'the hub was started anew since the lease was read', {
    hint: 'Read it again and wait the full time before taking over.',
  });
}

function unexpected(reply: Reply): AppError {
  return new AppError('protocol', `the hub answered with ${reply.kind}`);
}
