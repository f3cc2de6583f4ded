/** Small texts on NATS with compare-and-set: the roster alone in its stream, which makes it exact, and one key for what each member says. */
import { Kvm } from '@nats-io/kv';
import type { Clock } from '../../adapters/clock.ts';
import { createDeadline } from '../../standby/lease/deadline.ts';
import type { LeaseDriver } from '../../standby/lease/driver.ts';
import { fromNats } from '../../standby/lease/nats-session.ts';
import { formatRevision, parseRevision } from '../../standby/lease/revision.ts';
import type { TextRegister } from '../types.ts';
import { checkedText } from './hub-registers.ts';
import type { NatsContext, NatsLink } from './nats-link.ts';

/** In UTF-8, of a text of the longest kind. */
export const textBytesMax = 32_768;

/** A register that several write: over the driver of the leases, which no two writers get past. */
export function exactRegister(driver: LeaseDriver, clock: Clock): TextRegister {
  return {
    async read(timeoutMs) {
      const stored = await driver.read(null, createDeadline(clock, timeoutMs, 'NATS'));
      return stored && { text: stored.text, revision: formatRevision(stored.revision) };
    },
    async write(expected, text, timeoutMs) {
      const deadline = createDeadline(clock, timeoutMs, 'NATS');
      const revision = expected === null ? null : parseRevision(expected);
      return formatRevision(await driver.write(revision, checkedText(text), { byHolder: true, deadline }));
    },
  };
}

/**
 * A register that one member writes and all read: a key of a bucket. In a cluster two writers at once could both get past
 * the condition on one key (nats-server issue 4320); here there is one.
 */
export function keyRegister(link: NatsLink, bucket: string, key: string): TextRegister {
  const lineage = 'key';
  const open = async (context: NatsContext) =>
    context.once(`bucket ${bucket}`, () => {
      // Without direct reads the stream's leader answers; any replica may answer a direct one, however late it is.
      const options = {
        history: 1,
        replicas: context.replicas,
        allow_direct: false,
        maxValueSize: textBytesMax,
      };
      return new Kvm(context.client).create(bucket, options);
    });
  return {
    read: (timeoutMs) =>
      link.use(timeoutMs, async (context) => {
        const entry = await (await open(context)).get(key);
        if (entry === null || entry.operation !== 'PUT') return null;
        const revision = formatRevision({ lineage, number: BigInt(entry.revision), tag: '' });
        return { text: entry.string(), revision };
      }),
    write: (expected, text, timeoutMs) =>
      link.use(timeoutMs, async (context) => {
        const kv = await open(context);
        const checked = checkedText(text);
        const last = expected === null ? null : Number(parseRevision(expected).number);
        const number = await (last === null ? kv.create(key, checked) : kv.update(key, checked, last)).catch(
          (error: unknown) => {
            throw fromNats(error);
          },
        );
        return formatRevision({ lineage, number: BigInt(number), tag: '' });
      }),
  };
}
