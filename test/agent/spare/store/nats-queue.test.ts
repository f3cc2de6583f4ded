/** Places of the stream in which the leader shows nothing: only what is surely gone counts as settled. */
import { describe, expect, it } from 'vitest';
import { emptyLedger, type Ledger } from '../../../../agent/spare/store/ledger/codec.ts';
import type { NatsContext, NatsLink } from '../../../../agent/spare/store/nats-link.ts';
import { natsQueue } from '../../../../agent/spare/store/nats-queue.ts';
import { createDeadline } from '../../../../agent/standby/lease/deadline.ts';
import { FakeClock } from '../../standby/resources/fakes.ts';

/** A stream of which some places are not shown for now. */
function streamOf(places: readonly number[], first: number, last: number) {
  const clock = new FakeClock();
  const hidden = new Set<number>();
  let ledger: Ledger = { ...emptyLedger, epoch: 1 };
  const streams = {
    info: async () => ({ state: { first_seq: first, last_seq: last, messages: places.length } }),
    getMessage: async (_stream: string, { seq }: { seq: number }) =>
      places.includes(seq) && !hidden.has(seq) ? { string: () => `event ${seq}` } : null,
  };
  const subscription = { isClosed: () => true, unsubscribe: () => {} };
  const context = {
    once: async (_key: string, make: () => Promise<unknown>) => make(),
    manager: { streams },
    connection: { subscribe: () => subscription },
  } as unknown as NatsContext;
  const link: NatsLink = {
    use: (timeoutMs, work) => work(context, createDeadline(clock, timeoutMs, 'NATS')),
    close: () => {},
  };
  const queue = natsQueue({
    link,
    clock,
    stream: 'alarms',
    ledger: {
      read: async () => ledger,
      update: async (change) => {
        ledger = change(ledger);
        return ledger;
      },
      close: async () => {},
    },
  });
  return { clock, hidden, queue, ledger: () => ledger };
}

describe('a place in which the leader shows nothing', () => {
  it('is not settled while an event may be there, and the event is given out when it is shown', async () => {
    const { clock, hidden, queue, ledger } = streamOf([1, 2, 3], 1, 3);
    hidden.add(2);
    const page = await queue.page(1, 0, 10, 0);
    expect(page.events.map(({ position }) => position)).toEqual([1, 3]);
    await queue.settle(1, [1, 3]);
    expect(ledger()).toMatchObject({ base: 1, ranges: [[3, 3]] });
    hidden.clear();
    await clock.advance(30_000);
    expect((await queue.page(1, page.after, 10, 0)).events).toEqual([{ position: 2, body: 'event 2' }]);
    await queue.settle(1, [2]);
    expect(ledger()).toMatchObject({ base: 3, ranges: [] });
  });

  it('is settled with the next ones when it is still empty after a while', async () => {
    const { clock, queue, ledger } = streamOf([1, 3], 1, 3);
    const page = await queue.page(1, 0, 10, 0);
    await clock.advance(30_000);
    await queue.page(1, page.after, 10, 0);
    await queue.settle(1, [1, 3]);
    expect(ledger()).toMatchObject({ base: 3, ranges: [] });
  });

  it('is settled at once where the stream begins behind it', async () => {
    const { queue, ledger } = streamOf([3], 3, 3);
    await queue.page(1, 0, 10, 0);
    await queue.settle(1, [3]);
    expect(ledger()).toMatchObject({ base: 3, ranges: [] });
  });
});
