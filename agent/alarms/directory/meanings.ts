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
import { buildContactId, buildSiaData } from '../dc09/event/codec.ts';
import { contactIdRows } from '../dc09/event/contact-id-words.ts';
import { siaRows } from '../dc09/event/sia-words.ts';
import { describeContent } from '../dc09/event-words.ts';
import type { AlarmEvent } from '../types.ts';
import { firstTwice } from './device-rules.ts';
import { mappingsMax } from './types.ts';

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

  convert({ account, content }: AlarmEvent, to: 'SIA-DCS' | 'ADM-CID'): string | null {
    const mapping = this.#of(content);
    const code = to === 'SIA-DCS' ? mapping?.sia : mapping?.contactId;
    const meant = code ? { ...content, code } : content;
    return to === 'SIA-DCS' ? buildSiaData(account, meant) : buildContactId(account, meant);
  }

  #of({ code }: AlarmContent): EventMapping | undefined {
    return code === null ? undefined : this.#byCode.get(code);
  }
}

function textOf({ code, words, category, sia, contactId, forward }: EventMapping): string {
  return JSON.stringify({ code, words, category, sia, contactId, forward });
}
