/** Walks the folders of the node, from its mounts down, to choose one for a storage space. */
import type { FolderEntry } from '../../../src/contract/index.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { formOverlay } from '../../components/form-overlay.ts';
import { clampList, type ListCursor, listStart, moveList } from '../../components/list.ts';
import { blank, type Line, line, type Span, span } from '../../format/line.ts';
import { formatSize } from '../../format/numbers.ts';
import { problemOf } from '../../format/problem.ts';
import { pad, wrap } from '../../format/width.ts';
import type { Overlay, Shell } from '../../shell.ts';

interface Choice {
  kind: 'use' | 'up' | 'entry';
  entry?: FolderEntry;
}

/** `chosen` gets the folder; the picker stays open below what that opens. */
export function folderPicker(shell: Shell, chosen: (folder: FolderEntry) => void): Overlay {
  let path: string | null = null;
  let parent: string | null = null;
  let here: FolderEntry | null = null;
  let entries: readonly FolderEntry[] = [];
  let list: ListCursor = listStart;
  let problem: string | null = null;
  let loading = true;
  let height = 10;

  const choices = (): Choice[] => [
    ...(path === null ? [] : [{ kind: 'use' as const }, { kind: 'up' as const }]),
    ...entries.map((entry) => ({ kind: 'entry' as const, entry })),
  ];

  function load(next: string | null, asEntry: FolderEntry | null): void {
    loading = true;
    shell.changed();
    read(next, asEntry)
      .catch((thrown: unknown) => {
        problem = problemOf(thrown).text;
      })
      .finally(() => {
        loading = false;
        shell.changed();
      });
  }

  async function read(next: string | null, asEntry: FolderEntry | null): Promise<void> {
    const answer = await shell.client.space.browse(next === null ? {} : { path: next });
    const known = asEntry ?? (await entryOf(answer.path, answer.parent));
    ({ path, parent, entries } = answer);
    here = known;
    list = listStart;
    problem = null;
  }

  /** A folder that was not walked into is described by the listing of its parent. */
  async function entryOf(folder: string | null, above: string | null): Promise<FolderEntry | null> {
    if (folder === null) return null;
    const answer = await shell.client.space.browse(above === null ? {} : { path: above });
    return answer.entries.find((entry) => entry.path === folder) ?? null;
  }

  /** The folder we are in; what is not known of it is taken for the worse, so that it is asked about. */
  function current(): FolderEntry | null {
    if (path === null) return null;
    if (here) return here;
    const [near] = entries;
    return {
      path,
      name: path,
      kind: 'folder',
      totalBytes: near?.totalBytes ?? null,
      freeBytes: near?.freeBytes ?? null,
      deviceType: near?.deviceType ?? 'unknown',
      systemDisk: near?.systemDisk ?? true,
      writable: true,
      empty: false,
      holdfast: null,
    };
  }

  function open(): void {
    const choice = choices()[list.index];
    if (!choice || loading) return;
    if (choice.kind === 'up') load(parent, null);
    else if (choice.kind === 'entry' && choice.entry) load(choice.entry.path, choice.entry);
    else {
      const folder = current();
      if (folder) chosen(folder);
    }
  }

  /** Who makes a folder wants to use it: the picker walks into it. */
  async function make(folder: string): Promise<void> {
    await shell.client.space.makeFolder({ path: folder });
    load(folder, null);
  }

  function makeFolder(): void {
    const base = path;
    if (base === null) return;
    shell.open(
      formOverlay(shell, {
        title: `New folder in ${base}`,
        entries: [
          {
            kind: 'text',
            name: 'name',
            label: 'Name',
            check: (name) =>
              /^[^/\\]+$/.test(name) && name !== '.' && name !== '..' ? null : 'a name without slashes',
          },
        ],
        submit: 'Create',
        working: 'Creating the folder',
        async send(values) {
          await make(`${base.replace(/[/\\]$/, '')}${base.includes('\\') ? '\\' : '/'}${values.name}`);
          return true;
        },
      }),
    );
  }

  function typePath(): void {
    let missing: string | null = null;
    shell.open(
      formOverlay(shell, {
        title: 'Go to a folder of the node',
        entries: [{ kind: 'text', name: 'path', label: 'Path', placeholder: 'such as /srv/video' }],
        submit: 'Go',
        working: 'Reading',
        async send(values) {
          const typed = (values.path ?? '').trim();
          try {
            await read(typed, null);
          } catch (thrown) {
            if (problemOf(thrown).code !== 'not_found') throw thrown;
            missing = typed;
          }
          return true;
        },
        done() {
          if (missing !== null) offerToMake(missing);
          missing = null;
        },
      }),
    );
  }

  function offerToMake(folder: string): void {
    shell.open(
      confirmOverlay(shell, {
        title: 'No such folder',
        consequences: [`There is no folder ${folder} on the node. It can be made now.`],
        verb: 'Make it',
        working: 'Creating the folder',
        act: () => make(folder),
      }),
    );
  }

  load(null, null);
  return {
    title: 'Folder for the storage space',
    view(frame) {
      const width = Math.min(72, frame.columns - 4);
      const all = choices();
      height = Math.max(3, frame.rows - 6);
      list = clampList(list, all.length, height);
      const where = path === null ? 'Disks and mounts of the node' : path;
      const shown = Math.min(all.length, list.top + height);
      const part = all.length > height ? `  ${list.top + 1} to ${shown} of ${all.length}` : '';
      const rows = all
        .slice(list.top, list.top + height)
        .map((choice, offset) => choiceLine(choice, width, list.top + offset === list.index));
      const state =
        problem !== null
          ? wrap(problem, width, 1).map((row) => line(span(row, 'alarm')))
          : [loading ? line(span('Reading …', 'dim')) : blank];
      return {
        width,
        lines: [
          line(span(pad(where, Math.max(8, width - part.length)), 'strong'), span(part, 'dim')),
          ...state,
          ...(rows.length === 0 && !loading ? [line(span('nothing here', 'dim'))] : rows),
        ],
        hints: [
          { key: 'Enter', text: 'open / use' },
          { key: '←', text: 'up' },
          { key: 'p', text: 'type a path' },
          ...(path === null ? [] : [{ key: 'n', text: 'new folder' }]),
          { key: 'Esc', text: 'cancel' },
        ],
      };
    },
    key(key) {
      if (key === 'esc') return shell.close();
      if (key === 'enter' || key === 'right' || key === 'l') return open();
      if (key === 'n') return makeFolder();
      if (key === 'p') return typePath();
      if ((key === 'left' || key === 'h' || key === 'backspace') && path !== null) return load(parent, null);
      const moved = moveList(list, key, choices().length, height);
      if (moved) {
        list = moved;
        shell.changed();
      }
    },
  };
}

function choiceLine(choice: Choice, width: number, selected: boolean): Line {
  if (choice.kind === 'use') return { ...line(span(pad('Use this folder', width), 'key')), selected };
  if (choice.kind === 'up') return { ...line(span(pad('..', width))), selected };
  const { entry } = choice;
  if (!entry) return blank;
  const size =
    entry.freeBytes === null || entry.totalBytes === null
      ? ''
      : `${formatSize(entry.freeBytes)} free of ${formatSize(entry.totalBytes)}`;
  const notes = [
    ...(entry.systemDisk ? ['system disk'] : []),
    ...(entry.writable ? [] : ['not writable']),
    ...(entry.holdfast
      ? [`space ${entry.holdfast.spaceId}${entry.holdfast.ours ? '' : ' of another node'}`]
      : entry.empty
        ? []
        : ['not empty']),
  ].join(', ');
  const sizeWidth = 24;
  const noteWidth = 22;
  const spans: Span[] = [
    span(`${pad(entry.kind === 'mount' ? entry.path : entry.name, width - sizeWidth - noteWidth - 2)} `),
    span(`${pad(size, sizeWidth)} `, 'dim'),
    span(pad(notes, noteWidth), 'warn'),
  ];
  return { spans, selected };
}
