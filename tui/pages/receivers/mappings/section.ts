/** The event mappings: what codes mean here, what they are sent as, and which of them the ARC is not told. */
import type { EventMapping } from '../../../../src/contract/index.ts';
import { keepAsking } from '../../../answer.ts';
import { clampList, type ListCursor, listStart, moveList } from '../../../components/list.ts';
import { type Column, padLines, table } from '../../../components/table.ts';
import { passesFilter } from '../../../format/filter.ts';
import { type Line, line, span, spread } from '../../../format/line.ts';
import { plural } from '../../../format/numbers.ts';
import type { Key } from '../../../keys.ts';
import type { Frame } from '../../../shell.ts';
import type { Receivers } from '../context.ts';
import type { Section } from '../section.ts';
import { addMapping, editMapping, removeMapping } from './forms.ts';
import { importMappings } from './import.ts';

/** On a spare they follow the host's, elsewhere another console may change them. */
const renewMs = 5_000;

interface Shown {
  all: readonly EventMapping[] | null;
  found: readonly EventMapping[];
  filter: string;
  problem: string | null;
  list: ListCursor;
}

export function createMappingsSection(receivers: Receivers): Section {
  const { shell } = receivers;
  const mappings = keepAsking(shell, () => shell.client.alarm.mappings());
  let filter = '';
  let list = listStart;
  let rows = 10;
  /** Just entered: the cursor goes there when it is in the list. */
  let awaited: string | null = null;

  const found = (): readonly EventMapping[] =>
    (mappings.value() ?? []).filter((mapping) => passesFilter(filter, textsOf(mapping)));
  const selected = (): EventMapping | undefined => found()[list.index];
  const again = (): void => mappings.ask();
  const withMapping = (act: (mapping: EventMapping) => void) => (): void => {
    const mapping = selected();
    if (mapping) act(mapping);
  };
  const change = withMapping((mapping) => editMapping(receivers, mapping, again));

  const keys: Readonly<Record<Key, () => void>> = {
    a: () =>
      addMapping(receivers, (code) => {
        awaited = code;
        again();
      }),
    c: change,
    enter: change,
    D: withMapping((mapping) => removeMapping(receivers, mapping, again)),
    i: () => importMappings(receivers, again),
  };

  function settle(): readonly EventMapping[] {
    const shown = found();
    const index = awaited === null ? -1 : shown.findIndex(({ code }) => code === awaited);
    if (index >= 0) awaited = null;
    list = clampList(index >= 0 ? { ...list, index } : list, shown.length, rows);
    return shown;
  }

  return {
    title: 'Mappings',
    help: [
      { keys: 'a', text: 'enter a mapping: what a code means here' },
      { keys: 'Enter c', text: 'change it' },
      { keys: 'D', text: 'delete it: the code means what the standards say' },
      { keys: 'i', text: 'import a file of this machine; it is tried first' },
      { keys: 'e', text: 'export what is listed; import takes it again' },
      { keys: '/', text: 'find in code, words and category' },
    ],
    load: again,
    tick() {
      if (mappings.ageMs() >= renewMs) again();
    },
    view(frame) {
      rows = Math.max(1, frame.rows - 2);
      const shown = settle();
      return {
        lines: mappingLines(
          {
            all: mappings.value(),
            found: shown,
            filter,
            problem: mappings.problem()?.text ?? null,
            list,
          },
          frame,
        ),
        foot: footLine(selected()),
        hints,
      };
    },
    key(key) {
      const action = keys[key];
      if (action) {
        action();
        return true;
      }
      const moved = moveList(list, key, found().length, rows);
      if (!moved) return false;
      list = moved;
      awaited = null;
      return true;
    },
    filter: {
      get: () => filter,
      set(text) {
        list = listStart;
        filter = text;
      },
    },
    commands: [
      { name: 'add mapping', aliases: ['enter mapping'], text: 'what a code means', run: () => keys.a?.() },
      {
        name: 'change mapping',
        aliases: ['edit mapping'],
        text: 'the one under the cursor',
        run: change,
      },
      {
        name: 'delete mapping',
        aliases: ['remove mapping'],
        text: 'the one under the cursor',
        run: () => keys.D?.(),
      },
      { name: 'import mappings', text: 'from CSV or JSON; tried first', run: () => keys.i?.() },
    ],
    sheet: () => ({
      name: 'holdfast-mappings.csv',
      header: ['code', 'words', 'category', 'sia', 'contactId', 'forward'],
      rows: found().map(({ code, words, category, sia, contactId, forward }) => [
        ...[code, words, category, sia, contactId],
        forward ? 'yes' : 'no',
      ]),
    }),
    copyText: () => selected()?.code ?? null,
  };
}

function textsOf({ code, words, category, sia, contactId, forward }: EventMapping): (string | null)[] {
  return [code, words, category, sia, contactId, forward ? null : 'not forwarded, kept'];
}

function mappingLines({ all, found, filter, problem, list }: Shown, frame: Frame): Line[] {
  const height = frame.rows - 1;
  const silent = all?.filter(({ forward }) => !forward).length ?? 0;
  const left = line(
    span(all === null ? ' event mappings' : ` ${plural(all.length, 'event mapping')}`, 'strong'),
    span(silent === 0 ? '' : `  ${silent} not forwarded`, 'warn'),
    span(filter === '' ? '' : `  /${filter}`, 'accent'),
    span(problem === null || all === null ? '' : `  ${problem}`, 'alarm'),
  );
  const place = found.length === 0 ? '' : `${list.index + 1} of ${found.length} `;
  const empty =
    all === null
      ? (problem ?? 'Asking the node …')
      : all.length === 0
        ? 'No mapping: codes mean what the standards say. a enters one, i imports.'
        : 'Nothing found.';
  return [
    spread(left, line(span(place, 'dim')), frame.columns),
    ...padLines(
      table({ columns: columnsOf(frame), rows: found, cursor: list, width: frame.columns, height, empty }),
      height,
    ),
  ];
}

function columnsOf({ theme: { glyphs } }: Frame): Column<EventMapping>[] {
  return [
    { title: 'Code', width: 4, cell: ({ code }) => ({ text: code, tone: 'strong' }) },
    { title: 'Words', width: 14, grow: true, cell: ({ words }) => words ?? '-' },
    { title: 'Category', width: 11, cell: ({ category }) => category ?? '-' },
    { title: 'SIA', width: 4, cell: ({ sia }) => sia ?? '-' },
    { title: 'CID', width: 4, cell: ({ contactId }) => contactId ?? '-' },
    {
      title: 'Forwarded',
      width: 11,
      cell: ({ forward }) =>
        forward
          ? { text: `${glyphs.good} yes`, tone: 'good' }
          : { text: `${glyphs.warn} only kept`, tone: 'warn' },
    },
  ];
}

/** The row in words; what a mapping leaves open is as the standards have it. */
function footLine(mapping: EventMapping | undefined): Line {
  if (!mapping) return line('');
  const { code, words, category, sia, contactId, forward } = mapping;
  const says = [
    ...(words === null ? [] : [words]),
    ...(category === null ? [] : [category]),
    ...(sia === null ? [] : [`sent as ${sia} in SIA`]),
    ...(contactId === null ? [] : [`sent as ${contactId} in Contact ID`]),
    forward ? 'forwarded' : 'kept here, the ARC is not told',
  ];
  return line(span(` ${code}`, 'strong'), span(`  ${says.join(', ')}`));
}

const hints = [
  { key: 'a', text: 'add' },
  { key: 'c', text: 'change' },
  { key: 'D', text: 'delete' },
  { key: 'i', text: 'import' },
  { key: 'e', text: 'export' },
  { key: '/', text: 'find' },
];
