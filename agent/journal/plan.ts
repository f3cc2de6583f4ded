/** Turns a search into SQL: every filter of the log page, words matched by their beginnings, values always bound. */
import type { z } from 'zod';
import { logLevels, type logQuerySchema } from '../../src/contract/index.ts';

export type LogQuery = z.infer<typeof logQuerySchema>;
type Value = string | number;

export interface SearchPlan {
  /** Condition behind `FROM entry`, with its bound values. */
  where: string;
  values: Value[];
}

/** Words beyond this many are left out of a search. */
const wordsMax = 16;

/** Each word becomes a quoted prefix, all must be present; null when the text holds no word. */
export function matchExpression(text: string): string | null {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return null;
  return words
    .slice(0, wordsMax)
    .map((word) => `"${word}"*`)
    .join(' ');
}

export function planSearch(query: LogQuery): SearchPlan {
  const conditions: string[] = [];
  const values: Value[] = [];
  const add = (condition: string, value: Value | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  add('type = ?', query.type);
  add('level >= ?', query.level === undefined ? undefined : logLevels.indexOf(query.level));
  add('time_ms >= ?', query.fromMs);
  add('time_ms < ?', query.toMs);
  add('ip = ?', query.ip);
  add('subject = ?', query.subject);
  if (query.text !== undefined && query.text.trim() !== '') {
    const match = matchExpression(query.text);
    if (match === null) conditions.push('0');
    else add('id IN (SELECT rowid FROM entry_text WHERE entry_text MATCH ?)', match);
  }
  return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, values };
}
