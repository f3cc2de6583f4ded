/** The group's queue on the hub: one request for many events, and a wait that the hub ends as soon as something comes. */
import { pullWaitMsMax } from '../../hub/protocol/schema.ts';
import type { HubLink } from './hub-link.ts';
import type { QueueDriver } from './store-queue.ts';

const callTimeoutMs = 5_000;

/** The link is the queue's own: what is under way on it holds up no register. */
export function hubQueue(link: HubLink): QueueDriver {
  return {
    async append(events) {
      const texts = events.map(({ fingerprint, receivedMs, body }) => ({ fingerprint, receivedMs, body }));
      const { duplicates } = await link.ask('appended', { op: 'alarm-append', events: texts }, callTimeoutMs);
      const places = new Set(duplicates);
      return events.map((_, at) => places.has(at));
    },
    async open(epoch) {
      await link.ask('done', { op: 'alarm-open', epoch }, callTimeoutMs);
    },
    async page(epoch, after, limit, wanted) {
      const waitMs = Math.min(wanted, pullWaitMsMax);
      const request = { op: 'alarm-pull', epoch, after, limit, waitMs } as const;
      const { events } = await link.ask('events', request, callTimeoutMs + waitMs);
      return { events, after: events.at(-1)?.position ?? after };
    },
    async settle(epoch, positions) {
      await link.ask('done', { op: 'alarm-settle', epoch, positions: [...positions] }, callTimeoutMs);
    },
    async counts() {
      const { waiting, oldestMs } = await link.ask('counts', { op: 'alarm-counts' }, callTimeoutMs);
      return { waiting, oldestMs };
    },
    async close() {
      link.close();
    },
  };
}
