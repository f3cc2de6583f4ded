/** The stream of a group's alarms: events by their places, written once each, read from the leader, and removed when all before are settled. */
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { duplicateWindowMs } from '../../alarms/types.ts';
import type { Deadline } from '../../standby/lease/deadline.ts';
import type { NatsContext } from './nats-link.ts';
import type { EventText } from './store-queue.ts';

/** Settled ones of the duplicate window count too. */
const eventsMax = 1_300_000;
const eventBytesMax = 262_144;
/** How long to wait before asking again for an event that is on its way into the stream. */
const stagedRetryMs = 50;

export interface StoredBody {
  position: number;
  body: string;
}

/** Found, or made; `subject` is where events are published. */
export async function ensureStream(context: NatsContext, name: string): Promise<void> {
  await context.once(`stream ${name}`, async () => {
    const found = await context.manager.streams.info(name).catch((error: unknown) => {
      if (error instanceof Error && error.message === 'stream not found') return null;
      throw error;
    });
    return found ?? (await context.manager.streams.add(configOf(name, context.replicas)));
  });
}

function configOf(name: string, replicas: number): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects: [subjectOf(name)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // A full stream refuses new events; it never drops old ones.
    discard: DiscardPolicy.New,
    max_msgs: eventsMax,
    max_msg_size: eventBytesMax,
    num_replicas: replicas,
    duplicate_window: nanos(duplicateWindowMs),
    allow_direct: false,
  };
}

export const subjectOf = (stream: string) => `${stream}.event`;

/**
 * True when the same event is in the stream already. It counts only with its place: a leader remembers the message id from
 * when it proposes the event to the others, and one that is not agreed on may still be lost with the leader. nats-server
 * 2.9.10 leaves the second publish unanswered then; an answer without a place is asked again until there is one.
 */
export async function publishEvent(
  { client }: { client: Pick<NatsContext['client'], 'publish'> },
  stream: string,
  { fingerprint, body }: EventText,
  { clock, deadline }: { clock: Clock; deadline: Deadline },
): Promise<boolean> {
  for (;;) {
    const options = { msgID: fingerprint, timeout: deadline.leftMs() };
    const { duplicate, seq } = await client.publish(subjectOf(stream), body, options);
    if (!duplicate) return false;
    if (seq > 0) return true;
    if (deadline.passed()) {
      throw new AppError('unavailable', 'NATS has not yet agreed on an event that it was given', {
        hint: 'Its servers are electing a leader; the event is sent again.',
      });
    }
    await new Promise<void>((resolve) => clock.after(stagedRetryMs, resolve));
  }
}

export interface StreamExtent {
  first: number;
  last: number;
  count: number;
}

export async function extentOf({ manager }: NatsContext, stream: string): Promise<StreamExtent> {
  const { state } = await manager.streams.info(stream);
  return { first: state.first_seq, last: state.last_seq, count: state.messages };
}

/** Null when the leader holds nothing in that place. */
export async function bodyAt(
  { manager }: NatsContext,
  stream: string,
  position: number,
): Promise<StoredBody | null> {
  const message = await manager.streams.getMessage(stream, { seq: position });
  return message && { position, body: message.string() };
}

/** Removes everything up to and including the place. */
export async function removeUpTo({ manager }: NatsContext, stream: string, position: number): Promise<void> {
  await manager.streams.purge(stream, { seq: position + 1 });
}
