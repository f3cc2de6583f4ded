/** Turns a search into SQL: the index that leads to the fewest rows, what is left to be checked, values always bound. */
import type { z } from 'zod';
import { logLevels, type logQuerySchema } from '../../src/contract/index.ts';

export type LogQuery = z.infer<typeof logQuerySchema>;
type Value = string | number;

/** What the time index says about the wanted stretch: how many entries, and between which ids. */
export interface TimeWindow {
  readonly count: number;
  readonly idMin: number;
  readonly idMax: number;
}

export interface SearchPlan {
  /** Gives `id`s, newest first when ordered so; conditions behind `WHERE`. */
  readonly from: string;
  readonly where: string;
  readonly values: readonly Value[];
  /** The column of `from` that is the entry's id. */
  readonly id: 'id' | 'rowid';
  /** Conditions on `entry` that no index answers, null when there are none: the number of hits is then cheap to count. */
  readonly filter: { readonly where: string; readonly values: readonly Value[] } | null;
}

interface Condition {
  readonly sql: string;
  readonly value: Value;
  /** Of `entry`, when the condition can be looked up. */
  readonly index: string | null;
}

/** Words beyond this many are left out of a search. */
const wordsMax = 16;
/** Shorter words must be there as they are: too much begins with one letter. */
const prefixLengthMin = 2;

/** Longer words become quoted prefixes, all must be present; null when the text holds no word. */
export function matchExpression(text: string): string | null {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return null;
  return words
    .slice(0, wordsMax)
    .map((word) => `"${word}"${word.length >= prefixLengthMin ? '*' : ''}`)
    .join(' ');
}

/** Null when nothing can match. */
export function planSearch(query: LogQuery, window: TimeWindow | null): SearchPlan | null {
  const text = query.text?.trim() ? matchExpression(query.text) : undefined;
  if (text === null || window?.count === 0) return null;
  const idMax = Math.min(
    window?.idMax ?? Number.MAX_SAFE_INTEGER,
    (query.beforeId ?? Number.MAX_SAFE_INTEGER) - 1,
  );
  const bounds: Value[] = [window?.idMin ?? 0, idMax];
  const conditions = conditionsOf(query, window);
  if (text !== undefined) {
    const where = 'entry_text MATCH ? AND rowid BETWEEN ? AND ?';
    return {
      from: 'entry_text',
      where,
      values: [text, ...bounds],
      id: 'rowid',
      filter: filterOf(conditions),
    };
  }
  const lead = conditions.find((condition) => condition.index !== null);
  const rest = filterOf(conditions.filter((condition) => condition !== lead));
  if (!lead?.index)
    return { from: 'entry', where: 'id BETWEEN ? AND ?', values: bounds, id: 'id', filter: rest };
  return {
    from: `entry INDEXED BY ${lead.index}`,
    where: `${lead.sql} AND id BETWEEN ? AND ?`,
    values: [lead.value, ...bounds],
    id: 'id',
    filter: rest,
  };
}

/** Those with an index first, the most telling before the others. */
function conditionsOf(query: LogQuery, window: TimeWindow | null): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, value: Value | undefined, index: string | null) => {
    if (value !== undefined) conditions.push({ sql, value, index });
  };
  add('subject = ?', query.subject, 'entry_by_subject');
  add('ip = ?', query.ip, 'entry_by_ip');
  add(...levelCondition(query.level));
  add('type = ?', query.type, 'entry_by_type');
  // Between ids without a hole in time the ids say all.
  if (window && window.count < window.idMax - window.idMin + 1) {
    add('time_ms >= ?', query.fromMs, null);
    add('time_ms < ?', query.toMs, null);
  }
  return conditions;
}

/** Only what is rare has an index; it is partial, so its condition must stand there literally. */
function levelCondition(
  level: LogQuery['level'],
): [sql: string, value: Value | undefined, index: string | null] {
  const rank = level === undefined ? 0 : logLevels.indexOf(level);
  if (level === 'error' || level === 'warning') return [`level >= ${rank} AND ?`, 1, `entry_by_${level}`];
  return ['level >= ?', rank > 0 ? rank : undefined, null];
}

function filterOf(conditions: readonly Condition[]): SearchPlan['filter'] {
  if (conditions.length === 0) return null;
  return {
    where: conditions.map(({ sql }) => sql).join(' AND '),
    values: conditions.map(({ value }) => value),
  };
}
