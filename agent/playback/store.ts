/** Finds where a camera's minutes lie, over the indexes of all spaces; a space without an index has none. */
import { join } from 'node:path';
import { IndexFile, numberOf, type Row } from '../inspection/index-file.ts';
import type { ReaderConfig } from '../inspection/types.ts';
import { isDamage } from '../storage/index/database.ts';
import type { MinuteRow } from './segments.ts';

const minuteMs = 60_000;
const spacesMax = 256;

/** A row of an older generation of its block says nothing any more. */
const minutesSql = `
  SELECT minute.minute, minute.block, minute.generation, offset_bytes, length_bytes, present_ms, first_ms
  FROM minute JOIN block ON block.number = minute.block AND block.generation = minute.generation
  WHERE minute.camera_id = ?1 AND minute.stream = 'main' AND minute.minute BETWEEN ?2 AND ?3
  ORDER BY minute.minute`;

function toMinuteRow(space: ReaderConfig['spaces'][number], row: Row): MinuteRow {
  return {
    spaceId: space.id,
    spacePath: space.path,
    minute: numberOf(row, 'minute'),
    block: numberOf(row, 'block'),
    generation: numberOf(row, 'generation'),
    offsetBytes: numberOf(row, 'offset_bytes'),
    lengthBytes: numberOf(row, 'length_bytes'),
    presentMs: numberOf(row, 'present_ms'),
  };
}

export class PlaybackStore {
  readonly #dataDir: string;
  readonly #files = new Map<string, IndexFile>();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Rows of the camera's main stream for the minutes that touch [fromMs, toMs), in order of time. */
  minutes(spaces: ReaderConfig['spaces'], cameraId: string, fromMs: number, toMs: number): MinuteRow[] {
    this.#forget(spaces);
    const fromMinute = Math.floor(fromMs / minuteMs);
    const toMinute = Math.ceil(toMs / minuteMs) - 1;
    const rows = spaces.slice(0, spacesMax).flatMap((space) => {
      const found = this.#rowsOf(space.id, cameraId, fromMinute, toMinute);
      return found.map((row) => ({ row: toMinuteRow(space, row), blockMs: numberOf(row, 'first_ms') }));
    });
    // Of the blocks in one minute the numbers say nothing about the order in which they were recorded.
    rows.sort((left, right) => left.row.minute - right.row.minute || left.blockMs - right.blockMs);
    return rows.map(({ row }) => row);
  }

  close(): void {
    this.#forget([]);
  }

  /** A damaged index has no rows until its space is restored, which the Storage page asks for; the other spaces have theirs. */
  #rowsOf(spaceId: string, cameraId: string, fromMinute: number, toMinute: number): Row[] {
    try {
      return this.#file(spaceId).statement(minutesSql)?.all(cameraId, fromMinute, toMinute) ?? [];
    } catch (thrown) {
      if (isDamage(thrown)) return [];
      throw thrown;
    }
  }

  #file(spaceId: string): IndexFile {
    const known = this.#files.get(spaceId);
    if (known) return known;
    const file = new IndexFile(join(this.#dataDir, 'index', `${spaceId}.db`));
    this.#files.set(spaceId, file);
    return file;
  }

  #forget(spaces: ReaderConfig['spaces']): void {
    for (const [id, file] of this.#files) {
      if (spaces.some((space) => space.id === id)) continue;
      file.close();
      this.#files.delete(id);
    }
  }
}
