/** Event mappings from a file of the console's machine: read and held against those of the node, and entered only after the question. */
import type { EventMapping } from '../../../../src/contract/index.ts';
import { parseMappingFile } from '../../../../src/model/device-import.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import { blank, line, span } from '../../../format/line.ts';
import { plural } from '../../../format/numbers.ts';
import { wrap } from '../../../format/width.ts';
import { mayEdit, type Receivers } from '../context.ts';
import { readItems } from '../item-file.ts';

/** Codes named in a consequence; of more the number is told. */
const namedMax = 12;

interface Plan {
  mappings: readonly EventMapping[];
  replace: boolean;
  added: number;
  changed: number;
  unchanged: number;
  removed: readonly string[];
  /** Went to the ARC before, and would be kept only. */
  silenced: readonly string[];
}

export function importMappings(receivers: Receivers, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'event mappings are imported')) return;
  let plan = planOf([], [], false);
  shell.open(
    formOverlay(shell, {
      title: 'Import event mappings',
      entries: [
        { kind: 'text', name: 'path', label: 'File', placeholder: 'codes.csv, on this machine' },
        {
          kind: 'choice',
          name: 'others',
          label: 'Others',
          value: 'stay',
          options: [
            { value: 'stay', label: 'stay as they are' },
            { value: 'go', label: 'go: only those of the file are left' },
          ],
        },
        {
          kind: 'note',
          lines: (_values, width) => [
            blank,
            ...wrap(
              'CSV or JSON: code, words, category, sia, contactId, forward. It is tried first; then you are asked.',
              width,
            ).map((row) => line(span(row, 'dim'))),
          ],
        },
      ],
      submit: 'Try',
      working: 'Reading the file',
      async send(values) {
        const mappings = await readItems((values.path ?? '').trim(), {
          parse: parseMappingFile,
          item: 'event mapping',
        });
        plan = planOf(await shell.client.alarm.mappings(), mappings, values.others === 'go');
        return true;
      },
      done: () => askImport(receivers, plan, done),
    }),
  );
}

function planOf(present: readonly EventMapping[], mappings: readonly EventMapping[], replace: boolean): Plan {
  const before = new Map(present.map((each) => [each.code, each]));
  const named = new Set(mappings.map(({ code }) => code));
  const unchanged = mappings.filter((each) => isSame(before.get(each.code), each)).length;
  const added = mappings.filter(({ code }) => !before.has(code)).length;
  return {
    mappings,
    replace,
    added,
    unchanged,
    changed: mappings.length - added - unchanged,
    removed: replace ? [...before.keys()].filter((code) => !named.has(code)) : [],
    silenced: mappings
      .filter(({ code, forward }) => !forward && before.get(code)?.forward !== false)
      .map(({ code }) => code),
  };
}

function isSame(one: EventMapping | undefined, other: EventMapping): boolean {
  return (
    one !== undefined &&
    one.words === other.words &&
    one.category === other.category &&
    one.sia === other.sia &&
    one.contactId === other.contactId &&
    one.forward === other.forward
  );
}

function codesText(codes: readonly string[]): string {
  const more = codes.length - namedMax;
  return `${codes.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function askImport({ shell }: Receivers, plan: Plan, done: () => void): void {
  const { mappings, replace, added, changed, unchanged, removed, silenced } = plan;
  if (added + changed + removed.length === 0) {
    shell.notify(`All ${plural(unchanged, 'mapping')} of the file are there as they are.`, 'good');
    return;
  }
  shell.open(
    confirmOverlay(shell, {
      title: 'Import event mappings',
      consequences: [
        `${plural(added, 'mapping')} would be added, ${changed} changed, ${unchanged} stay as they are.`,
        ...(removed.length === 0
          ? []
          : [`Removed, so that the standards say what they mean: ${codesText(removed)}.`]),
        ...(silenced.length === 0
          ? []
          : [`No longer forwarded to the ARC, only kept here: ${codesText(silenced)}.`]),
      ],
      verb: 'Import',
      working: `Importing ${plural(mappings.length, 'mapping')}`,
      act: async () => {
        const counts = await shell.client.alarm.setMappings({ mappings: [...mappings], replace });
        const gone = counts.removed === 0 ? '' : `, ${counts.removed} removed`;
        shell.notify(`${counts.added} added, ${counts.changed} changed${gone}.`, 'good');
      },
      done,
    }),
  );
}
