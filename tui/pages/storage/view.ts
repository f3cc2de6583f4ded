/** Storage in rows: pools with their gauges, then spaces with their state in words. */
import type { Pool, Space } from '../../../src/contract/index.ts';
import { gauge, progressBar } from '../../components/gauge.ts';
import { clampList, type ListCursor } from '../../components/list.ts';
import { type Column, padLines, table } from '../../components/table.ts';
import { blank, type Line, line, span, type Tone } from '../../format/line.ts';
import { formatDuration, formatPercent, formatSize, percentOf, plural } from '../../format/numbers.ts';
import { poolWord, spaceWord } from '../../format/words.ts';
import type { Glyphs } from '../../glyphs.ts';
import type { Frame } from '../../shell.ts';

export type Item = { kind: 'pool'; pool: Pool } | { kind: 'space'; space: Space };

export interface StorageView {
  items: readonly Item[];
  index: number;
}

const deviceWords: Readonly<Record<Space['deviceType'], string>> = {
  ssd: 'SSD',
  hdd: 'HDD',
  nas: 'NAS',
  memory: 'RAM',
  unknown: '?',
};

function poolColumns(glyphs: Glyphs): Column<Pool>[] {
  return [
    { title: 'Pool', width: 10, grow: true, cell: (pool) => pool.name },
    { title: 'Id', width: 4, from: 100, cell: (pool) => ({ text: pool.id, tone: 'dim' }) },
    { title: 'State', width: 8, cell: poolWord },
    {
      title: 'Used, locked',
      width: 14,
      grow: true,
      cell: (pool) => `${formatSize(pool.usedBytes)} used, ${formatSize(pool.lockedBytes)} locked`,
      draw: (pool, width) =>
        gauge(
          {
            total: pool.totalBytes,
            used: pool.usedBytes - pool.lockedBytes,
            locked: pool.lockedBytes,
            reserve: pool.reserveBytes,
          },
          width,
          glyphs,
          pool.status === 'normal' ? 'good' : 'bad',
        ),
    },
    {
      title: 'Used',
      width: 5,
      align: 'right',
      cell: (pool) => formatPercent(percentOf(pool.usedBytes, pool.totalBytes)),
    },
    { title: 'Total', width: 7, align: 'right', cell: (pool) => formatSize(pool.totalBytes) },
    { title: 'Locked', width: 7, align: 'right', from: 76, cell: (pool) => formatSize(pool.lockedBytes) },
    { title: 'Strategy', width: 12, from: 100, cell: strategyWords },
    { title: 'Cams', width: 4, align: 'right', from: 100, cell: (pool) => String(pool.cameras) },
    { title: 'Keeps', width: keepsWidth, align: 'right', cell: keepsWords },
  ];
}

export function strategyWords(pool: Pool): string {
  return pool.strategy === 'cycle' ? `cycle ${pool.cycleDays ?? '?'} d` : 'capacity';
}

const keepsWidth = 10;

/** How long it holds at the present rate: both units where they fit the column, else the larger alone. */
export function keepsWords({ retentionSeconds }: Pool): string {
  if (retentionSeconds === null) return '?';
  const exact = formatDuration(retentionSeconds);
  return exact.length <= keepsWidth ? exact : exact.split(' ').slice(0, 2).join(' ');
}

function spaceColumns(glyphs: Glyphs): Column<Space>[] {
  return [
    { title: 'Space', width: 14, grow: true, cell: (space) => space.path },
    { title: 'Id', width: 4, cell: (space) => ({ text: space.id, tone: 'dim' }) },
    { title: 'Type', width: 4, cell: (space) => deviceWords[space.deviceType] },
    { title: 'State', width: 14, cell: (space) => spaceWord(space.state) },
    {
      title: 'Usage',
      width: 10,
      from: 100,
      cell: (space) => formatPercent(usedPercent(space)),
      draw: (space, width) =>
        space.progress
          ? progressBar(space.progress.percent, width, glyphs)
          : gauge({ total: space.quotaBytes, used: space.usedBytes }, width, glyphs),
    },
    { title: 'Used', width: 5, align: 'right', cell: percentCell },
    { title: 'Quota', width: 7, align: 'right', cell: (space) => formatSize(space.quotaBytes) },
    {
      title: 'In pools',
      width: 8,
      align: 'right',
      from: 76,
      cell: (space) => formatSize(space.allocatedBytes),
    },
    {
      title: 'Latency',
      width: 8,
      from: 66,
      align: 'right',
      cell: (space) => (space.latencyMs === null ? '-' : `${space.latencyMs.toFixed(1)} ms`),
    },
  ];
}

/** Progress is coloured like the state that it belongs to. */
function percentCell(space: Space): { text: string; tone: Tone } {
  return { text: formatPercent(usedPercent(space)), tone: space.progress ? 'accent' : 'text' };
}

/** Progress while there is some, usage otherwise. */
function usedPercent(space: Space): number {
  return space.progress?.percent ?? percentOf(space.usedBytes, space.quotaBytes);
}

/** Exactly `frame.rows` rows. */
export function storageLines(view: StorageView, frame: Frame): Line[] {
  const { glyphs } = frame.theme;
  const pools = view.items.flatMap((item) => (item.kind === 'pool' ? [item.pool] : []));
  const spaces = view.items.flatMap((item) => (item.kind === 'space' ? [item.space] : []));
  const inPools = view.index < pools.length;
  const room = frame.rows - 1;
  const poolRows = Math.min(Math.max(2, pools.length + 1), Math.max(3, Math.floor(room / 2)));
  const spaceRows = room - poolRows;
  const poolTable = table({
    columns: poolColumns(glyphs),
    rows: pools,
    cursor: cursorAt(inPools ? view.index : 0, pools.length, poolRows - 1),
    width: frame.columns,
    height: poolRows,
    focused: inPools,
    empty: 'No pool yet. p adds one.',
  });
  const spaceTable = table({
    columns: spaceColumns(glyphs),
    rows: spaces,
    cursor: cursorAt(inPools ? 0 : view.index - pools.length, spaces.length, spaceRows - 1),
    width: frame.columns,
    height: spaceRows,
    focused: !inPools,
    empty: 'No storage space yet. a adds one.',
  });
  return padLines([...poolTable, blank, ...spaceTable], frame.rows);
}

function cursorAt(index: number, count: number, rows: number): ListCursor {
  return clampList({ index, top: Math.max(0, index - rows + 1) }, count, rows);
}

/** The selected object in a sentence: what is wrong, or what it does. */
export function storageFoot(item: Item | undefined): Line {
  if (!item) return line('');
  if (item.kind === 'pool') {
    const { pool } = item;
    if (pool.problem !== null) return line(span(` ${pool.problem}`, 'bad'));
    return line(
      span(
        ` ${pool.name}: ${formatSize(pool.writeBytesPerSecond)}/s from ${plural(pool.cameras, 'camera')}, ${formatSize(pool.freeBytes)} free`,
      ),
    );
  }
  const { space } = item;
  if (space.problem !== null) return line(span(` ${space.problem}`, 'bad'), span(` ${space.hint ?? ''}`));
  if (space.progress) {
    const left =
      space.progress.secondsLeft === null ? '' : `, ${formatDuration(space.progress.secondsLeft)} left`;
    return line(
      span(
        ` ${space.path}: ${space.progress.percent.toFixed(1)} %, ${formatSize(space.progress.bytesPerSecond)}/s${left}`,
        'accent',
      ),
    );
  }
  return line(
    ` ${space.path}: ${space.blocks.free} of ${space.blocks.total} blocks free, ${space.blocks.bad} bad`,
  );
}
