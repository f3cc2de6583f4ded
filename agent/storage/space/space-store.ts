/** One space at run time: its block table (memory leads, the index follows), its open blocks, and the gate to its disk. */
import type { Progress, SpaceState } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { InitSegment } from '../../media/types.ts';
import type { SpaceConfig } from '../../recorder/protocol/schema.ts';
import {
  blockFilePath,
  blockHeadBytesMax,
  blockHeaderBytes,
  crcOfInit,
  decodeBlockHead,
  encodeBlockHead,
} from '../block/codec.ts';
import { OpenBlock } from '../block/open-block.ts';
import { isHeadOf } from '../block/recover.ts';
import { readBlockHead } from '../block/walk.ts';
import { type DeviceType, type Disk, DiskError, type DiskFile } from '../disk.ts';
import type { BlockRow, IndexClient, SpaceCommit, StreamName } from '../index/rows.ts';
import { BlockAges } from './ages.ts';
import { Gate } from './gate.ts';
import type { Trouble } from './health.ts';
import type { SpaceMarker } from './marker.ts';

export interface SpaceDeps {
  readonly disk: Disk;
  readonly index: IndexClient;
  readonly clock: { monotonicMs(): number; utcMs(): number };
}

/** Who a block is taken for. */
export interface BlockUse {
  readonly cameraId: string;
  readonly stream: StreamName;
  readonly poolId: string;
  readonly ownerEpoch: number;
  readonly baseMs: number;
  readonly init: InitSegment;
}

export class SpaceStore {
  readonly id: string;
  readonly path: string;
  readonly config: SpaceConfig;
  readonly gate: Gate;
  readonly rows: BlockRow[] = [];
  readonly ages = new BlockAges();
  /** Blocks being written, by number. */
  readonly active = new Map<number, OpenBlock>();
  /** Start of the first part that was written elsewhere after this space was lost, by block. */
  readonly cutFromMs = new Map<number, number>();
  /** Blocks that are just being taken or resumed. */
  readonly taking = new Set<number>();
  state: SpaceState = 'lost';
  trouble: Trouble | null = null;
  progress: Progress | null = null;
  marker: SpaceMarker | null = null;
  deviceType: DeviceType = 'unknown';
  latencyMs: number | null = null;
  checkedAtMs: number | null = null;
  /** Bytes of parts that wait to be written here. */
  queuedBytes = 0;
  /** The index is open and its rows are in `rows`. */
  indexed = false;
  #deviceId = 0;
  readonly #deps: SpaceDeps;

  constructor(config: SpaceConfig, deps: SpaceDeps) {
    this.config = config;
    this.id = config.id;
    this.path = config.path;
    this.#deps = deps;
    this.gate = new Gate(() => deps.clock.monotonicMs());
  }

  get blockBytes(): number {
    return this.config.blockBytes;
  }

  get usable(): boolean {
    return this.state === 'normal';
  }

  setRows(rows: readonly BlockRow[]): void {
    this.rows.length = 0;
    for (const row of rows) this.rows.push(row);
    this.indexed = true;
  }

  /** The folder passed its check: from here on files are opened on this device only. */
  accept(marker: SpaceMarker, deviceId: number): void {
    this.marker = marker;
    this.#deviceId = deviceId;
  }

  sameDevice(deviceId: number): boolean {
    return this.#deviceId === deviceId;
  }

  commit(commit: Omit<SpaceCommit, 'spaceId'>): Promise<void> {
    return this.#deps.index.commit({ spaceId: this.id, ...commit });
  }

  /** Takes a block into use; the row is marked at once, so that nobody else takes it. */
  async take(row: BlockRow, use: BlockUse): Promise<OpenBlock> {
    checkHead(use.init);
    const before = { ...row };
    Object.assign(row, {
      generation: row.generation + 1,
      state: 'open',
      poolId: use.poolId,
      cameraId: use.cameraId,
      stream: use.stream,
      ...emptyBlock,
    });
    this.taking.add(row.number);
    try {
      await this.#forget(row, before);
      return await this.#begin(row, use);
    } finally {
      this.taking.delete(row.number);
    }
  }

  /** Goes on in a block that was left open; null when its head does not fit the row or the stream. */
  async resume(row: BlockRow, initCrc: number): Promise<OpenBlock | null> {
    this.taking.add(row.number);
    try {
      return await this.#resume(row, initCrc);
    } finally {
      this.taking.delete(row.number);
    }
  }

  /**
   * Index first, and only then the head over the old video (I1): a crash between leaves an unused block, never a false
   * claim. While the index cannot be written the block stays what it was, with what it holds.
   */
  async #forget(row: BlockRow, before: Readonly<BlockRow>): Promise<void> {
    try {
      await this.commit({
        drops: [{ block: row.number, overwrittenAtMs: this.#deps.clock.utcMs() }],
        blocks: [{ ...row }],
      });
      this.cutFromMs.delete(row.number);
    } catch (thrown) {
      Object.assign(row, before);
      throw thrown;
    }
  }

  async #begin(row: BlockRow, use: BlockUse): Promise<OpenBlock> {
    const head = encodeBlockHead(
      {
        spaceId: this.id,
        blockNumber: row.number,
        generation: row.generation,
        poolId: use.poolId,
        cameraId: use.cameraId,
        stream: use.stream,
        ownerEpoch: use.ownerEpoch,
        createdMs: Math.round(this.#deps.clock.utcMs()),
        baseMs: use.baseMs,
        ftypBytes: use.init.ftyp.length,
        moovBytes: use.init.moov.length,
        initCrc: crcOfInit(use.init.ftyp, use.init.moov),
      },
      use.init,
      this.blockBytes,
    );
    const known = decodeBlockHead(head);
    if (known === null) throw new DiskError('other', 'the head of the stream is too long for a block');
    const { file } = await this.openBlockFile(row.number, (opened) => opened.write([head], 0));
    return this.#activate(row, file, known.header, {
      offsetBytes: known.headBytes,
      sequence: 0,
      chain: known.header.headerCrc,
    });
  }

  async #resume(row: BlockRow, initCrc: number): Promise<OpenBlock | null> {
    const fromMinute = Math.floor((row.lastMs ?? 0) / 60_000) - 1;
    const minutes = await this.#deps.index.minutesOf(this.id, row.number, fromMinute);
    const { file, value: found } = await this.openBlockFile(row.number, readBlockHead);
    if (
      found === null ||
      !isHeadOf(found, row, this.id) ||
      found.header.initCrc !== initCrc ||
      this.active.has(row.number)
    ) {
      this.closeFile(file);
      return null;
    }
    const tail = { offsetBytes: row.usedBytes, sequence: row.parts, chain: row.chain };
    return this.#activate(row, file, found.header, tail, minutes);
  }

  /** Opens what exists, on the device that was checked, and runs `first` on it; never creates (I3). */
  async openBlockFile<T>(
    number: number,
    first: (file: DiskFile) => Promise<T>,
  ): Promise<{ file: DiskFile; value: T }> {
    let unwanted = false;
    const operation = async () => {
      const path = blockFilePath(this.path, number);
      const entry = await this.#deps.disk.stat(path);
      if (entry === null || !this.sameDevice(entry.deviceId))
        throw new DiskError('gone', `cannot open ${path}: it is not there`);
      if (entry.sizeBytes !== this.blockBytes)
        throw new DiskError('io', `cannot use ${path}: its size is not a block's`);
      const file = await this.#deps.disk.open(path, 'update');
      try {
        const value = await first(file);
        if (unwanted) throw new DiskError('hung', `cannot use ${path}: it answered too late`);
        return { file, value };
      } catch (thrown) {
        await file.close().catch(() => undefined);
        throw thrown;
      }
    };
    try {
      return await this.gate.run('write', operation);
    } catch (thrown) {
      unwanted = true;
      throw thrown;
    }
  }

  /** Through the gate, because a hung device hangs a close as well. */
  closeFile(file: DiskFile): void {
    this.gate.run('job', () => file.close()).catch(() => undefined);
  }

  /** The block's file failed: what was written and not committed is lost. */
  drop(block: OpenBlock): void {
    const lost = block.abandon();
    if (lost !== null) block.onLost(lost);
    this.release(block);
  }

  /** The block is committed to its end and is written no further for now. */
  release(block: OpenBlock): void {
    if (this.active.get(block.row.number) === block) this.active.delete(block.row.number);
    this.closeFile(block.file);
  }

  /** Seals, or frees when empty, a block that was left open and that no stream continues. */
  sealIdle(row: BlockRow): Promise<void> {
    if (row.parts === 0) return this.free([row]);
    row.state = 'sealed';
    return this.commit({ blocks: [{ ...row }] });
  }

  /** Forgets what blocks hold; their bytes stay until they are taken. */
  free(rows: readonly BlockRow[], options: { keepPool: boolean } = { keepPool: true }): Promise<void> {
    const overwrittenAtMs = this.#deps.clock.utcMs();
    for (const row of rows) {
      Object.assign(row, { state: 'free', cameraId: null, stream: null, ...emptyBlock });
      if (!options.keepPool) row.poolId = null;
    }
    return this.commit({
      drops: rows.map((row) => ({ block: row.number, overwrittenAtMs })),
      blocks: rows.map((row) => ({ ...row })),
    });
  }

  #activate(
    row: BlockRow,
    file: DiskFile,
    header: { baseMs: number; initCrc: number; cameraId: string; stream: StreamName; poolId: string },
    tail: { offsetBytes: number; sequence: number; chain: number },
    knownMinutes: Awaited<ReturnType<IndexClient['minutesOf']>> = [],
  ): OpenBlock {
    const { cameraId, stream, poolId, baseMs, initCrc } = header;
    const block = new OpenBlock({
      space: this,
      row,
      file,
      cameraId,
      stream,
      poolId,
      baseMs,
      initCrc,
      tail,
      knownMinutes,
    });
    this.active.set(row.number, block);
    return block;
  }
}

/** Before anything is given up for it: what is wrong with one stream must not cost a block, or the space. */
function checkHead({ ftyp, moov }: InitSegment): void {
  if (ftyp.length + blockHeaderBytes + moov.length <= blockHeadBytesMax) return;
  throw new AppError('unsupported', 'the parameter sets of the stream are too long for the head of a block', {
    hint: 'Set the camera to another profile or codec; a firmware update may help.',
  });
}

/** Fields of a block that holds nothing. */
export const emptyBlock = { firstMs: null, lastMs: null, usedBytes: 0, parts: 0, chain: 0 } as const;
