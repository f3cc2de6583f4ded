/** Locking a stretch from the console: from, to and why; what it holds is told when it is done. */
import type { Lock } from '../../../src/contract/index.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import type { TextEntry } from '../../components/form-state.ts';
import { blank, line, span } from '../../format/line.ts';
import { formatSize, plural } from '../../format/numbers.ts';
import { dateTime, dayOf } from '../../format/time.ts';
import { wrap } from '../../format/width.ts';
import type { Shell } from '../../shell.ts';
import type { ClipRange } from './clip.ts';
import { endOfDay, localToUtc } from './local-time.ts';

const noteCharactersMax = 200;
const explanation =
  'Whole blocks are kept until an administrator unlocks them or the lock expires. What is recorded later is not locked.';

export function openLockForm(shell: Shell, range: ClipRange, done: () => void): void {
  if (!shell.mayChange()) return;
  const zone = shell.timeZone();
  /** A text that was not touched means the moment itself, also in an hour that the clocks repeat. */
  const momentOf = (text: string | undefined, givenMs: number): number | null => {
    const given = dateTime(givenMs, zone);
    return text === given ? givenMs : localToUtc(text ?? '', dayOf(givenMs, zone), zone);
  };
  const entry = (name: string, label: string, givenMs: number): TextEntry => ({
    kind: 'text',
    name,
    label,
    value: dateTime(givenMs, zone),
    check: (value) => (momentOf(value, givenMs) === null ? 'write it as YYYY-MM-DD HH:MM:SS' : null),
  });
  const endOf = (text: string | undefined): number | null =>
    text === undefined || text.trim() === '' ? null : endOfDay(text.trim(), zone);
  let added: Lock | null = null;
  shell.open(
    formOverlay(shell, {
      title: `Lock ${range.name}`,
      intro: [...wrap(explanation, 66).map((row) => line(span(row, 'dim'))), blank],
      entries: [
        entry('from', 'From', range.fromMs),
        entry('to', 'To', range.toMs),
        {
          kind: 'text',
          name: 'note',
          label: 'Note',
          placeholder: 'why: a case number, a name',
          check: (value) =>
            value.length > noteCharactersMax ? `at most ${noteCharactersMax} characters` : null,
        },
        {
          kind: 'text',
          name: 'expires',
          label: 'Expires after',
          placeholder: 'a day; left empty: never',
          check: (value) => {
            if (value.trim() === '') return null;
            const endMs = endOf(value);
            if (endMs === null) return 'write it as YYYY-MM-DD, or leave it empty';
            return endMs > shell.nodeNowMs() ? null : 'a day that has not ended';
          },
        },
      ],
      submit: 'Lock',
      working: 'Locking',
      async send(values) {
        const fromMs = momentOf(values.from, range.fromMs) ?? range.fromMs;
        const toMs = momentOf(values.to, range.toMs) ?? range.toMs;
        added = await shell.client.lock.add({
          camera: range.cameraId,
          fromMs,
          toMs,
          note: values.note ?? '',
          expiresAtMs: endOf(values.expires),
        });
        return true;
      },
      done() {
        if (added) shell.notify(doneText(added), 'good');
        done();
      },
    }),
  );
}

function doneText({ id, blocks, bytes }: Lock): string {
  const held = blocks === null || bytes === null ? '' : `: ${plural(blocks, 'block')}, ${formatSize(bytes)}`;
  return `Locked as ${id}${held}.`;
}
