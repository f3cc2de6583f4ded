/** Records fixture clips into real block files with their index rows, as the recorder leaves them on disk. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createChunkPool } from '../../../agent/media/mp4/chunk-pool.ts';
import { createFragmenter } from '../../../agent/media/mp4/fragmenter.ts';
import type { InitSegment, Part } from '../../../agent/media/types.ts';
import { baseMsOf, layOut, type Tail } from '../../../agent/storage/block/append.ts';
import {
  blockFilePath,
  blockHeaderBytes,
  crcOfInit,
  decodeBlockHead,
  encodeBlockHead,
} from '../../../agent/storage/block/codec.ts';
import { MinuteTally } from '../../../agent/storage/coverage.ts';
import { catalogSql, spaceIndexSql } from '../../../agent/storage/index-schema.ts';
import { type ClipName, loadClip } from '../../../agent/test-camera/clip.ts';
import { type FeedOptions, feedClip } from '../media/mp4/feed.ts';

const blockBytes = 16 * 1024 * 1024;

export interface BlockOptions extends FeedOptions {
  readonly clip: ClipName;
  readonly startMs: number;
  readonly block: number;
  readonly generation?: number;
  readonly cameraId?: string;
  readonly space?: string;
  readonly partSpanMs?: number;
}

/** Where a part stands in its block. */
export interface PlacedPart {
  readonly startMs: number;
  readonly endMs: number;
  readonly randomAccess: boolean;
  /** Of the part header. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export class RecordingFixture {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'holdfast-playback-'));
  readonly spaces = ['s1', 's2'].map((id) => ({ id, path: join(this.dataDir, 'disks', id) }));
  readonly #catalog: DatabaseSync;

  constructor() {
    this.#catalog = new DatabaseSync(join(this.dataDir, 'catalog.db'));
    this.#catalog.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${catalogSql}`);
  }

  blockPath(block: number, space = 's1'): string {
    return blockFilePath(join(this.dataDir, 'disks', space), block);
  }

  /** Plays the clip into one block; the file ends where its `free` box begins. */
  record(options: BlockOptions): PlacedPart[] {
    const { space = 's1', cameraId = 'c1', block, generation = 1 } = options;
    const { init, parts } = this.#fragments(options);
    const baseMs = Math.min(...parts.map(baseMsOf));
    const head = encodeBlockHead(
      {
        spaceId: space,
        blockNumber: block,
        generation,
        poolId: 'p1',
        cameraId,
        stream: 'main',
        ownerEpoch: 1,
        createdMs: options.startMs,
        baseMs,
        ftypBytes: init.ftyp.length,
        moovBytes: init.moov.length,
        initCrc: crcOfInit(init.ftyp, init.moov),
      },
      init,
      blockBytes,
    );
    const placed = parts.map((part) => ({ part, head: part.head }));
    const tail = tailOf(init, head);
    const append = layOut(placed, { generation, baseMs, blockBytes, tail });
    const file = Buffer.concat([head.subarray(0, tail.offsetBytes), ...append.buffers]);
    mkdirSync(dirname(this.blockPath(block, space)), { recursive: true });
    writeFileSync(this.blockPath(block, space), file);
    const found = parts.map((part, index) => ({
      startMs: part.startMs,
      endMs: part.endMs,
      randomAccess: part.randomAccess,
      offsetBytes: append.offsets[index] ?? 0,
      lengthBytes: (append.offsets[index + 1] ?? append.tail.offsetBytes) - (append.offsets[index] ?? 0),
    }));
    for (const part of parts) part.release();
    this.#indexBlock({ space, cameraId, block, generation }, found, append.tail);
    return found;
  }

  gap(fromMs: number, toMs: number, reason: string): void {
    this.#catalog
      .prepare("INSERT INTO gap (camera_id, from_ms, to_ms, reason) VALUES ('c1', ?, ?, ?)")
      .run(fromMs, toMs, reason);
  }

  /** Flips a byte in the media of a part. */
  damage(block: number, part: PlacedPart): void {
    const bytes = readFileSync(this.blockPath(block));
    const at = part.offsetBytes + part.lengthBytes - 100;
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    writeFileSync(this.blockPath(block), bytes);
  }

  remove(): void {
    this.#catalog.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #fragments(options: BlockOptions): { init: InitSegment; parts: Part[] } {
    const parts: Part[] = [];
    let init: InitSegment | null = null;
    const fragmenter = createFragmenter({
      partSpanMs: options.partSpanMs ?? 1_000,
      chunks: createChunkPool({ bytesMax: 32 << 20 }),
      onInit: (segment) => {
        init = segment;
      },
      onPart: (part) => parts.push(part),
      onPartDropped: () => {
        throw new Error('the fixture ran out of memory');
      },
    });
    feedClip(fragmenter, loadClip(options.clip), options);
    fragmenter.flush();
    if (!init) throw new Error('the clip has no init segment');
    return { init, parts };
  }

  #indexBlock(
    where: { space: string; cameraId: string; block: number; generation: number },
    parts: readonly PlacedPart[],
    tail: Tail,
  ): void {
    mkdirSync(join(this.dataDir, 'index'), { recursive: true });
    const index = new DatabaseSync(join(this.dataDir, 'index', `${where.space}.db`));
    index.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; ${spaceIndexSql}`);
    const { cameraId, block, generation } = where;
    index
      .prepare(
        `INSERT OR REPLACE INTO block (number, generation, state, pool_id, camera_id, stream, first_ms, last_ms, used_bytes)
         VALUES (?, ?, 'sealed', 'p1', ?, 'main', ?, ?, ?)`,
      )
      .run(block, generation, cameraId, parts[0]?.startMs ?? 0, parts.at(-1)?.endMs ?? 0, tail.offsetBytes);
    const tally = new MinuteTally();
    for (const part of parts) tally.add(part);
    for (const span of tally.takeDirty()) {
      index
        .prepare("INSERT OR REPLACE INTO minute VALUES (?, 'main', ?, ?, ?, ?, ?, ?)")
        .run(cameraId, span.minute, block, generation, span.offsetBytes, span.lengthBytes, span.presentMs);
    }
    index.close();
  }
}

function tailOf(init: InitSegment, head: Uint8Array): Tail {
  const offsetBytes = init.ftyp.length + blockHeaderBytes + init.moov.length;
  return { offsetBytes, sequence: 0, chain: decodeBlockHead(head)?.header.headerCrc ?? 0 };
}
