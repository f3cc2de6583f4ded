/** What a receiver without any way to an ARC says to devices: nothing. */
import { describe, expect, it } from 'vitest';
import type { AlarmEvent } from '../../../agent/alarms/types.ts';
import { withWayOn } from '../../../agent/alarms/way-on.ts';
import { sampleEvent } from './sample-event.ts';

function desk(way: { member?: boolean; output?: boolean; keeps?: boolean }) {
  const taken: AlarmEvent[] = [];
  const heard: string[] = [];
  const state = { member: false, output: false, keeps: false, ...way };
  const sink = withWayOn(
    {
      take: async (event) => void taken.push(event),
      heard: (account) => void heard.push(account),
    },
    { isMember: () => state.member, hasOutput: () => state.output, keeps: () => state.keeps },
  );
  return { sink, taken, heard, state };
}

describe('an event', () => {
  it('is not taken by a receiver that stands alone without an output, such as a former spare', async () => {
    const { sink, taken } = desk({});
    await expect(sink.take(sampleEvent())).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no output'),
    });
    expect(taken).toEqual([]);
  });

  it.each([{ member: true }, { output: true }, { keeps: true }])('is taken with %j', async (way) => {
    const { sink, taken } = desk(way);
    await sink.take(sampleEvent());
    expect(taken).toHaveLength(1);
  });

  it('is taken from the moment that an output is there', async () => {
    const { sink, taken, state } = desk({});
    await expect(sink.take(sampleEvent())).rejects.toThrow();
    state.output = true;
    await sink.take(sampleEvent());
    expect(taken).toHaveLength(1);
  });

  it('that is only to be kept is taken, and each message is a sign of life', async () => {
    const { sink, taken, heard } = desk({});
    await sink.take(sampleEvent({ forward: false }));
    sink.heard('1234', 1);
    expect({ count: taken.length, heard }).toEqual({ count: 1, heard: ['1234'] });
  });
});
