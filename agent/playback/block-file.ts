/** Reads parts out of one block file, and tells when the block was taken into use anew under the reader's hands. */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import {
  type BlockHead,
  blockFilePath,
  blockHeadBytesMax,
  blockHeaderBytes,
  decodeBlockHead,
  decodeBlockHeader,
  decodePartHeader,
  type PartHeader,
  partHeaderBytes,
} from '../storage/block/codec.ts';
import type { Segment } from './segments.ts';

/** Bytes fetched in one read. */
export const readBytesMax = 1024 * 1024;

/** A part whose header is in order; its payload is not yet checked. */
export interface FoundPart {
  readonly header: PartHeader;
  /** Offset of its `moof` in the file. */
  readonly moofOffsetBytes: number;
}

export class BlockFile {
  readonly head: BlockHead;
  readonly #fd: number;
  readonly #segment: Segment;
  readonly #buffer = Buffer.alloc(readBytesMax);

  private constructor(fd: number, segment: Segment, head: BlockHead) {
    this.#fd = fd;
    this.#segment = segment;
    this.head = head;
  }

  /** Null when the file is not there, damaged at its head, or no longer what the index says. */
  static open(segment: Segment, cameraId: string): BlockFile | null {
    const fd = openOrNull(blockFilePath(segment.spacePath, segment.block));
    if (fd === null) return null;
    const bytes = Buffer.alloc(blockHeadBytesMax);
    const head = decodeBlockHead(bytes.subarray(0, readFully(fd, bytes, 0)));
    const { header } = head ?? {};
    if (head && header?.generation === segment.generation && header.cameraId === cameraId) {
      return new BlockFile(fd, segment, head);
    }
    closeSync(fd);
    return null;
  }

  /** The parts of the segment, in order; ends early at the first one whose header does not fit. */
  *parts(): Generator<FoundPart> {
    const bytes = Buffer.alloc(partHeaderBytes);
    let offsetBytes = this.#segment.fromBytes;
    let chain: number | null = null;
    while (offsetBytes < this.#segment.toBytes) {
      if (this.read(bytes, offsetBytes) < partHeaderBytes) return;
      const header = decodePartHeader(bytes, 0);
      if (!header || header.generation !== this.#segment.generation) return;
      if (chain !== null && header.chain !== chain) return;
      chain = header.headerCrc;
      yield { header, moofOffsetBytes: offsetBytes + partHeaderBytes };
      offsetBytes += partHeaderBytes + header.lengthBytes;
    }
  }

  /** A copy of the part's `moof`, or null when the payload does not match its checksum. */
  checkedMoof(part: FoundPart): Uint8Array | null {
    const { lengthBytes, crc } = part.header;
    let moof: Uint8Array | null = null;
    let sum = 0;
    for (let done = 0; done < lengthBytes; ) {
      const wanted = this.#buffer.subarray(0, Math.min(readBytesMax, lengthBytes - done));
      if (this.read(wanted, part.moofOffsetBytes + done) < wanted.length) return null;
      moof ??= firstBox(wanted);
      sum = crc32(wanted, sum);
      done += wanted.length;
    }
    return sum === crc ? moof : null;
  }

  /** Fills `into` from the file and returns how many bytes there were. */
  read(into: Uint8Array, offsetBytes: number): number {
    return readFully(this.#fd, into, offsetBytes);
  }

  /**
   * False when the block was recycled: what was read since the last check may be something else. In a space that was
   * initialised meanwhile its generations began anew.
   */
  isCurrent(): boolean {
    const bytes = Buffer.alloc(blockHeaderBytes);
    this.read(bytes, this.head.ftyp.length);
    return decodeBlockHeader(bytes, 0)?.headerCrc === this.head.header.headerCrc;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}

/** An unreadable disk reads as the end of the file: the parts behind are left out and reported. */
function readFully(fd: number, into: Uint8Array, offsetBytes: number): number {
  let done = 0;
  while (done < into.length) {
    const count = readOrZero(fd, into, done, offsetBytes + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function readOrZero(fd: number, into: Uint8Array, at: number, position: number): number {
  try {
    return readSync(fd, into, at, into.length - at, position);
  } catch {
    return 0;
  }
}

/** A copy of the box at the start of `bytes`; null when it does not end within. */
function firstBox(bytes: Buffer): Uint8Array | null {
  const size = bytes.length < 8 ? 0 : bytes.readUInt32BE(0);
  return size >= 8 && size <= bytes.length ? Uint8Array.from(bytes.subarray(0, size)) : null;
}
