/** Searches the journal within a bounded time, whatever is asked and however much it holds: no search looks at more than it may. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type LogEntry, logEntrySchema, logLevels } from '../../src/contract/index.ts';
import { type LogQuery, planSearch, type SearchPlan, type TimeWindow } from './plan.ts';

export interface LogPage {
  /** At least so many; exact unless `more`. */
  total: number;
  page: number;
  pages: number;
  /** Further entries may match than were counted. */
  more: boolean;
  /** Where to go on with `beforeId`; null when nothing older matches. */
  nextBeforeId: number | null;
  entries: LogEntry[];
}

/** Hits that are counted of a search that no single index answers. */
export const hitsMax = 10_000;
/** Entries that are looked at one by one for such a search. */
export const candidatesMax = 30_000;

const rowSchema = z.object({
  id: z.number(),
  time_ms: z.number(),
  type: z.string(),
  level: z.number(),
  event: z.string(),
  subject: z.string().nullable(),
  user: z.string().nullable(),
  ip: z.string().nullable(),
  text: z.string(),
  details: z.string().nullable(),
});
const countSchema = z.object({ count: z.number() });
const windowSchema = z.object({
  count: z.number(),
  idMin: z.number().nullable(),
  idMax: z.number().nullable(),
});
const scanSchema = z.object({
  candidates: z.number(),
  oldest: z.number().nullable(),
  hits: z.number(),
  ids: z.string(),
});

/** `count`: all entries there are. */
export function searchJournal(database: DatabaseSync, query: LogQuery, count: number): LogPage {
  const window = timeWindow(database, query);
  const plan = planSearch(query, window);
  if (plan === null) return page(query, { total: 0, more: false, oldest: null, entries: [] });
  const counted = plan.filter === null && plan.id === 'id' && query.beforeId === undefined;
  if (!counted) return scan(database, query, plan);
  const total =
    plan.from === 'entry'
      ? (window?.count ?? count)
      : countWhere(database, plan.from, plan.where, plan.values);
  return page(query, { total, more: false, oldest: null, entries: pageOf(database, query, plan, total) });
}

/** Walks from the nearer end. */
function pageOf(database: DatabaseSync, query: LogQuery, plan: SearchPlan, total: number): LogEntry[] {
  const before = (query.page - 1) * query.pageSize;
  const count = Math.min(query.pageSize, total - before);
  if (count <= 0) return [];
  const behind = total - before - count;
  const [order, offset] = before <= behind ? ['DESC', before] : ['ASC', behind];
  const rows = database
    .prepare(`SELECT * FROM ${plan.from} WHERE ${plan.where} ORDER BY id ${order} LIMIT ? OFFSET ?`)
    .all(...plan.values, count, offset);
  return (order === 'ASC' ? rows.reverse() : rows).map(toEntry);
}

export function latestEntries(database: DatabaseSync, count: number): LogEntry[] {
  return database.prepare('SELECT * FROM entry ORDER BY id DESC LIMIT ?').all(count).map(toEntry);
}

export function countEntries(database: DatabaseSync): number {
  return countWhere(database, 'entry', '1', []);
}

function timeWindow(database: DatabaseSync, query: LogQuery): TimeWindow | null {
  if (query.fromMs === undefined && query.toMs === undefined) return null;
  const found = database
    .prepare(
      `SELECT count(*) AS count, min(id) AS idMin, max(id) AS idMax FROM entry INDEXED BY entry_time
       WHERE time_ms >= ? AND time_ms < ?`,
    )
    .get(query.fromMs ?? 0, query.toMs ?? Number.MAX_SAFE_INTEGER);
  const { count, idMin, idMax } = windowSchema.parse(found);
  return { count, idMin: idMin ?? 0, idMax: idMax ?? 0 };
}

/** Goes back from the newest candidate until enough was seen. */
function scan(database: DatabaseSync, query: LogQuery, plan: SearchPlan): LogPage {
  const offset = (query.page - 1) * query.pageSize;
  const limit = plan.filter === null ? hitsMax + 1 : candidatesMax;
  const hits = plan.filter
    ? `SELECT entry.id FROM candidate CROSS JOIN entry ON entry.id = candidate.id WHERE ${plan.filter.where}
       ORDER BY candidate.id DESC LIMIT ${hitsMax + 1}`
    : 'SELECT id FROM candidate';
  const row = database
    .prepare(
      `WITH candidate AS MATERIALIZED (
         SELECT ${plan.id} AS id FROM ${plan.from} WHERE ${plan.where} ORDER BY ${plan.id} DESC LIMIT ${limit}),
       hit AS MATERIALIZED (${hits})
       SELECT (SELECT count(*) FROM candidate) AS candidates, (SELECT min(id) FROM candidate) AS oldest,
         (SELECT count(*) FROM hit) AS hits,
         (SELECT json_group_array(id) FROM (SELECT id FROM hit ORDER BY id DESC LIMIT ? OFFSET ?)) AS ids`,
    )
    .get(...plan.values, ...(plan.filter?.values ?? []), query.pageSize, offset);
  const found = scanSchema.parse(row);
  const entries = database
    .prepare(
      'SELECT entry.* FROM json_each(?) AS wanted CROSS JOIN entry ON entry.id = wanted.value ORDER BY id DESC',
    )
    .all(found.ids)
    .map(toEntry);
  const cut = found.candidates >= limit;
  const total = Math.min(found.hits, hitsMax);
  return page(query, {
    total,
    more: cut || found.hits > hitsMax,
    oldest: cut ? found.oldest : null,
    entries,
  });
}

/** `oldest`: the last candidate that was looked at, when older ones were not. */
function page(
  query: LogQuery,
  found: { total: number; more: boolean; oldest: number | null; entries: LogEntry[] },
): LogPage {
  const { total, more, oldest, entries } = found;
  const shown = (query.page - 1) * query.pageSize + entries.length;
  const last = entries.at(-1)?.id ?? null;
  return {
    total,
    page: query.page,
    pages: Math.max(1, Math.ceil(total / query.pageSize)),
    more,
    nextBeforeId: shown < total && last !== null ? last : oldest,
    entries,
  };
}

function countWhere(
  database: DatabaseSync,
  from: string,
  where: string,
  values: readonly (string | number)[],
): number {
  const row = database.prepare(`SELECT count(*) AS count FROM ${from} WHERE ${where}`).get(...values);
  return countSchema.parse(row).count;
}

function toEntry(raw: unknown): LogEntry {
  const row = rowSchema.parse(raw);
  return logEntrySchema.parse({
    id: row.id,
    timeMs: row.time_ms,
    type: row.type,
    level: logLevels[row.level] ?? 'info',
    event: row.event,
    subject: row.subject,
    user: row.user,
    ip: row.ip,
    text: row.text,
    details: row.details === null ? null : JSON.parse(row.details),
  });
}
