/** Plans a search of the events: which index leads, and what is looked at of each row; no search looks at more than it may. Pure. */
import { type AlarmQuery, alarmCategories, alarmStates } from '../../../../src/contract/index.ts';
import type { TextMeaning } from '../types.ts';

/** Rows that one page looks at; further ones are left to the next page. */
export const rowsScanMax = 10_000;

type Value = string | number;
interface Condition {
  readonly where: string;
  readonly values: readonly Value[];
}

export interface ListPlan {
  /** Numbers of candidates, the newest first; its values come before those of the filter. */
  readonly candidates: string;
  readonly candidateValues: readonly Value[];
  readonly filter: string;
  readonly filterValues: readonly Value[];
}

/** Numbers between which all rows of the asked time lie. */
export interface NumberBounds {
  readonly first: number;
  readonly last: number;
}

interface Lead extends Condition {
  readonly index: string;
}

/** `few`: the asked time holds at most `rowsScanMax` rows, so its own index leads unless an account does. */
export function planList(
  query: AlarmQuery,
  meaning: TextMeaning,
  bounds: NumberBounds | null,
  few: boolean,
): ListPlan {
  const filter = joined(filters(query, meaning));
  const lead = leadOf(query, few);
  const range = rangeOf(query, bounds);
  const candidates = joined([lead, range]);
  return {
    candidates: `SELECT number AS candidate FROM event ${lead.index} WHERE ${candidates.where}
      ORDER BY number DESC LIMIT ${rowsScanMax}`,
    candidateValues: candidates.values,
    filter: filter.where,
    filterValues: filter.values,
  };
}

function leadOf(query: AlarmQuery, few: boolean): Lead {
  const by = (index: string, where: string, values: readonly Value[]): Lead => ({
    index: `INDEXED BY ${index}`,
    where,
    values,
  });
  if (query.account !== undefined) return by('event_account', 'account = ?', [query.account]);
  if (few) return by('event_received', 'received_ms >= ? AND received_ms < ?', timesOf(query));
  const state = query.state === undefined ? null : alarmStates.indexOf(query.state);
  if (state !== null && query.state !== 'acknowledged') {
    // The index holds no acknowledged ones, and is used only when the statement says so.
    return by('event_state', 'state = ? AND state <> 2', [state]);
  }
  if (query.code !== undefined) return by('event_code', 'code = ?', [query.code]);
  if (query.category !== undefined) {
    return by('event_category', 'category = ?', [alarmCategories.indexOf(query.category)]);
  }
  if (query.unacknowledged) return by('event_unseen', 'seen_ms IS NULL', []);
  return { index: 'NOT INDEXED', where: 'true', values: [] };
}

function rangeOf(query: AlarmQuery, bounds: NumberBounds | null): Condition {
  const below = Math.min(query.before ?? Number.MAX_SAFE_INTEGER, (bounds?.last ?? Infinity) + 1);
  return { where: 'number >= ? AND number < ?', values: [bounds?.first ?? 0, below] };
}

function filters(query: AlarmQuery, meaning: TextMeaning): Condition[] {
  const found: Condition[] = [];
  const add = (where: string, ...values: Value[]) => found.push({ where, values });
  if (query.account !== undefined) add('account = ?', query.account);
  if (query.code !== undefined) add('code = ?', query.code);
  if (query.category !== undefined) add('category = ?', alarmCategories.indexOf(query.category));
  if (query.state !== undefined) add('state = ?', alarmStates.indexOf(query.state));
  if (query.unacknowledged) add('seen_ms IS NULL');
  if (hasTime(query)) add('received_ms >= ? AND received_ms < ?', ...timesOf(query));
  if (query.text !== undefined && query.text !== '') found.push(textFilter(query.text, meaning));
  return found;
}

export function hasTime(query: AlarmQuery): boolean {
  return query.fromMs !== undefined || query.toMs !== undefined;
}

/** From the first, up to and without the second. */
export function timesOf(query: AlarmQuery): [number, number] {
  return [query.fromMs ?? 0, query.toMs ?? Number.MAX_SAFE_INTEGER];
}

/** The text of the whole event is looked through first, which is quick; its fields are taken out only of those that hold it. */
function textFilter(text: string, { accounts, codes }: TextMeaning): Condition {
  const inJson = likePattern(JSON.stringify(text).slice(1, -1));
  const plain = likePattern(text);
  const like = "LIKE ? ESCAPE '\\'";
  const field = (path: string) => `event ->> '$.${path}' ${like}`;
  return {
    where: `(account IN (SELECT value FROM json_each(?)) OR code IN (SELECT value FROM json_each(?))
      OR (event ${like} AND (${field('raw')} OR ${field('content.text')})))`,
    values: [JSON.stringify(accounts), JSON.stringify(codes), inJson, plain, plain],
  };
}

function likePattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}

function joined(conditions: readonly Condition[]): Condition {
  return {
    where: conditions.map(({ where }) => where).join(' AND ') || 'true',
    values: conditions.flatMap(({ values }) => values),
  };
}
