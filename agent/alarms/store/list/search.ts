/** Searches the events within a bounded time, whatever is asked and however many there are. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { AlarmQuery } from '../../../../src/contract/index.ts';
import type { RawAlarm, RawPage } from '../messages.ts';
import type { TextMeaning } from '../types.ts';
import { hasTime, type ListPlan, type NumberBounds, planList, rowsScanMax, timesOf } from './plan.ts';

const hourMs = 3_600_000;

const rawSchema: z.ZodType<RawAlarm> = z.object({
  number: z.number(),
  state: z.number(),
  attempts: z.number(),
  output: z.string().nullable(),
  arcAckMs: z.number().nullable(),
  problem: z.string().nullable(),
  seenBy: z.string().nullable(),
  seenMs: z.number().nullable(),
  resentOf: z.number().nullable(),
  event: z.string(),
});
const boundsSchema = z.object({ first: z.number().nullable(), last: z.number().nullable() });
const countSchema = z.object({ count: z.number() });
const numberSchema = z.object({ candidate: z.number() }).optional();

const columns = `number, state, attempts, output, arc_ack_ms AS arcAckMs, problem, seen_by AS seenBy, seen_ms AS seenMs,
  resent_of AS resentOf, event`;

export function listEvents(database: DatabaseSync, query: AlarmQuery, meaning: TextMeaning): RawPage {
  const bounds = hasTime(query) ? boundsOf(database, query) : null;
  if (bounds !== null && bounds.last === 0) return { rows: [], nextBefore: null };
  const few = bounds !== null && rowsOfTime(database, query) <= rowsScanMax;
  const plan = planList(query, meaning, bounds, few);
  const found = database
    .prepare(
      `SELECT ${columns} FROM (${plan.candidates}) CROSS JOIN event ON number = candidate
       WHERE ${plan.filter} LIMIT ?`,
    )
    .all(...plan.candidateValues, ...plan.filterValues, query.limit + 1)
    .map((row) => rawSchema.parse(row));
  const rows = found.slice(0, query.limit);
  const more = found.length > rows.length;
  return { rows, nextBefore: more ? (rows.at(-1)?.number ?? null) : lastLookedAt(database, plan) };
}

/** The oldest candidate when there may be more than were looked at. */
function lastLookedAt(database: DatabaseSync, plan: ListPlan): number | null {
  const last = database
    .prepare(`SELECT candidate FROM (${plan.candidates}) LIMIT 1 OFFSET ${rowsScanMax - 1}`)
    .get(...plan.candidateValues);
  return numberSchema.parse(last)?.candidate ?? null;
}

function boundsOf(database: DatabaseSync, query: AlarmQuery): NumberBounds {
  const [fromMs, toMs] = timesOf(query);
  const found = database
    .prepare('SELECT min(first) AS first, max(last) AS last FROM hour WHERE hour BETWEEN ? AND ?')
    .get(Math.floor(fromMs / hourMs), Math.floor((toMs - 1) / hourMs));
  const { first, last } = boundsSchema.parse(found);
  return { first: first ?? 0, last: last ?? 0 };
}

/** Counts no further than it matters. */
function rowsOfTime(database: DatabaseSync, query: AlarmQuery): number {
  const row = database
    .prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM event INDEXED BY event_received
       WHERE received_ms >= ? AND received_ms < ? LIMIT ${rowsScanMax + 1})`,
    )
    .get(...timesOf(query));
  return countSchema.parse(row).count;
}

export function eventsSince(database: DatabaseSync, after: number, limit: number): RawAlarm[] {
  return database
    .prepare(`SELECT ${columns} FROM event WHERE number > ? ORDER BY number LIMIT ?`)
    .all(after, limit)
    .map((row) => rawSchema.parse(row));
}

export function eventOf(database: DatabaseSync, number: number): RawAlarm | null {
  const row = database.prepare(`SELECT ${columns} FROM event WHERE number = ?`).get(number);
  return row === undefined ? null : rawSchema.parse(row);
}
