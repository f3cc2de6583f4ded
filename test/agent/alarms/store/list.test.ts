import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowsScanMax } from '../../../../agent/alarms/store/list/plan.ts';
import type { StoredAlarm, TextMeaning } from '../../../../agent/alarms/store/types.ts';
import {
  type AlarmQuery,
  alarmCategories,
  alarmQuerySchema,
  alarmStates,
} from '../../../../src/contract/index.ts';
import { openTestStore, type TestStore } from './open-store.ts';
import { sampleEvent, startMs } from './sample-events.ts';

const hourMs = 3_600_000;
const codes = ['BA', 'FA', 'RP', null];
const texts = ['Front door', '100% "quoted"', 'a_b\\c', null];

let test: TestStore;
beforeEach(async () => {
  test = await openTestStore();
});
afterEach(() => test.remove());

/** Of all kinds, states and times; some were received long before they came here. */
async function fill(count: number): Promise<StoredAlarm[]> {
  const events = Array.from({ length: count }, (_, index) => {
    const event = sampleEvent(index, {
      account: String(1_000 + (index % 7)),
      category: alarmCategories[index % 4] ?? 'other',
      receivedMs: startMs + index * 60_000 - (index % 13 === 0 ? 5 * hourMs : 0),
      forward: index % 11 !== 0,
    });
    const content = { ...event.content, code: codes[index % 4] ?? null, text: texts[index % 5] ?? null };
    return { ...event, content };
  });
  await Promise.all(events.map((event) => test.store.record(event)));
  await test.store.queue.open(1);
  const common = { ackMs: startMs, output: 'ARC', attempts: 1, problem: null };
  const third = Array.from({ length: Math.floor(count / 3) }, (_, index) => index * 3 + 1);
  await test.store.queue.settle(
    1,
    third.map((position) => ({
      ...{
        position,
        outcome: position % 2 === 0 ? ('refused' as const) : ('acknowledged' as const),
        ...common,
      },
    })),
  );
  await test.store.markShared([2, 5, 8, 11]);
  await test.store.acknowledge(
    third.filter((each) => each % 4 === 0),
    'anna',
  );
  return [...(await test.store.since(0, count))].reverse();
}

/** All pages, one after the other. */
async function listAll(query: AlarmQuery, meaning?: TextMeaning): Promise<number[]> {
  const found: number[] = [];
  let before = query.before;
  for (let pages = 0; pages < 1_000; pages += 1) {
    const page = await test.store.list({ ...query, ...(before === undefined ? {} : { before }) }, meaning);
    expect(page.alarms.length).toBeLessThanOrEqual(query.limit);
    found.push(...page.alarms.map(({ number }) => number));
    if (page.nextBefore === null) return found;
    before = page.nextBefore;
  }
  throw new Error('the list does not end');
}

/** What a person would say belongs there. */
function matches(query: AlarmQuery, { accounts, codes: meant }: TextMeaning) {
  const text = query.text?.toLowerCase();
  return ({ number, event, progress, acknowledgedMs }: StoredAlarm) =>
    (query.account === undefined || event.account === query.account) &&
    (query.code === undefined || event.content.code === query.code) &&
    (query.category === undefined || event.category === query.category) &&
    (query.state === undefined || progress.state === query.state) &&
    (!query.unacknowledged || acknowledgedMs === null) &&
    (query.fromMs === undefined || event.receivedMs >= query.fromMs) &&
    (query.toMs === undefined || event.receivedMs < query.toMs) &&
    (query.before === undefined || number < query.before) &&
    (text === undefined ||
      accounts.includes(event.account) ||
      meant.includes(event.content.code ?? '') ||
      [event.raw, event.content.text ?? ''].some((field) => field.toLowerCase().includes(text)));
}

describe('listing', () => {
  it('finds with any filters what looking at every event finds, newest first, page after page', async () => {
    const rows = await fill(400);
    const none: TextMeaning = { accounts: [], codes: [] };
    const time = fc.integer({ min: -6, max: 401 }).map((minutes) => Math.max(0, startMs + minutes * 60_000));
    const query = fc.record(
      {
        account: fc.constantFrom('1000', '1003', '9999'),
        code: fc.constantFrom('BA', 'RP', 'ZZ'),
        category: fc.constantFrom(...alarmCategories.slice(0, 5)),
        state: fc.constantFrom(...alarmStates),
        text: fc.constantFrom('BA7', 'front', '100% "q', '_b\\', '%', 'account', 'x'),
        fromMs: time,
        toMs: time,
        unacknowledged: fc.boolean(),
        before: fc.integer({ min: 1, max: 420 }),
        limit: fc.constantFrom(1, 7, 1_000),
      },
      { requiredKeys: [] },
    );
    const meaning = fc.constantFrom(none, { accounts: ['1002'], codes: [] }, { accounts: [], codes: ['FA'] });
    await fc.assert(
      fc.asyncProperty(query, meaning, async (given, meant) => {
        const asked = alarmQuerySchema.parse(given);
        const wanted = rows.filter(matches(asked, meant)).map(({ number }) => number);
        expect(await listAll(asked, meant)).toEqual(wanted);
      }),
      { numRuns: 150 },
    );
  });

  it('looks at a bounded number of rows, and says where it goes on', async () => {
    const count = rowsScanMax + 500;
    await Promise.all(Array.from({ length: count }, (_, index) => test.store.record(sampleEvent(index))));
    const page = await test.store.list(alarmQuerySchema.parse({ text: 'nowhere' }));
    expect(page).toEqual({ alarms: [], nextBefore: count - rowsScanMax + 1 });
    const rest = await test.store.list(alarmQuerySchema.parse({ text: 'nowhere', before: page.nextBefore }));
    expect(rest).toEqual({ alarms: [], nextBefore: null });
  });
});
