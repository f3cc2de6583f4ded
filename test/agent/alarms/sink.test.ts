/** When an event may be acknowledged: with one copy that is safe, and never with none. */
import { describe, expect, it } from 'vitest';
import type { GroupShare } from '../../../agent/alarms/group-share.ts';
import { createSink } from '../../../agent/alarms/sink.ts';
import { AppError } from '../../../src/errors.ts';
import { sampleEvent } from './sample-event.ts';

function sinkWith(disk: 'works' | 'is full', group: 'has it' | 'is away' | null) {
  const seen: string[] = [];
  const share = { share: async () => group === 'has it' } as Pick<GroupShare, 'share'> as GroupShare;
  const sink = createSink({
    store: {
      record: async () => {
        if (disk === 'is full') throw new AppError('disk_full', 'no room for alarms');
        return { number: 1, duplicate: false };
      },
      heard: (account) => seen.push(`stored ${account}`),
    },
    share: () => {
      seen.push('asked for the group');
      return group === null ? null : share;
    },
    onTaken: ({ id }) => seen.push(`taken ${id}`),
    heard: (account) => seen.push(`heard ${account}`),
  });
  return { sink, seen };
}

describe('an event', () => {
  it.each([
    ['works', null],
    ['works', 'is away'],
    ['works', 'has it'],
    ['is full', 'has it'],
  ] as const)('is acknowledged when the disk %s and the group %s', async (disk, group) => {
    const { sink, seen } = sinkWith(disk, group);
    await sink.take(sampleEvent());
    expect(seen).toContain('taken e1');
  });

  it.each([null, 'is away'] as const)('is not when the disk is full and the group %s', async (group) => {
    const { sink, seen } = sinkWith('is full', group);
    await expect(sink.take(sampleEvent())).rejects.toMatchObject({ code: 'disk_full' });
    expect(seen).not.toContain('taken e1');
  });

  it('that is only kept does not go to the group', async () => {
    const { sink, seen } = sinkWith('works', 'has it');
    await sink.take(sampleEvent({ forward: false }));
    expect(seen).toEqual(['taken e1']);
  });

  it('and any other message is a sign of life', () => {
    const { sink, seen } = sinkWith('works', null);
    sink.heard('1234', 1);
    expect(seen).toEqual(['stored 1234', 'heard 1234']);
  });
});
