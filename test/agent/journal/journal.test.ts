import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type Journal, type NewEntry, openJournal } from '../../../agent/journal/journal.ts';
import { logQuerySchema } from '../../../src/contract/index.ts';
import { FakeClock } from '../control/fake-clock.ts';

const clock = new FakeClock();
const opened: Journal[] = [];
const open = (entriesMax = 10_000, path = ':memory:') => {
  const journal = openJournal({ path, clock, entriesMax });
  opened.push(journal);
  return journal;
};
afterEach(() => {
  for (const journal of opened.splice(0)) journal.close();
});

const entry = (text: string, more: Partial<NewEntry> = {}): NewEntry => ({
  type: 'event',
  level: 'info',
  event: 'test.happened',
  text,
  ...more,
});
const query = (input: object = {}) => logQuerySchema.parse(input);
const texts = (journal: Journal, input: object) =>
  journal.search(query(input)).entries.map((found) => found.text);

describe('the journal', () => {
  it.each([
    ['that is no database', (size: number) => Buffer.alloc(size, 0xa5)],
    ['whose pages were lost', (_size: number, bytes: Buffer) => bytes.fill(0x5a, 100)],
  ])('puts a file aside %s, begins anew, and says so', (_, damage) => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-journal-'));
    try {
      const path = join(folder, 'journal.db');
      const first = open(100, path);
      for (let count = 0; count < 50; count += 1) first.append(entry(`entry ${count}`));
      first.close();
      const bytes = readFileSync(path);
      const damaged = damage(bytes.length, Buffer.from(bytes));
      writeFileSync(path, damaged);
      const second = open(100, path);
      expect(second.latest(10)).toMatchObject([{ event: 'journal.damaged', level: 'error' }]);
      second.append(entry('goes on'));
      expect(texts(second, { text: 'goes' })).toEqual(['goes on']);
      second.close();
      expect(readFileSync(`${path}.damaged`).equals(damaged)).toBe(true);
      expect(statSync(path).mode & 0o077).toBe(0);
      expect(texts(open(100, path), { text: 'goes' })).toEqual(['goes on']);
    } finally {
      for (const journal of opened.splice(0)) journal.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('gives back what was appended, newest first, at once', () => {
    const journal = open();
    journal.append(entry('one', { timeMs: 5, subject: 'c1', details: { a: 1 } }));
    journal.append(entry('two', { type: 'audit', user: 'admin', ip: '10.0.0.1' }));
    expect(journal.search(query())).toMatchObject({
      total: 2,
      page: 1,
      pages: 1,
      entries: [
        { text: 'two', type: 'audit', user: 'admin', ip: '10.0.0.1', timeMs: clock.nowMs() },
        { text: 'one', timeMs: 5, subject: 'c1', details: { a: 1 } },
      ],
    });
  });

  it('keeps an entry and its batch whatever its details are', () => {
    const journal = open();
    journal.append(entry('before'));
    journal.append(entry('number', { details: { many: 2n } }));
    journal.append(entry('long', { details: { text: 'x'.repeat(1_000_000) } }));
    journal.append(entry('after', { details: { a: 1 } }));
    const { entries } = journal.search(query());
    expect(entries.map(({ text }) => text)).toEqual(['after', 'long', 'number', 'before']);
    expect(entries[0]?.details).toEqual({ a: 1 });
    for (const each of entries.slice(1, 3)) expect(each.details).toHaveProperty('leftOut');
    expect(JSON.stringify(entries).length).toBeLessThan(2_000);
  });

  it('filters by everything the log page offers', () => {
    const journal = open();
    journal.append(entry('camera gate lost', { level: 'error', subject: 'c1', timeMs: 100 }));
    journal.append(entry('camera yard back', { level: 'info', subject: 'c2', timeMs: 200 }));
    journal.append(entry('space added', { type: 'audit', level: 'warning', ip: '10.0.0.9', timeMs: 300 }));
    expect(texts(journal, { type: 'audit' })).toEqual(['space added']);
    expect(texts(journal, { level: 'warning' })).toEqual(['space added', 'camera gate lost']);
    expect(texts(journal, { fromMs: 200, toMs: 300 })).toEqual(['camera yard back']);
    expect(texts(journal, { ip: '10.0.0.9' })).toEqual(['space added']);
    expect(texts(journal, { subject: 'c1' })).toEqual(['camera gate lost']);
    expect(texts(journal, { text: 'CAM ya' })).toEqual(['camera yard back']);
    expect(texts(journal, { text: 'camera', level: 'error' })).toEqual(['camera gate lost']);
    expect(texts(journal, { text: '***' })).toEqual([]);
  });

  it('pages', () => {
    const journal = open();
    for (let number = 1; number <= 25; number += 1) journal.append(entry(`entry ${number}`));
    expect(journal.search(query({ page: 3, pageSize: 10 }))).toMatchObject({ total: 25, pages: 3 });
    expect(texts(journal, { page: 3, pageSize: 10 })).toHaveLength(5);
    expect(texts(journal, { page: 9, pageSize: 10 })).toEqual([]);
  });

  it('holds its bound: the oldest go, audit entries last', () => {
    const journal = open(1_000);
    journal.append(entry('keep me', { type: 'audit' }));
    for (let number = 0; number < 3_000; number += 1) journal.append(entry(`entry ${number}`));
    const { total } = journal.search(query());
    expect(total).toBeLessThanOrEqual(1_000);
    expect(total).toBeGreaterThan(800);
    expect(texts(journal, { type: 'audit' })).toEqual(['keep me']);
    expect(texts(journal, { text: 'entry 0' })).toEqual([]);
    expect(texts(journal, { text: '2999' })).toEqual(['entry 2999']);
  });

  it('holds its bound with audit entries alone', () => {
    const journal = open(1_000);
    for (let number = 0; number < 1_500; number += 1)
      journal.append(entry(`entry ${number}`, { type: 'audit' }));
    expect(journal.search(query()).total).toBeLessThanOrEqual(1_000);
  });

  it('clears all but audit, or everything older', () => {
    const journal = open();
    journal.append(entry('old', { timeMs: 10 }));
    journal.append(entry('old audit', { type: 'audit', timeMs: 10 }));
    journal.append(entry('new', { timeMs: 20 }));
    expect(journal.clear(20)).toBe(2);
    journal.append(entry('audit', { type: 'audit' }));
    expect(journal.clear(null)).toBe(1);
    expect(journal.search(query())).toMatchObject({ total: 1, entries: [{ text: 'audit' }] });
    expect(texts(journal, { text: 'new' })).toEqual([]);
  });

  it('never fails on whatever is typed into the search', () => {
    const journal = open();
    journal.append(entry('something "quoted" AND near'));
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: 'binary' }), (text) => {
        expect(journal.search(query({ text })).total).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('writes events in batches and survives a kill with what was written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hf-journal-'));
    try {
      const path = join(folder, 'journal.db');
      const journal = open(10_000, path);
      const other = new DatabaseSync(path);
      const count = () => other.prepare('SELECT count(*) AS n FROM entry').get();
      journal.append(entry('waits'));
      expect(count()).toMatchObject({ n: 0 });
      clock.advance(200);
      expect(count()).toMatchObject({ n: 1 });
      journal.append(entry('at once', { type: 'audit' }));
      expect(count()).toMatchObject({ n: 2 });
      other.exec('PRAGMA user_version = 99');
      other.close();
      journal.close();
      expect(() => open(10_000, path)).toThrowError(expect.objectContaining({ code: 'unsupported' }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('goes back in bounded steps, without leaving one out, where no index answers a search', () => {
    const journal = open(100_000);
    const wanted = new Set<number>();
    for (let number = 0; number < 65_000; number += 1) {
      const rare = number % 9_000 === 17;
      if (rare) wanted.add(number);
      const level = rare ? 'error' : 'info';
      journal.append(entry(`camera ${number} lost`, { level, type: rare ? 'system' : 'event' }));
    }
    const search = (input: object) => journal.search(query({ text: 'camera', ...input }));
    const first = search({ type: 'system' });
    expect(first.more).toBe(true);
    expect(first.entries.length).toBeLessThan(wanted.size);
    const found: number[] = [];
    let calls = 0;
    for (let from = {}; calls < 10; calls += 1) {
      const page = search({ type: 'system', pageSize: 2, ...from });
      found.push(...page.entries.map(({ text }) => Number(/\d+/.exec(text)?.[0])));
      if (page.nextBeforeId === null) break;
      from = { beforeId: page.nextBeforeId };
    }
    expect(found).toEqual([...wanted].reverse());
    expect(search({})).toMatchObject({ total: 10_000, more: true });
    expect(search({ level: 'error', toMs: 1 })).toMatchObject({ total: 0, more: false, nextBeforeId: null });
  });

  it('finds the same whatever combination of filters leads the search', () => {
    const journal = open();
    const entries = Array.from({ length: 400 }, (_, at) => ({
      text: `camera ${at % 3 === 0 ? 'door' : 'yard'}`,
      type: (['event', 'audit', 'system'] as const)[at % 3] ?? 'event',
      level: (['debug', 'info', 'warning', 'error'] as const)[at % 4] ?? 'info',
      event: 'test.happened',
      subject: at % 5 === 0 ? `c${at % 2}` : null,
      ip: at % 7 === 0 ? '10.0.0.1' : null,
      // The clock is set back once.
      timeMs: at < 200 ? at : at - 100,
    }));
    for (const one of entries) journal.append(one);
    const rank = ['debug', 'info', 'warning', 'error'];
    const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const filter = fc.record({
      text: optional(fc.constantFrom('door', 'cam', 'ya ca', 'c', 'nothing')),
      type: optional(fc.constantFrom('event', 'audit', 'system')),
      level: optional(fc.constantFrom('debug', 'info', 'warning', 'error')),
      subject: optional(fc.constantFrom('c0', 'c1', 'c9')),
      ip: optional(fc.constantFrom('10.0.0.1', '10.0.0.2')),
      fromMs: optional(fc.integer({ min: 0, max: 320 })),
      toMs: optional(fc.integer({ min: 0, max: 320 })),
      beforeId: optional(fc.integer({ min: 1, max: 420 })),
      page: fc.integer({ min: 1, max: 5 }),
      pageSize: fc.constantFrom(3, 50, 1000),
    });
    fc.assert(
      fc.property(filter, (input) => {
        const words = (input.text ?? '').split(' ');
        const hits = entries
          .map((one, at) => ({ ...one, id: at + 1 }))
          .filter((one) => words.every((word) => word !== 'c' && ` ${one.text}`.includes(` ${word}`)))
          .filter((one) => input.type === undefined || one.type === input.type)
          .filter((one) => rank.indexOf(one.level) >= rank.indexOf(input.level ?? 'debug'))
          .filter((one) => input.subject === undefined || one.subject === input.subject)
          .filter((one) => input.ip === undefined || one.ip === input.ip)
          .filter((one) => one.timeMs >= (input.fromMs ?? 0) && one.timeMs < (input.toMs ?? 1_000))
          .filter((one) => one.id < (input.beforeId ?? 1_000))
          .reverse();
        const from = (input.page - 1) * input.pageSize;
        const wanted = hits.slice(from, from + input.pageSize).map(({ id }) => id);
        const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
        const found = journal.search(query(given));
        expect(found.entries.map(({ id }) => id)).toEqual(wanted);
        expect(found).toMatchObject({ total: hits.length, more: false });
        const isLast = from + wanted.length >= hits.length;
        expect(found.nextBeforeId).toBe(isLast ? null : (wanted.at(-1) ?? null));
      }),
      { numRuns: 400 },
    );
  });

  it('takes 20,000 events in a few seconds, and finds a word among them quickly', () => {
    const journal = open(100_000);
    const startedMs = performance.now();
    for (let number = 0; number < 20_000; number += 1)
      journal.append(entry(`camera c${number % 300} reconnected after ${number} ms`));
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    const searchedMs = performance.now();
    expect(journal.search(query({ text: 'c17 reconnected' })).total).toBeGreaterThan(60);
    expect(performance.now() - searchedMs).toBeLessThan(500);
  });
});
