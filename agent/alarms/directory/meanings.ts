/** What event codes mean here: the operator's mapping first, then the tables of the formats. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import {
  type AlarmCategory,
  type AlarmContent,
  type EventMapping,
  eventMappingSchema,
} from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { buildContactId, buildSiaData, parseContactId, parseSiaData } from '../dc09/event/codec.ts';
import { contactIdRows } from '../dc09/event/contact-id-words.ts';
import { siaRows } from '../dc09/event/sia-words.ts';
import { contactIdOfSia, describeContent, siaOfContactId, wordsOfSia } from '../dc09/event-words.ts';
import type { AlarmEvent } from '../types.ts';
import { firstTwice } from './device-rules.ts';
import { mappingsMax } from './types.ts';

type Format = 'SIA-DCS' | 'ADM-CID';

const nothing: AlarmContent = {
  code: null,
  qualifier: 'new',
  area: null,
  zone: null,
  user: null,
  text: null,
};
const knownCodes = [...siaRows, ...contactIdRows].map((row) => row.split('|')[0] ?? '');
const rowSchema = z.object({ config: z.string() });

export class Meanings {
  readonly #sql: Record<'all' | 'put' | 'remove', StatementSync>;
  #byCode = new Map<string, EventMapping>();

  constructor(database: DatabaseSync) {
    this.#sql = {
      all: database.prepare('SELECT config FROM mapping ORDER BY code'),
      put: database.prepare('INSERT OR REPLACE INTO mapping VALUES (?, ?)'),
      remove: database.prepare('DELETE FROM mapping WHERE code = ?'),
    };
    this.reload();
  }

  all(): EventMapping[] {
    return [...this.#byCode.values()];
  }

  /** Reads what a transaction left. */
  reload(): void {
    const rows = this.#sql.all.all().map((row) => rowSchema.parse(row));
    const mappings = rows.map(({ config }) => eventMappingSchema.parse(JSON.parse(config)));
    this.#byCode = new Map(mappings.map((mapping) => [mapping.code, mapping]));
  }

  /** Inside a transaction; `reload` after it. @throws AppError `invalid_input`, `conflict`. */
  set(
    mappings: readonly EventMapping[],
    replace: boolean,
  ): { added: number; changed: number; removed: number } {
    const twice = firstTwice(mappings.map(({ code }) => code));
    if (twice !== null) {
      throw new AppError('invalid_input', `code ${twice} is mapped twice`, { hint: 'Give each code once.' });
    }
    const wanted = new Set(mappings.map(({ code }) => code));
    const gone = replace ? [...this.#byCode.keys()].filter((code) => !wanted.has(code)) : [];
    const added = mappings.filter(({ code }) => !this.#byCode.has(code));
    const changed = mappings.filter((mapping) => {
      const known = this.#byCode.get(mapping.code);
      return known !== undefined && textOf(known) !== textOf(mapping);
    });
    if (this.#byCode.size - gone.length + added.length > mappingsMax) {
      throw new AppError('conflict', `more than ${mappingsMax} event mappings`, {
        hint: 'Remove some first.',
      });
    }
    for (const code of gone) this.#sql.remove.run(code);
    for (const mapping of [...added, ...changed]) this.#sql.put.run(mapping.code, textOf(mapping));
    return { added: added.length, changed: changed.length, removed: gone.length };
  }

  categorise(content: AlarmContent): { category: AlarmCategory; forward: boolean } {
    const mapping = this.#of(content);
    return {
      category: mapping?.category ?? describeContent(content).category,
      forward: mapping?.forward ?? true,
    };
  }

  wordsOf(content: AlarmContent): string {
    const words = this.#of(content)?.words;
    if (words === null || words === undefined) return describeContent(content).words;
    return content.qualifier === 'restore' ? `${words}, restored` : words;
  }

  /** Codes whose words hold `text`. */
  codesWith(text: string): string[] {
    const wanted = text.toLowerCase();
    const codes = new Set([...knownCodes, ...this.#byCode.keys()]);
    return [...codes].filter((code) =>
      this.wordsOf({ ...nothing, code })
        .toLowerCase()
        .includes(wanted),
    );
  }

  /** The mapped code where it can say the same, else the table's; null when neither can. */
  convert({ account, content }: Pick<AlarmEvent, 'account' | 'content'>, to: Format): string | null {
    const mapping = this.#of(content);
    const code = to === 'SIA-DCS' ? mapping?.sia : mapping?.contactId;
    const mapped = code ? convertAs(code, account, content, to) : null;
    return (
      mapped ??
      faithful(
        to === 'SIA-DCS' ? buildSiaData(account, content) : buildContactId(account, content),
        content,
        to,
      )
    );
  }

  #of({ code }: AlarmContent): EventMapping | undefined {
    return code === null ? undefined : this.#byCode.get(code);
  }
}

/** A SIA code says by itself whether something is over: of the mapped one's pair the one that says what the event says. */
function convertAs(code: string, account: string, content: AlarmContent, to: Format): string | null {
  const over = phaseOf(content) === 'over';
  const qualifier = over ? 'restore' : content.qualifier;
  if (to === 'ADM-CID')
    return faithful(buildContactId(account, { ...content, code, qualifier }), content, to);
  const pair = contactIdOfSia(code)?.slice(1);
  const other = pair === undefined ? null : siaOfContactId(`${over ? 3 : 1}${pair}`);
  const meant = [code, other].filter((each) => each !== null);
  const built = meant.map((each) => faithful(buildSiaData(account, { ...content, code: each }), content, to));
  return built.find((data) => data !== null) ?? null;
}

/** A restore never becomes an alarm, nor an alarm a restore: null for data that would say so. */
function faithful(data: string | null, content: AlarmContent, to: Format): string | null {
  if (data === null) return null;
  const said = (to === 'SIA-DCS' ? parseSiaData(data) : parseContactId(data)).content;
  return phaseOf(said) === phaseOf(content) ? data : null;
}

/** That something begins, is still so, or is over. */
function phaseOf({ code, qualifier }: AlarmContent): 'new' | 'previous' | 'over' {
  const overByCode = code !== null && wordsOfSia(code)?.restores === true;
  return qualifier === 'restore' || overByCode ? 'over' : (qualifier ?? 'new');
}

function textOf({ code, words, category, sia, contactId, forward }: EventMapping): string {
  return JSON.stringify({ code, words, category, sia, contactId, forward });
}
