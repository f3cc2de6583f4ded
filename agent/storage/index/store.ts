/** All index files of a node behind one writer: keeps the order in which a crash can only make the index claim less (I1). */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../src/errors.ts';
import { aheadMs, Catalog, type RetentionMark, type StreamMinutes } from './catalog.ts';
import { isDamage } from './database.ts';
import type {
  BlockDrop,
  BlockRow,
  GapCommit,
  LoadedGaps,
  LoadedSpace,
  MinuteRow,
  MinuteSpan,
  SpaceCommit,
} from './rows.ts';
import { SpaceIndex, type StreamRange } from './space-index.ts';

const minuteMs = 60_000;
/** An outage of the writer between a space's commit and the catalog's concerns at most this much of each block's end. */
const recheckMinutes = 10;
/** A log of so many commits of hundreds of cameras is some 20 MB. */
const commitsPerFold = 16;

export class IndexStore {
  readonly #folder: string;
  readonly #catalog: Catalog;
  /** The catalog was damaged and began anew. */
  readonly #renewed: boolean;
  readonly #spaces = new Map<string, SpaceIndex>();
  #commitsToFold = 0;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'index');
    mkdirSync(this.#folder, { recursive: true, mode: 0o750 });
    const path = join(dataDir, 'catalog.db');
    const opened = openCatalog(path);
    this.#catalog = opened.catalog;
    this.#renewed = opened.renewed;
  }

  /** Null also for a file that does not read any more: it is rebuilt from the blocks. */
  openSpace(spaceId: string): LoadedSpace | null {
    if (!existsSync(this.#path(spaceId))) return null;
    const loaded = this.#load(spaceId);
    if (loaded === null) return null;
    this.#recheckHours(loaded.blocks);
    if (!this.#catalog.counts(spaceId)) this.#countHours(spaceId, loaded.blocks);
    return loaded;
  }

  #load(spaceId: string): LoadedSpace | null {
    try {
      const index = this.#spaces.get(spaceId) ?? new SpaceIndex(this.#path(spaceId));
      this.#spaces.set(spaceId, index);
      const loaded = index.load();
      if (loaded === null) this.closeSpace(spaceId, { remove: false });
      return loaded;
    } catch {
      this.closeSpace(spaceId, { remove: false });
      return null;
    }
  }

  createSpace(spaceId: string, blocks: readonly BlockRow[]): void {
    this.closeSpace(spaceId, { remove: true });
    const index = new SpaceIndex(this.#path(spaceId));
    index.apply([{ spaceId, blocks }]);
    this.#spaces.set(spaceId, index);
  }

  completeSpace(spaceId: string, createdMs: number): void {
    this.#space(spaceId).complete(createdMs);
    this.#catalog.setCounts(spaceId, true);
  }

  closeSpace(spaceId: string, options: { remove: boolean }): void {
    this.#spaces.get(spaceId)?.close();
    this.#spaces.delete(spaceId);
    if (!options.remove) return;
    this.#catalog.setCounts(spaceId, false);
    for (const end of ['', '-wal', '-shm']) rmSync(this.#path(spaceId) + end, { force: true });
  }

  minutesOf(spaceId: string, block: number, fromMinute: number): MinuteSpan[] {
    return this.#space(spaceId).minutesOf(block, fromMinute);
  }

  presentMs(spaceId: string, range: { cameraId: string; fromMs: number; toMs: number }): number {
    return this.#space(spaceId).presentMs(range);
  }

  /** Commits of one space. Hours shrink before their minutes go, and grow after their minutes came. */
  commit(spaceId: string, commits: readonly SpaceCommit[]): void {
    const space = this.#space(spaceId);
    this.#commitsToFold += 1;
    const drops = commits.flatMap((commit) => commit.drops ?? []);
    if (drops.length > 0) this.#shrinkHours(space, drops);
    space.apply(commits);
    const minutes = commits.flatMap((commit) => commit.minutes ?? []);
    if (minutes.length > 0) this.#catalog.commitHours(rangesOf(minutes).map((range) => this.#sum(range)));
  }

  loadGaps(): LoadedGaps {
    return { ...this.#catalog.loadGaps(), renewed: this.#renewed };
  }

  commitGaps(commit: GapCommit): void {
    this.#catalog.commitGaps(commit);
  }

  /** To be called when nobody waits for an answer. */
  foldLogs(): void {
    if (this.#commitsToFold < commitsPerFold) return;
    this.#commitsToFold = 0;
    for (const space of this.#spaces.values()) space.foldLog();
    this.#catalog.foldLog();
  }

  close(): void {
    for (const space of this.#spaces.values()) space.close();
    this.#spaces.clear();
    this.#catalog.close();
  }

  #shrinkHours(space: SpaceIndex, drops: readonly BlockDrop[]): void {
    const without = new Set(drops.map((drop) => drop.block));
    const hours: StreamMinutes[] = [];
    const marks: RetentionMark[] = [];
    for (const drop of drops) {
      const range = space.rangeOf(drop.block);
      if (range === null) continue;
      hours.push(this.#sum(range, { space, blocks: without }));
      const { overwrittenAtMs: atMs } = drop;
      const oldestMs = (range.toMinute + 1) * minuteMs;
      if (atMs === null || oldestMs > atMs + aheadMs) continue;
      marks.push({ cameraId: range.cameraId, stream: range.stream, oldestMs, atMs });
    }
    this.#catalog.commitHours(hours, marks);
  }

  #sum(range: StreamRange, without?: { space: SpaceIndex; blocks: ReadonlySet<number> }): StreamMinutes {
    const sums = new Array<number>(range.toMinute - range.fromMinute + 1).fill(0);
    for (const space of this.#spaces.values()) {
      space.addPresent(range, sums, without?.space === space ? without.blocks : undefined);
    }
    return { cameraId: range.cameraId, stream: range.stream, fromMinute: range.fromMinute, presentMs: sums };
  }

  /** A crash may have fallen between a space's commit and the catalog's: the newest minutes are counted again. */
  #recheckHours(blocks: readonly BlockRow[]): void {
    const newestMs = blocks.reduce((newest, block) => Math.max(newest, block.lastMs ?? 0), 0);
    const changes: StreamMinutes[] = [];
    for (const { cameraId, stream, lastMs } of blocks) {
      if (cameraId === null || stream === null || lastMs === null) continue;
      if (lastMs < newestMs - recheckMinutes * minuteMs) continue;
      const toMinute = Math.floor(lastMs / minuteMs);
      const range = { cameraId, stream, fromMinute: toMinute - recheckMinutes, toMinute };
      changes.push({ ...this.#sum(range), raiseOnly: true });
    }
    this.#catalog.commitHours(changes);
  }

  /** The catalog is younger than the space's index: every hour that the space holds is counted from its minutes. */
  #countHours(spaceId: string, blocks: readonly BlockRow[]): void {
    const space = this.#space(spaceId);
    for (const block of blocks) {
      const range = space.rangeOf(block.number);
      if (range !== null) this.#catalog.commitHours([{ ...this.#sum(range), raiseOnly: true }]);
    }
    this.#catalog.setCounts(spaceId, true);
  }

  #space(spaceId: string): SpaceIndex {
    const space = this.#spaces.get(spaceId);
    if (space) return space;
    throw new AppError('unavailable', `the index of space ${spaceId} is not open`, {
      hint: 'Restore the space: its index is rebuilt from the blocks.',
    });
  }

  #path(spaceId: string): string {
    return join(this.#folder, `${spaceId}.db`);
  }
}

/** One range a stream, from its first touched minute to its last. */
function rangesOf(minutes: readonly MinuteRow[]): StreamRange[] {
  const ranges = new Map<string, StreamRange>();
  for (const { cameraId, stream, minute } of minutes) {
    const key = `${cameraId} ${stream}`;
    const known = ranges.get(key);
    const fromMinute = Math.min(known?.fromMinute ?? minute, minute);
    const toMinute = Math.max(known?.toMinute ?? minute, minute);
    if (known?.fromMinute === fromMinute && known.toMinute === toMinute) continue;
    ranges.set(key, { cameraId, stream, fromMinute, toMinute });
  }
  return [...ranges.values()];
}

/** SQLite's answer to statements that name tables or columns which the file does not have. */
const otherTablesCode = 1;

/**
 * A catalog that is damaged is put aside: hours come back from the minutes, the ledger of gaps does not. One that is
 * locked, or cannot be opened on a full disk, is not: the next start finds it as it was.
 */
function openCatalog(path: string): { catalog: Catalog; renewed: boolean } {
  try {
    return { catalog: new Catalog(path), renewed: false };
  } catch (thrown) {
    if (!isDamage(thrown, [otherTablesCode])) throw thrown;
    for (const end of ['', '-wal', '-shm'])
      if (existsSync(path + end)) renameSync(path + end, `${path}.damaged${end}`);
    return { catalog: new Catalog(path), renewed: true };
  }
}
