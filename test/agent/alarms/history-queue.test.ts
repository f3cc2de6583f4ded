/** What passes through the group's queue is kept as history on the receiver that works, and never holds it up. */
import { describe, expect, it } from 'vitest';
import { historyQueue } from '../../../agent/alarms/history-queue.ts';
import type { Absorbed } from '../../../agent/alarms/store/types.ts';
import type { AlarmQueue, Settlement } from '../../../agent/alarms/types.ts';
import { AppError } from '../../../src/errors.ts';
import { FakeClock } from '../standby/resources/fakes.ts';
import { sampleEvent } from './sample-event.ts';

const settlement: Settlement = {
  position: 7,
  outcome: 'acknowledged',
  ackMs: 5,
  output: 'ARC',
  attempts: 1,
  problem: null,
};

function world(disk: 'works' | 'fails' = 'works', held: readonly string[] = []) {
  const clock = new FakeClock();
  const absorbed: Absorbed[] = [];
  const passed: string[] = [];
  const settledPositions: number[] = [];
  let refused = false;
  const inner: AlarmQueue = {
    append: async () => [],
    open: async () => {},
    pull: async () => [{ position: 7, event: sampleEvent({ id: 'e7' }) }],
    settle: async (_epoch, settlements) => {
      if (refused) throw new AppError('not_active', 'another works');
      settledPositions.push(...settlements.map(({ position }) => position));
    },
    counts: async () => ({ waiting: 0, oldestMs: null }),
    close: async () => {},
  };
  const queue = historyQueue({
    queue: inner,
    clock,
    absorb: async (items) => {
      if (disk === 'fails') throw new AppError('disk_full', 'no room');
      absorbed.push(...items);
    },
    onPassing: ({ id }) => {
      passed.push(id);
      return !held.includes(id);
    },
  });
  const refuse = () => {
    refused = true;
  };
  return { clock, absorbed, passed, settledPositions, queue, refuse };
}

describe('events of the group', () => {
  it('that are not to be forwarded leave the queue when they are kept here', async () => {
    const { queue, absorbed, settledPositions } = world('works', ['e7']);
    expect(await queue.pull(1, 10, 0)).toEqual([]);
    expect(absorbed).toMatchObject([{ event: { id: 'e7', forward: false }, settlement: null }]);
    expect(settledPositions).toEqual([7]);
  });

  it('are forwarded rather than lost when they cannot be kept', async () => {
    const { queue, settledPositions } = world('fails', ['e7']);
    expect((await queue.pull(1, 10, 0)).map(({ position }) => position)).toEqual([7]);
    expect(settledPositions).toEqual([]);
  });

  it('are kept when they are pulled and again with how they went', async () => {
    const { queue, clock, absorbed, passed } = world();
    await queue.pull(1, 10, 0);
    await clock.advance(100);
    await queue.settle(1, [settlement]);
    await clock.advance(100);
    const { position: _, ...how } = settlement;
    expect(absorbed.map(({ event, settlement: went }) => [event.id, went])).toEqual([
      ['e7', null],
      ['e7', how],
    ]);
    expect(passed).toEqual(['e7']);
  });

  it('are forwarded all the same when their history cannot be written', async () => {
    const { queue, clock, settledPositions } = world('fails');
    expect(await queue.pull(1, 10, 0)).toHaveLength(1);
    await clock.advance(100);
    await queue.settle(1, [settlement]);
    await clock.advance(100);
    expect(settledPositions).toEqual([7]);
  });

  it('that another receiver settles are not told as settled here', async () => {
    const { queue, clock, absorbed, refuse } = world();
    await queue.pull(1, 10, 0);
    refuse();
    await expect(queue.settle(1, [settlement])).rejects.toMatchObject({ code: 'not_active' });
    await clock.advance(100);
    expect(absorbed.map(({ settlement: went }) => went)).toEqual([null]);
  });
});
