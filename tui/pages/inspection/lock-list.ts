/** Everything that is locked, with who and why; from here it is unlocked, and never by accident. */
import type { Lock } from '../../../src/contract/index.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { clampList, listStart, moveList } from '../../components/list.ts';
import { type Column, table } from '../../components/table.ts';
import { blank, type Line, line, span } from '../../format/line.ts';
import { formatSize, plural } from '../../format/numbers.ts';
import { dateTime, recentMinute } from '../../format/time.ts';
import { shorten } from '../../format/width.ts';
import type { Frame, Overlay, Shell } from '../../shell.ts';

/** Rows below the list: the lock under the cursor. */
const detailRows = 4;

export function openLockList(shell: Shell, changed: () => void): void {
  shell.run(
    'Asking for the locks',
    () => shell.client.lock.list({}),
    (locks) => shell.open(lockList(shell, locks, changed)),
  );
}

function lockList(shell: Shell, given: readonly Lock[], changed: () => void): Overlay {
  let locks = given;
  let cursor = listStart;
  let rows = 1;

  function unlock(): void {
    const lock = locks[cursor.index];
    if (lock === undefined || !shell.mayChange()) return;
    const name = lock.cameraName ?? lock.cameraId;
    const zone = shell.timeZone();
    const [from, to] = [dateTime(lock.fromMs, zone), dateTime(lock.toMs, zone)];
    shell.open(
      confirmOverlay(shell, {
        title: `Unlock ${lock.id}`,
        consequences: [`The video of ${name}, ${from} - ${to}, may be overwritten from now on, and soon is.`],
        typed: lock.id,
        verb: 'Unlock',
        working: 'Unlocking',
        act: async () => {
          await shell.client.lock.remove({ id: lock.id });
          locks = locks.filter(({ id }) => id !== lock.id);
        },
        done: () => {
          shell.notify(`${lock.id} is removed.`, 'good');
          changed();
        },
      }),
    );
  }

  return {
    title: locks.length === 0 ? 'Locks' : `Locks: ${locks.length}`,
    view(frame) {
      const width = Math.min(100, frame.columns - 4);
      rows = Math.max(1, Math.min(locks.length, frame.rows - 3 - detailRows - 1));
      cursor = clampList(cursor, locks.length, rows);
      const listed = table({
        columns: columnsFor(frame),
        rows: locks,
        cursor,
        width,
        height: rows + 1,
        empty: 'Nothing is locked. L on an hour or a minute locks it.',
      });
      return {
        width,
        lines: [...listed, ...details(locks[cursor.index], frame, width)],
        hints: [
          ...(locks.length === 0 ? [] : [{ key: 'Enter', text: 'unlock' }]),
          { key: 'Esc', text: 'close' },
        ],
      };
    },
    key(key) {
      if (key === 'esc' || key === 'q') return shell.close();
      if (key === 'enter' || key === 'D') return unlock();
      cursor = moveList(cursor, key, locks.length, rows) ?? cursor;
      shell.changed();
    },
  };
}

function columnsFor({ nowMs, timeZone }: Frame): readonly Column<Lock>[] {
  const time = (utcMs: number) => recentMinute(utcMs, nowMs, timeZone);
  return [
    { title: 'Lock', width: 9, cell: (lock) => lock.id },
    { title: 'Camera', width: 8, grow: true, cell: (lock) => lock.cameraName ?? lock.cameraId },
    { title: 'From', width: 11, cell: (lock) => time(lock.fromMs) },
    { title: 'To', width: 11, from: 60, cell: (lock) => time(lock.toMs) },
    {
      title: 'Holds',
      width: 8,
      align: 'right',
      cell: ({ bytes }) => (bytes === null ? '?' : formatSize(bytes)),
    },
  ];
}

function details(lock: Lock | undefined, { timeZone }: Frame, width: number): Line[] {
  if (lock === undefined) return [];
  const { fromMs, toMs, createdBy, createdAtMs, expiresAtMs, note, blocks } = lock;
  const ends = expiresAtMs === null ? 'never expires' : `expires ${dateTime(expiresAtMs, timeZone)}`;
  const held = blocks === null ? '' : `, ${plural(blocks, 'block')}`;
  return [
    blank,
    line(span(shorten(` ${dateTime(fromMs, timeZone)} - ${dateTime(toMs, timeZone)}${held}`, width))),
    line(span(shorten(` ${createdBy}, ${dateTime(createdAtMs, timeZone)}; ${ends}`, width), 'dim')),
    line(span(shorten(` ${note === '' ? 'no note' : note}`, width), note === '' ? 'dim' : 'strong')),
  ];
}
