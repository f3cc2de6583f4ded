/** Storage: one cursor over pools and spaces, and what can be done with each. */
import { factLines } from '../../components/facts.ts';
import { listStart, moveList } from '../../components/list.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { passesFilter } from '../../format/filter.ts';
import { line } from '../../format/line.ts';
import type { Key } from '../../keys.ts';
import type { Command, Page, Shell } from '../../shell.ts';
import { poolFacts, spaceFacts } from './details.ts';
import { addPool, deletePool, editPool, expandPool } from './pool-forms.ts';
import { addSpace, cancelSpace, deleteSpace, initialiseSpace, restoreSpace } from './space-forms.ts';
import { type Item, storageFoot, storageLines } from './view.ts';

export function createStoragePage(shell: Shell): Page {
  let list = listStart;
  let filter = '';
  let rows = 10;
  let byName = false;

  function items(): Item[] {
    const { status } = shell.state();
    const pools = (status?.pools ?? []).filter((pool) =>
      passesFilter(filter, [pool.name, pool.id, pool.status]),
    );
    const spaces = (status?.spaces ?? []).filter((space) =>
      passesFilter(filter, [space.path, space.name, space.id, space.state]),
    );
    const worse = (a: boolean, b: boolean) => (byName ? 0 : Number(a) - Number(b));
    pools.sort((a, b) => worse(a.status === 'normal', b.status === 'normal') || a.name.localeCompare(b.name));
    spaces.sort((a, b) => worse(a.state === 'normal', b.state === 'normal') || a.path.localeCompare(b.path));
    return [
      ...pools.map((pool): Item => ({ kind: 'pool', pool })),
      ...spaces.map((space): Item => ({ kind: 'space', space })),
    ];
  }

  const selected = (): Item | undefined => items()[list.index];

  function open(item: Item): void {
    const id = item.kind === 'pool' ? item.pool.id : item.space.id;
    shell.open(
      textOverlay(shell, {
        title: item.kind === 'pool' ? `Pool ${item.pool.name}` : `Space ${item.space.path}`,
        copy: {
          text: item.kind === 'pool' ? item.pool.name : item.space.path,
          what: item.kind === 'pool' ? 'the name' : 'the path',
        },
        lines(frame, width) {
          const { status } = shell.state();
          const pool = status?.pools.find((each) => item.kind === 'pool' && each.id === id);
          const space = status?.spaces.find((each) => item.kind === 'space' && each.id === id);
          if (pool) return factLines(poolFacts(pool, frame.timeZone), width);
          return space ? factLines(spaceFacts(space, frame.timeZone), width) : [line('It is gone.')];
        },
      }),
    );
  }

  function onPool(act: (shell: Shell, pool: Extract<Item, { kind: 'pool' }>['pool']) => void): void {
    const item = selected();
    if (item?.kind === 'pool') act(shell, item.pool);
    else shell.notify('Put the cursor on a pool for that.', 'dim');
  }

  function onSpace(act: (shell: Shell, space: Extract<Item, { kind: 'space' }>['space']) => void): void {
    const item = selected();
    if (item?.kind === 'space') act(shell, item.space);
    else shell.notify('Put the cursor on a storage space for that.', 'dim');
  }

  function sort(): void {
    byName = !byName;
  }

  function openSelected(): void {
    const item = selected();
    if (item) open(item);
  }

  function remove(): void {
    const item = selected();
    if (item?.kind === 'pool') deletePool(shell, item.pool);
    else if (item) deleteSpace(shell, item.space);
  }

  const actions = new Map<Key, () => void>([
    ['a', () => addSpace(shell)],
    ['p', () => addPool(shell)],
    ['c', () => onPool(editPool)],
    ['+', () => onPool(expandPool)],
    ['I', () => onSpace(initialiseSpace)],
    ['R', () => onSpace(restoreSpace)],
    ['C', () => onSpace(cancelSpace)],
    ['D', remove],
    ['s', sort],
    ['enter', openSelected],
  ]);

  const commands: readonly Command[] = [
    { name: 'add space', text: 'choose a folder and a quota', run: () => addSpace(shell) },
    { name: 'add pool', text: 'capacity from one or more spaces', run: () => addPool(shell) },
    { name: 'change pool', text: 'name, strategy, days', run: () => onPool(editPool) },
    { name: 'expand pool', text: 'give it more, or less, of a space', run: () => onPool(expandPool) },
    {
      name: 'initialise space',
      aliases: ['initialize space'],
      text: 'destroys what is recorded there',
      run: () => onSpace(initialiseSpace),
    },
    { name: 'restore space', text: 'rebuild its index from the blocks', run: () => onSpace(restoreSpace) },
    { name: 'stop initialising', text: 'cancel the work on the space', run: () => onSpace(cancelSpace) },
    { name: 'delete', aliases: ['remove'], text: 'the pool or space under the cursor', run: remove },
  ];

  return {
    id: 'storage',
    title: 'Storage',
    shortTitle: 'Store',
    digit: '2',
    help: [
      { keys: 'Enter', text: 'everything about the pool or space' },
      { keys: 'a', text: 'add a storage space: folder, then quota' },
      { keys: 'p', text: 'add a pool' },
      { keys: 'c +', text: 'change, expand the pool' },
      { keys: 'I', text: 'initialise the space again; destroys what it holds' },
      { keys: 'R', text: 'restore the space: rebuild its index' },
      { keys: 'C', text: 'stop initialising' },
      { keys: 'D', text: 'delete the pool or space' },
      { keys: 's', text: 'worst first, or by name' },
      { keys: 'the bar', text: 'used, then locked, free, and at the end the reserve' },
    ],
    view(frame) {
      const all = items();
      rows = frame.rows - 4;
      if (list.index >= all.length) list = { ...list, index: Math.max(0, all.length - 1) };
      return {
        crumbs: ['Storage', ...(filter === '' ? [] : [`/${filter}`])],
        lines: storageLines({ items: all, index: list.index }, frame),
        foot: storageFoot(all[list.index]),
        hints: all[list.index]?.kind === 'space' ? spaceHints : poolHints,
      };
    },
    key(key) {
      const moved = moveList(list, key, items().length, rows);
      const action = actions.get(key);
      if (moved) list = moved;
      else if (action) action();
      else return false;
      shell.changed();
      return true;
    },
    filter: {
      get: () => filter,
      set: (text) => {
        filter = text;
        list = listStart;
      },
    },
    commands: () => commands,
    sheet: () => ({
      name: 'holdfast-storage.csv',
      header: [
        'kind',
        'id',
        'name',
        'state',
        'total_bytes',
        'used_bytes',
        'free_bytes',
        'locked_bytes',
        'retention_seconds',
      ],
      rows: items().map((item) =>
        item.kind === 'pool'
          ? [
              'pool',
              item.pool.id,
              item.pool.name,
              item.pool.status,
              item.pool.totalBytes,
              item.pool.usedBytes,
              item.pool.freeBytes,
              item.pool.lockedBytes,
              item.pool.retentionSeconds,
            ]
          : [
              'space',
              item.space.id,
              item.space.path,
              item.space.state,
              item.space.quotaBytes,
              item.space.usedBytes,
              item.space.quotaBytes - item.space.usedBytes,
              null,
              null,
            ],
      ),
    }),
    copyText() {
      const item = selected();
      return item === undefined ? null : item.kind === 'pool' ? item.pool.name : item.space.path;
    },
  };
}

const poolHints = [
  { key: 'Enter', text: 'details' },
  { key: 'a', text: 'add space' },
  { key: 'p', text: 'add pool' },
  { key: 'c', text: 'change' },
  { key: '+', text: 'expand' },
  { key: 'D', text: 'delete' },
  { key: '/', text: 'filter' },
];

const spaceHints = [
  { key: 'Enter', text: 'details' },
  { key: 'a', text: 'add' },
  { key: 'I', text: 'initialise' },
  { key: 'R', text: 'restore' },
  { key: 'D', text: 'delete' },
  { key: 'p', text: 'add pool' },
  { key: '/', text: 'filter' },
];
