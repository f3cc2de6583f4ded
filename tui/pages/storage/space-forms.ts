/** Adding, initialising, restoring and deleting storage spaces, each with what it means said first. */
import type { FolderEntry, Space } from '../../../src/contract/index.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import type { Entry } from '../../components/form-state.ts';
import { blank, line, span } from '../../format/line.ts';
import { formatSize, sizeForField, sizeFromField } from '../../format/numbers.ts';
import { wrap } from '../../format/width.ts';
import type { Shell } from '../../shell.ts';
import { folderPicker } from './folder-picker.ts';

/** The least a space may have (the node refuses less). */
const quotaBytesMin = 64 * 2 ** 20;
/** What is left free by default: the rest of a data disk's tenth, half of the system's disk. */
const shareOfData = 0.9;
const shareOfSystem = 0.5;

/** Folder, then quota, then done; `done` runs when the space was added. */
export function addSpace(shell: Shell, done?: () => void): void {
  if (!shell.mayChange()) return;
  shell.open(folderPicker(shell, (folder) => shell.open(quotaForm(shell, folder, done))));
}

function quotaForm(shell: Shell, folder: FolderEntry, done?: () => void) {
  const free = folder.freeBytes;
  const others = shell.state().status?.spaces.reduce((sum, space) => sum + space.quotaBytes, 0) ?? 0;
  const share = folder.systemDisk ? shareOfSystem : shareOfData;
  const confirmEntries: Entry[] = folder.empty
    ? []
    : [
        {
          kind: 'text',
          name: 'confirm',
          label: 'Not empty: type its path',
          placeholder: 'what is in it stays, but is it the right one?',
        },
      ];
  const systemEntries: Entry[] = folder.systemDisk
    ? [
        {
          kind: 'choice',
          name: 'system',
          label: 'System disk',
          value: 'no',
          options: [
            { value: 'no', label: 'no, I choose another folder' },
            { value: 'yes', label: 'yes, record onto the system disk' },
          ],
        },
      ]
    : [];
  return formOverlay(shell, {
    title: 'Add a storage space',
    intro: [
      line('Folder  ', span(folder.path, 'strong')),
      line(
        'Free    ',
        free === null ? 'not known' : `${formatSize(free)} of ${formatSize(folder.totalBytes ?? 0)}`,
      ),
      blank,
    ],
    entries: [
      {
        kind: 'text',
        name: 'quota',
        label: 'Quota',
        value: free === null ? '' : sizeForField(free * share, 2),
        placeholder: 'such as 500GB',
        check: (value) => quotaRefusal(value, free),
      },
      { kind: 'text', name: 'name', label: 'Name', placeholder: 'optional; the folder’s name by itself' },
      ...systemEntries,
      ...confirmEntries,
      {
        kind: 'note',
        lines: (values, width) => [
          blank,
          line(`All spaces together: ${formatSize(others + (sizeFromField(values.quota ?? '') ?? 0))}`),
          ...wrap(
            'It is filled with empty blocks now; that may take a while and goes on by itself.',
            width,
          ).map((row) => line(span(row, 'dim'))),
        ],
      },
    ],
    submit: 'Add and initialise',
    working: 'Adding the space',
    async send(values) {
      const name = (values.name ?? '').trim();
      const confirm = values.confirm ?? '';
      await shell.client.space.add({
        path: folder.path,
        quotaBytes: sizeFromField(values.quota ?? '') ?? 0,
        allowSystemDisk: values.system === 'yes',
        ...(name === '' ? {} : { name }),
        ...(confirm === '' ? {} : { confirm }),
      });
      return true;
    },
    done() {
      shell.close();
      shell.notify(`Initialising ${folder.path}. It goes on by itself; look for it on page 2.`, 'good');
      done?.();
    },
  });
}

function quotaRefusal(text: string, freeBytes: number | null): string | null {
  const bytes = sizeFromField(text);
  if (bytes === null) return 'write a size such as 500GB or 2TB';
  if (bytes < quotaBytesMin) return `at least ${formatSize(quotaBytesMin)}`;
  return freeBytes !== null && bytes > freeBytes ? `only ${formatSize(freeBytes)} are free` : null;
}

export function initialiseSpace(shell: Shell, space: Space): void {
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Initialise ${space.name} again`,
      consequences: [
        `Everything recorded in ${space.path} is destroyed: ${formatSize(space.usedBytes)} of video.`,
        'Cameras whose pool uses this space record elsewhere or not at all until it is done.',
      ],
      typed: space.name,
      verb: 'Destroy and initialise',
      working: 'Initialising',
      act: async () => {
        await shell.client.space.initialize({ id: space.id, confirm: space.name });
      },
      done: () => shell.notify(`Initialising ${space.path}.`, 'good'),
    }),
  );
}

export function deleteSpace(shell: Shell, space: Space): void {
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Delete ${space.name}`,
      consequences: [
        `The node forgets ${space.path}. The files on the disk stay and can be taken up again.`,
        'Only a space that is lost, faulty or not used by any pool can be deleted.',
      ],
      typed: space.name,
      verb: 'Delete',
      working: 'Deleting',
      act: async () => {
        await shell.client.space.delete({ id: space.id, confirm: space.name });
      },
      done: () => shell.notify(`Deleted ${space.name}.`, 'good'),
    }),
  );
}

export function restoreSpace(shell: Shell, space: Space): void {
  if (!shell.mayChange()) return;
  const records = space.state === 'normal';
  shell.open(
    confirmOverlay(shell, {
      title: `Restore ${space.name}`,
      consequences: [
        `The index of ${space.path} is rebuilt from its blocks. No video is lost by it.`,
        ...(records
          ? [
              'This space is normal and needs no restoring. Until it is done, cameras record elsewhere or not at all.',
            ]
          : []),
      ],
      ...(records ? { typed: space.name } : {}),
      verb: 'Restore',
      working: 'Restoring',
      act: async () => {
        await shell.client.space.restore({ id: space.id, confirm: space.name });
      },
      done: () => shell.notify(`Restoring ${space.path}.`, 'good'),
    }),
  );
}

export function cancelSpace(shell: Shell, space: Space): void {
  if (!shell.mayChange()) return;
  shell.open(
    confirmOverlay(shell, {
      title: `Stop initialising ${space.name}`,
      consequences: [
        'What was prepared so far is of no use; the space must be initialised again or deleted.',
      ],
      verb: 'Stop it',
      working: 'Stopping',
      act: async () => {
        await shell.client.space.cancel({ id: space.id });
      },
    }),
  );
}
