/** What the receiver process answers to control stays within a line, whatever devices send. */
import { expect, it } from 'vitest';
import { type CallParts, createCalls } from '../../../agent/alarms/calls.ts';
import type { StoredAlarm } from '../../../agent/alarms/store/types.ts';
import { alarmSchema } from '../../../src/contract/index.ts';
import { sampleEvent } from './sample-event.ts';

it('a page of events that are noise is cut, and the next goes on where it ended', async () => {
  const noise = '\u0001'.repeat(4_000);
  const rows = Array.from({ length: 1_000 }, (_, at): StoredAlarm => {
    const event = sampleEvent({ raw: noise, extended: [{ type: 'V', value: noise }] });
    const progress = { state: 'waiting', attempts: 0, output: null, arcAckMs: null, problem: null } as const;
    return {
      number: 1_000 - at,
      event,
      progress,
      acknowledgedBy: null,
      acknowledgedMs: null,
      resentOf: null,
    };
  });
  const store = {
    list: async ({ before = 1_001, limit }: { before?: number; limit: number }) => {
      const found = rows.filter(({ number }) => number < before);
      const alarms = found.slice(0, limit);
      return { alarms, nextBefore: found.length > limit ? (alarms.at(-1)?.number ?? null) : null };
    },
  } as Partial<CallParts['store']> as CallParts['store'];
  const directory = {
    namesOf: () => ({ device: null, words: 'noise' }),
  } as Partial<CallParts['directory']> as CallParts['directory'];
  const group = {} as Partial<CallParts['group']> as CallParts['group'];
  const call = createCalls({ store, directory, group, onResent: () => {} });
  const seen: number[] = [];
  for (let before: number | undefined = 1_001; before !== undefined; ) {
    const page = (await call('alarm.list', { before, limit: 1_000 }, null)) as {
      alarms: { number: number }[];
      nextBefore: number | null;
    };
    expect(JSON.stringify(page).length).toBeLessThan(5 * 1024 * 1024);
    alarmSchema.parse(page.alarms[0]);
    seen.push(...page.alarms.map(({ number }) => number));
    before = page.nextBefore ?? undefined;
  }
  expect(seen).toEqual(rows.map(({ number }) => number));
});
