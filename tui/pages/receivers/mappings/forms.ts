/** Entering, changing and deleting an event mapping; refused on a spare before a form opens. */
import { alarmCategories, type EventMapping, eventMappingSchema } from '../../../../src/contract/index.ts';
import { AppError } from '../../../../src/errors.ts';
import { confirmOverlay } from '../../../components/confirm.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import type { Entry, Values } from '../../../components/form-state.ts';
import { blank, line, span } from '../../../format/line.ts';
import { wrap } from '../../../format/width.ts';
import { mayEdit, type Receivers } from '../context.ts';

const fields = eventMappingSchema.shape;
const standard = '';

function codeProblem(text: string): string | null {
  return fields.code.safeParse(text.trim().toUpperCase()).success
    ? null
    : '130 (Contact ID) or BA (SIA), and the like';
}

function entriesOf(mapping: EventMapping | null): Entry[] {
  return [
    ...(mapping === null
      ? [{ kind: 'text' as const, name: 'code', label: 'Code', placeholder: 'BA or 130', check: codeProblem }]
      : []),
    {
      kind: 'text',
      name: 'words',
      label: 'Words',
      value: mapping?.words ?? '',
      placeholder: 'as the standard has it',
      check: (text) => (fields.words.safeParse(text.trim()).success ? null : 'at most 64 characters'),
    },
    {
      kind: 'choice',
      name: 'category',
      label: 'Category',
      value: mapping?.category ?? standard,
      options: [
        { value: standard, label: 'as the standard has it' },
        ...alarmCategories.map((value) => ({ value, label: value })),
      ],
    },
    {
      kind: 'text',
      name: 'sia',
      label: 'Sent in SIA as',
      value: mapping?.sia ?? '',
      placeholder: 'as the standard has it',
      check: (text) => (/^([A-Za-z]{2})?$/.test(text.trim()) ? null : 'two letters, or nothing'),
    },
    {
      kind: 'text',
      name: 'contactId',
      label: 'In Contact ID as',
      value: mapping?.contactId ?? '',
      placeholder: 'as the standard has it',
      check: (text) => (/^([0-9A-Fa-f]{3})?$/.test(text.trim()) ? null : 'three hex digits, or nothing'),
    },
    {
      kind: 'choice',
      name: 'forward',
      label: 'Forwarded',
      value: mapping?.forward === false ? 'no' : 'yes',
      options: [
        { value: 'yes', label: 'yes' },
        { value: 'no', label: 'no: kept and shown here only' },
      ],
    },
    {
      kind: 'note',
      lines: (values, width) =>
        values.forward === 'no'
          ? [
              blank,
              ...wrap(
                'The ARC is not told of such events. The device is acknowledged all the same.',
                width,
              ).map((row) => line(span(row, 'warn'))),
            ]
          : [],
    },
  ];
}

function mappingOf(code: string, values: Values): EventMapping {
  const text = (name: string): string | null => (values[name] ?? '').trim() || null;
  return {
    code,
    words: text('words'),
    category: alarmCategories.find((each) => each === values.category) ?? null,
    sia: text('sia')?.toUpperCase() ?? null,
    contactId: text('contactId')?.toUpperCase() ?? null,
    forward: values.forward !== 'no',
  };
}

export function addMapping(receivers: Receivers, done: (code: string) => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'event mappings are entered')) return;
  let code = '';
  shell.open(
    formOverlay(shell, {
      title: 'Enter an event mapping',
      entries: entriesOf(null),
      submit: 'Add',
      working: 'Entering the mapping',
      async send(values) {
        code = (values.code ?? '').trim().toUpperCase();
        const present = await shell.client.alarm.mappings();
        if (present.some((each) => each.code === code)) {
          throw new AppError('conflict', `code ${code} is mapped already`, {
            hint: 'Esc, then c on its row changes it.',
          });
        }
        await shell.client.alarm.setMappings({ mappings: [mappingOf(code, values)], replace: false });
        return true;
      },
      done() {
        shell.notify(`Code ${code} is mapped.`, 'good');
        done(code);
      },
    }),
  );
}

export function editMapping(receivers: Receivers, mapping: EventMapping, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'event mappings are changed')) return;
  shell.open(
    formOverlay(shell, {
      title: `Change the mapping of code ${mapping.code}`,
      entries: entriesOf(mapping),
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        await shell.client.alarm.setMappings({
          mappings: [mappingOf(mapping.code, values)],
          replace: false,
        });
        return true;
      },
      done() {
        shell.notify('Saved.', 'good');
        done();
      },
    }),
  );
}

export function removeMapping(receivers: Receivers, { code, forward }: EventMapping, done: () => void): void {
  const { shell } = receivers;
  if (!mayEdit(receivers, 'event mappings are deleted')) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Delete the mapping of code ${code}`,
      consequences: [
        `Code ${code} means what the standards say again.`,
        ...(forward ? [] : ['Events with it, which are only kept now, go to the ARC from then on.']),
      ],
      verb: 'Delete',
      working: 'Deleting',
      act: async () => {
        // The list as it is by now: what another console has entered meanwhile stays.
        const present = await shell.client.alarm.mappings();
        const rest = present.filter((each) => each.code !== code);
        await shell.client.alarm.setMappings({ mappings: rest, replace: true });
      },
      done() {
        shell.notify(`Deleted the mapping of code ${code}.`, 'good');
        done();
      },
    }),
  );
}
