/** Reads a space back and holds its index to it: every minute, every part, every checksum (I1). */
import { DatabaseSync } from 'node:sqlite';
import { realDisk } from '../adapters/disk.ts';
import { type BlockHead, blockFilePath, decodePartHeader, partHeaderBytes } from './block/codec.ts';
import { isHeadOf } from './block/recover.ts';
import { type FoundPart, partIsWhole, readBlockHead } from './block/walk.ts';
import { minuteMs } from './coverage.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { BlockRow, MinuteRow } from './index/rows.ts';
import { toBlockRow, toMinuteRow } from './index/space-index.ts';
import { readMarker } from './space/marker.ts';

const faultsMax = 100;

export interface SpaceCheck {
  /** What is wrong, in words; empty when the index tells the truth. At most 100. */
  readonly faults: readonly string[];
  readonly blocks: number;
  readonly minutes: number;
  readonly parts: number;
  readonly bytes: number;
}

/** Needs the index closed, or at least no commit under way. Reads every byte that the index claims. */
export async function checkSpace(
  spacePath: string,
  indexPath: string,
  disk: Disk = realDisk(),
): Promise<SpaceCheck> {
  const marker = await readMarker(disk, spacePath);
  const check = { faults: [] as string[], blocks: 0, minutes: 0, parts: 0, bytes: 0 };
  if (typeof marker === 'string') return { ...check, faults: [`the marker of ${spacePath} is ${marker}`] };
  const database = new DatabaseSync(indexPath, { readOnly: true });
  try {
    const rows = database.prepare('SELECT * FROM block ORDER BY number').all().map(toBlockRow);
    const byNumber = new Map(rows.map((row) => [row.number, row]));
    for (const { block } of database.prepare('SELECT DISTINCT block FROM minute').all()) {
      if (!byNumber.has(Number(block))) check.faults.push(`minutes name block ${block}, which is unknown`);
    }
    const byBlock = minutesByBlock(database);
    let next = byBlock.next();
    for (const row of rows) {
      if (check.faults.length >= faultsMax) break;
      while (!next.done && next.value.block < row.number) next = byBlock.next();
      const minutes = next.done || next.value.block !== row.number ? [] : next.value.minutes;
      if (row.state === 'free' && minutes.length > 0)
        check.faults.push(`block ${row.number} is free and has minutes`);
      if (row.state === 'free' || (row.usedBytes === 0 && minutes.length === 0)) continue;
      check.blocks += 1;
      await new BlockCheck(disk, spacePath, marker, row, check).run(minutes);
    }
  } finally {
    database.close();
  }
  return check;
}

interface BlockMinutes {
  readonly block: number;
  readonly minutes: MinuteRow[];
}

/** The minutes of one block after the other, by rising number; only one block's are held at a time. */
function* minutesByBlock(database: DatabaseSync): Generator<BlockMinutes, undefined> {
  let held: BlockMinutes | undefined;
  for (const found of database.prepare('SELECT * FROM minute ORDER BY block, minute').iterate()) {
    const row = toMinuteRow(found);
    if (held !== undefined && held.block !== row.block) {
      yield held;
      held = undefined;
    }
    held ??= { block: row.block, minutes: [] };
    held.minutes.push(row);
  }
  if (held !== undefined) yield held;
  return undefined;
}

class BlockCheck {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #space: { spaceId: string; blockBytes: number };
  readonly #row: BlockRow;
  readonly #sums: { faults: string[]; minutes: number; parts: number; bytes: number };
  readonly #parts = new Map<number, FoundPart | null>();

  constructor(
    disk: Disk,
    spacePath: string,
    space: { spaceId: string; blockBytes: number },
    row: BlockRow,
    sums: { faults: string[]; minutes: number; parts: number; bytes: number },
  ) {
    this.#disk = disk;
    this.#path = blockFilePath(spacePath, row.number);
    this.#space = space;
    this.#row = row;
    this.#sums = sums;
  }

  async run(minutes: readonly MinuteRow[]): Promise<void> {
    const entry = await this.#disk.stat(this.#path);
    if (entry?.sizeBytes !== this.#space.blockBytes)
      return this.#fault('its file is missing or has another size');
    const file = await this.#disk.open(this.#path, 'read');
    try {
      const head = await readBlockHead(file);
      if (head === null) return this.#fault('its head is damaged');
      if (!isHeadOf(head, this.#row, this.#space.spaceId))
        return this.#fault('its head is of another generation or space');
      for (const minute of minutes) await this.#minute(file, head, minute);
    } finally {
      await file.close();
    }
  }

  async #minute(file: DiskFile, head: BlockHead, minute: MinuteRow): Promise<void> {
    this.#sums.minutes += 1;
    const name = `minute ${minute.minute}`;
    const endBytes = minute.offsetBytes + minute.lengthBytes;
    if (minute.generation !== this.#row.generation) return this.#fault(`${name} is of another generation`);
    if (minute.cameraId !== head.header.cameraId || minute.stream !== head.header.stream) {
      return this.#fault(`${name} is of another stream than the block's head`);
    }
    if (endBytes > this.#row.usedBytes) this.#fault(`${name} reaches beyond what is committed`);
    const intervals: [number, number][] = [];
    let at = minute.offsetBytes;
    while (at < endBytes) {
      const part = await this.#part(file, at);
      if (part === null) return this.#fault(`${name}: the part at ${at} is damaged or not there`);
      intervals.push([part.header.startMs, part.header.endMs]);
      at = part.endBytes;
    }
    if (at !== endBytes) this.#fault(`${name} does not end with a part`);
    const presentMs = unionWithin(intervals, minute.minute * minuteMs, (minute.minute + 1) * minuteMs);
    if (minute.presentMs > presentMs)
      this.#fault(`${name} claims ${minute.presentMs} ms, its parts hold ${presentMs} ms`);
    if (presentMs === 0) this.#fault(`${name} has no part that touches it`);
  }

  async #part(file: DiskFile, offsetBytes: number): Promise<FoundPart | null> {
    const known = this.#parts.get(offsetBytes);
    if (known !== undefined) return known;
    const part = await this.#readPart(file, offsetBytes);
    this.#parts.set(offsetBytes, part);
    if (part === null) return null;
    this.#sums.parts += 1;
    this.#sums.bytes += part.header.lengthBytes;
    return part;
  }

  async #readPart(file: DiskFile, offsetBytes: number): Promise<FoundPart | null> {
    const bytes = new Uint8Array(partHeaderBytes);
    await file.read(bytes, offsetBytes);
    const header = decodePartHeader(bytes, 0);
    if (header === null || header.generation !== this.#row.generation) return null;
    const part = { header, offsetBytes, endBytes: offsetBytes + partHeaderBytes + header.lengthBytes };
    return (await partIsWhole(file, part)) ? part : null;
  }

  #fault(text: string): void {
    if (this.#sums.faults.length < faultsMax) this.#sums.faults.push(`block ${this.#row.number}: ${text}`);
  }
}

function unionWithin(intervals: readonly [number, number][], fromMs: number, toMs: number): number {
  let sum = 0;
  let reachedMs = fromMs;
  for (const [startMs, endMs] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const start = Math.max(startMs, reachedMs);
    const end = Math.min(endMs, toMs);
    if (end <= start) continue;
    sum += end - start;
    reachedMs = end;
  }
  return sum;
}
