/** Reads block files back: the head, and part after part, trusting nothing that its checksum does not hold. */
import type { DiskFile } from '../disk.ts';
import { crcOfNext } from './checksum.ts';
import {
  type BlockHead,
  blockHeadBytesMax,
  type Checked,
  decodeBlockHead,
  decodePartHeader,
  type PartHeader,
  partHeaderBytes,
} from './codec.ts';

/** Longest time that one part may claim. */
export const partSpanMsMax = 120_000;
const readBytesMax = 1024 * 1024;

export interface FoundPart {
  readonly header: Checked<PartHeader>;
  /** Of the part header in the block. */
  readonly offsetBytes: number;
  /** Behind `mdat`. */
  readonly endBytes: number;
}

/** Where a walk begins, and what the first part there must look like. */
export interface WalkStart {
  readonly offsetBytes: number;
  readonly generation: number;
  readonly sequence: number;
  readonly chain: number;
}

/** Null when the file has no undamaged head. */
export async function readBlockHead(file: DiskFile): Promise<BlockHead | null> {
  const bytes = new Uint8Array(blockHeadBytesMax);
  const length = await file.read(bytes, 0);
  return decodeBlockHead(bytes.subarray(0, length));
}

/** Where the first part of a block must stand. */
export function firstPart(head: BlockHead): WalkStart {
  return {
    offsetBytes: head.headBytes,
    generation: head.header.generation,
    sequence: 0,
    chain: head.header.headerCrc,
  };
}

/** Parts in a row by their headers, as long as each continues the chain. The media bytes are not read. */
export async function walkHeaders(
  file: DiskFile,
  start: WalkStart,
  blockBytes: number,
): Promise<FoundPart[]> {
  const parts: FoundPart[] = [];
  const bytes = new Uint8Array(partHeaderBytes);
  let next = start;
  for (;;) {
    if ((await file.read(bytes, next.offsetBytes)) < partHeaderBytes) return parts;
    const part = expectPart(decodePartHeader(bytes, 0), next, blockBytes);
    if (part === null) return parts;
    parts.push(part);
    next = {
      offsetBytes: part.endBytes,
      generation: start.generation,
      sequence: part.header.sequence + 1,
      chain: part.header.headerCrc,
    };
  }
}

/** The media bytes of a part hold their checksum. */
export async function partIsWhole(file: DiskFile, part: FoundPart): Promise<boolean> {
  const buffer = new Uint8Array(Math.min(readBytesMax, part.header.lengthBytes));
  let crc = 0;
  for (let done = 0; done < part.header.lengthBytes; ) {
    const want = Math.min(buffer.length, part.header.lengthBytes - done);
    const chunk = buffer.subarray(0, want);
    const got = await file.read(chunk, part.offsetBytes + partHeaderBytes + done);
    if (got < want) return false;
    crc = crcOfNext(chunk, crc);
    done += want;
  }
  return crc === part.header.crc;
}

function expectPart(header: Checked<PartHeader> | null, at: WalkStart, blockBytes: number): FoundPart | null {
  if (header === null || header.generation !== at.generation) return null;
  if (header.sequence !== at.sequence || header.chain !== at.chain) return null;
  if (header.endMs <= header.startMs || header.endMs - header.startMs > partSpanMsMax) return null;
  const endBytes = at.offsetBytes + partHeaderBytes + header.lengthBytes;
  return endBytes > blockBytes ? null : { header, offsetBytes: at.offsetBytes, endBytes };
}
