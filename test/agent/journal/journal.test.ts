import { mkdtempSync, rmSync } from 'node:fs';
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
