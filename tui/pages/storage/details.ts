/** Everything about one pool or one space, in names and values. */
import type { Pool, Space } from '../../../src/contract/index.ts';
import type { Fact } from '../../components/facts.ts';
import {
  formatByteRate,
  formatDuration,
  formatPercent,
  formatSize,
  percentOf,
} from '../../format/numbers.ts';
import { dateTime } from '../../format/time.ts';
import { poolWord, spaceWord } from '../../format/words.ts';
import { strategyWords } from './view.ts';

export function poolFacts(pool: Pool, timeZone: string): Fact[] {
  const word = poolWord(pool);
  return [
    { name: 'Name', value: pool.name, tone: 'strong' },
    { name: 'Id', value: pool.id },
    {
      name: 'State',
      value: pool.problem === null ? word.text : `${word.text}: ${pool.problem}`,
      tone: word.tone,
    },
    { name: 'Strategy', value: strategyWords(pool) },
    { name: 'Total', value: formatSize(pool.totalBytes) },
    {
      name: 'Used',
      value: `${formatSize(pool.usedBytes)}, ${formatPercent(percentOf(pool.usedBytes, pool.totalBytes))}`,
    },
    { name: 'Locked', value: `${formatSize(pool.lockedBytes)}, at most ${pool.maxLockedPercent} %` },
    { name: 'Reserve', value: formatSize(pool.reserveBytes) },
    { name: 'Free', value: formatSize(pool.freeBytes) },
    { name: 'Cameras', value: String(pool.cameras) },
    { name: 'Written now', value: formatByteRate(pool.writeBytesPerSecond) },
    {
      name: 'Oldest video',
      value: pool.oldestVideoMs === null ? 'none' : dateTime(pool.oldestVideoMs, timeZone),
    },
    {
      name: 'Keeps at this rate',
      value: pool.retentionSeconds === null ? 'not known yet' : formatDuration(pool.retentionSeconds),
    },
    { name: 'Sync interval', value: `${pool.syncIntervalMs} ms` },
    ...pool.shares.map((share) => ({
      name: `Share of ${share.spaceId}`,
      value: `${formatSize(share.bytes)}, ${share.free} of ${share.blocks} blocks free`,
    })),
  ];
}

export function spaceFacts(space: Space, timeZone: string): Fact[] {
  const word = spaceWord(space.state);
  const { blocks } = space;
  return [
    { name: 'Path', value: space.path, tone: 'strong' },
    { name: 'Name', value: space.name },
    { name: 'Id', value: space.id },
    {
      name: 'State',
      value: space.problem === null ? word.text : `${word.text}: ${space.problem}`,
      tone: word.tone,
    },
    ...(space.hint === null ? [] : [{ name: 'What to do', value: space.hint }]),
    ...(space.progress === null
      ? []
      : [
          {
            name: 'Progress',
            value: `${space.progress.percent.toFixed(1)} %, ${formatSize(space.progress.doneBytes)} of ${formatSize(space.progress.totalBytes)}`,
          },
        ]),
    { name: 'Device', value: space.deviceType },
    { name: 'Quota', value: formatSize(space.quotaBytes) },
    {
      name: 'Holds video',
      value: `${formatSize(space.usedBytes)}, ${formatPercent(percentOf(space.usedBytes, space.quotaBytes))}`,
    },
    { name: 'Given to pools', value: formatSize(space.allocatedBytes) },
    {
      name: 'Blocks',
      value: `${blocks.total}: ${blocks.free} free, ${blocks.open} open, ${blocks.sealed} sealed, ${blocks.bad} bad`,
    },
    { name: 'Block size', value: formatSize(space.blockBytes) },
    {
      name: 'Latency',
      value:
        space.latencyMs === null
          ? 'not measured'
          : `${space.latencyMs.toFixed(1)} ms for a small synced write`,
    },
    {
      name: 'Checked at',
      value: space.checkedAtMs === null ? 'never' : dateTime(space.checkedAtMs, timeZone),
    },
  ];
}
