/** Adding, changing, expanding and deleting resource pools. */
import type { Pool, Space } from '../../../src/contract/index.ts';
import { videoBytesLost } from '../../../src/model/pool-share.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import type { ChoiceEntry, Entry, TextEntry, Values } from '../../components/form-state.ts';
import { blank, line, span } from '../../format/line.ts';
import { formatSize, plural, sizeForField, sizeFromField } from '../../format/numbers.ts';
import type { Shell } from '../../shell.ts';

/** More fields than this do not fit a small terminal; the other spaces are added by expanding. */
const spacesMax = 6;
/** Room under one block is not worth offering. */
const roomBytesMin = 256 * 2 ** 20;

const roomOf = (space: Space): number => Math.max(0, space.quotaBytes - space.allocatedBytes);

function strategyEntry(value: Pool['strategy']): ChoiceEntry {
  return {
    kind: 'choice',
    name: 'strategy',
    label: 'When full',
    value,
    options: [
      { value: 'capacity', label: 'overwrite the oldest' },
      { value: 'cycle', label: 'keep a number of days' },
    ],
  };
}

function daysEntry(value: number | null): TextEntry {
  return {
    kind: 'text',
    name: 'days',
    label: 'Days to keep',
    value: value === null ? '' : String(value),
    placeholder: 'only for "keep a number of days"',
    check: (text, values) =>
      values.strategy !== 'cycle' || isWhole(text, 1, 3650) ? null : 'a number from 1 to 3650',
  };
}

function lockedEntry(percent: number): TextEntry {
  return {
    kind: 'text',
    name: 'locked',
    label: 'Locked at most, %',
    value: String(percent),
    check: (text) => (isWhole(text, 0, 90) ? null : 'a number from 0 to 90'),
  };
}

function isWhole(text: string, min: number, max: number): boolean {
  return /^\d{1,4}$/.test(text) && Number(text) >= min && Number(text) <= max;
}

function nameCheck(name: string): string | null {
  return name.trim() === '' ? 'is needed' : name.length > 64 ? 'at most 64 characters' : null;
}

export function addPool(shell: Shell, done?: () => void) {
  if (!shell.mayChange()) return;
  const { status } = shell.state();
  const spaces = (status?.spaces ?? [])
    .filter(
      (space) =>
        (space.state === 'normal' || space.state === 'initializing') && roomOf(space) >= roomBytesMin,
    )
    .slice(0, spacesMax);
  if (spaces.length === 0) {
    return shell.notify(
      'No space has room left for a pool. Add a storage space first (key a on page 2).',
      'warn',
    );
  }
  const shareEntries = spaces.map(
    (space): Entry => ({
      kind: 'text',
      name: space.id,
      label: `From ${space.id} ${space.name}`,
      value: sizeForField(roomOf(space)),
      placeholder: `nothing; room for ${formatSize(roomOf(space))}`,
      check: (text) => shareRefusal(text, roomOf(space)),
    }),
  );
  shell.open(
    formOverlay(shell, {
      title: 'Add a resource pool',
      entries: [
        {
          kind: 'text',
          name: 'name',
          label: 'Name',
          value: status?.pools.length === 0 ? 'main' : '',
          check: nameCheck,
        },
        ...shareEntries,
        strategyEntry('capacity'),
        daysEntry(null),
        lockedEntry(20),
        {
          kind: 'note',
          lines: (values) => [blank, line(span(`Together: ${formatSize(sumOf(values, spaces))}`, 'dim'))],
        },
      ],
      submit: 'Add pool',
      working: 'Adding the pool',
      async send(values) {
        const shares = spaces
          .map((space) => ({ spaceId: space.id, bytes: sizeFromField(values[space.id] ?? '') ?? 0 }))
          .filter(({ bytes }) => bytes > 0);
        const strategy = values.strategy === 'cycle' ? 'cycle' : 'capacity';
        await shell.client.pool.add({
          name: (values.name ?? '').trim(),
          shares,
          strategy,
          maxLockedPercent: Number(values.locked),
          ...(strategy === 'cycle' ? { cycleDays: Number(values.days) } : {}),
        });
        return true;
      },
      done() {
        shell.notify('The pool was added.', 'good');
        done?.();
      },
    }),
  );
}

function shareRefusal(text: string, roomBytes: number): string | null {
  if (text.trim() === '') return null;
  const bytes = sizeFromField(text);
  if (bytes === null) return 'write a size such as 500GB, or nothing';
  return bytes > roomBytes ? `it can give ${formatSize(roomBytes)}` : null;
}

function sumOf(values: Values, spaces: readonly Space[]): number {
  return spaces.reduce((sum, space) => sum + (sizeFromField(values[space.id] ?? '') ?? 0), 0);
}

export function editPool(shell: Shell, pool: Pool): void {
  if (!shell.mayChange()) return;
  shell.open(
    formOverlay(shell, {
      title: `Change pool ${pool.name}`,
      entries: [
        { kind: 'text', name: 'name', label: 'Name', value: pool.name, check: nameCheck },
        strategyEntry(pool.strategy),
        daysEntry(pool.cycleDays),
        lockedEntry(pool.maxLockedPercent),
      ],
      submit: 'Save',
      working: 'Saving',
      async send(values) {
        const strategy = values.strategy === 'cycle' ? 'cycle' : 'capacity';
        await shell.client.pool.edit({
          id: pool.id,
          name: (values.name ?? '').trim(),
          strategy,
          maxLockedPercent: Number(values.locked),
          ...(strategy === 'cycle' ? { cycleDays: Number(values.days) } : {}),
        });
        return true;
      },
      done: () => shell.notify('Saved.', 'good'),
    }),
  );
}

/** Asks first what each space can still give. */
export function expandPool(shell: Shell, pool: Pool): void {
  if (!shell.mayChange()) return;
  shell.run(
    'Asking what the spaces can give',
    () => shell.client.pool.expandable({ id: pool.id }),
    (offers) => {
      const shareOf = (spaceId: string) => pool.shares.find((share) => share.spaceId === spaceId)?.bytes ?? 0;
      const options = offers.map(({ spaceId, bytes }) => ({
        value: spaceId,
        label: `${spaceId}: now ${formatSize(shareOf(spaceId))}, at most ${formatSize(bytes)}`,
      }));
      const [first] = offers;
      if (!first) return shell.notify('No space has anything left to give.', 'warn');
      shell.open(
        formOverlay(shell, {
          title: `Expand pool ${pool.name}`,
          intro: [line('A share may also shrink: then the oldest video in it goes first.'), blank],
          entries: [
            { kind: 'choice', name: 'space', label: 'Space', value: first.spaceId, options },
            {
              kind: 'text',
              name: 'bytes',
              label: 'New share',
              value: sizeForField(first.bytes),
              check: (text) => (sizeFromField(text) === null ? 'write a size such as 2TB' : null),
            },
          ],
          submit: 'Set share',
          working: 'Changing the share',
          async send(values) {
            const share = { spaceId: values.space ?? '', bytes: sizeFromField(values.bytes ?? '') ?? 0 };
            const held = pool.shares.find(({ spaceId }) => spaceId === share.spaceId);
            const lostBytes = videoBytesLost(held, share.bytes);
            if (lostBytes === 0) await shell.client.pool.expand({ id: pool.id, share });
            else confirmShrinking(shell, pool, { share, lostBytes });
            return lostBytes === 0;
          },
          done: () => shell.notify('The share was changed.', 'good'),
        }),
      );
    },
  );
}

/** Stands on the form, which closes with it when it was done. */
function confirmShrinking(
  shell: Shell,
  pool: Pool,
  { share, lostBytes }: { share: { spaceId: string; bytes: number }; lostBytes: number },
): void {
  shell.open(
    confirmOverlay(shell, {
      title: `Shrink pool ${pool.name}`,
      consequences: [
        `Less is left of ${share.spaceId} than is recorded there: ${formatSize(lostBytes)} of the oldest video is gone.`,
      ],
      typed: pool.name,
      verb: 'Shrink',
      working: 'Changing the share',
      act: async () => {
        await shell.client.pool.expand({ id: pool.id, share });
      },
      done() {
        shell.close();
        shell.notify('The share was changed.', 'good');
      },
    }),
  );
}

export function deletePool(shell: Shell, pool: Pool): void {
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Delete pool ${pool.name}`,
      consequences: [
        `Its video is gone: ${formatSize(pool.usedBytes)} become free blocks.`,
        pool.cameras > 0
          ? `${plural(pool.cameras, 'camera')} still record into it: give them another pool first.`
          : 'No camera uses it.',
      ],
      typed: pool.name,
      verb: 'Delete',
      working: 'Deleting',
      act: async () => {
        await shell.client.pool.delete({ id: pool.id, confirm: pool.name });
      },
      done: () => shell.notify(`Deleted pool ${pool.name}.`, 'good'),
    }),
  );
}
