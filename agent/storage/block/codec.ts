/** The bytes of a block file: what is written can be told from stale bytes by generation, chain and checksum alone. */

/** Layout version of block and part headers; a reader refuses a newer one. */
const blockFormatVersion = 1;
export const blockHeaderBytes = 184;
export const partHeaderBytes = 64;
export const freeHeaderBytes = 8;
/** A block always keeps this much `free` at its end, so that a further box header fits. */
export const trailingFreeMinBytes = 16;
/** `ftyp`, block header and `moov` together; bounds what a reader fetches before it trusts anything. */
export const blockHeadBytesMax = 64 * 1024;
/** Largest `moof` + `mdat` of one part; bounds what a reader allocates on the word of a header. */
export const partBytesMax = 64 * 1024 * 1024;

const boxUuid = 0x75756964;
const boxFree = 0x66726565;
const boxFtyp = 0x66747970;
const boxMoov = 0x6d6f6f76;
/** User types of the two `uuid` boxes (ISO 14496-12, 4.2): "holdfast" and then "block" or "part". */
const blockUuid = [0x686f6c64, 0x66617374, 0x80006200, 0x6c6f636b];
const partUuid = [0x686f6c64, 0x66617374, 0x80007000, 0x61727400];
const flagRandomAccess = 1;
const idBytes = 32;
const streamBytes = 8;

export interface BlockHeader {
  readonly spaceId: string;
  readonly blockNumber: number;
  readonly generation: number;
  readonly poolId: string;
  readonly cameraId: string;
  readonly stream: 'main' | 'sub';
  readonly ownerEpoch: number;
  readonly createdMs: number;
  /** UTC ms, a whole second, that decode time 0 of this file stands for: UTC = `baseMs` + tfdt / timescale. */
  readonly baseMs: number;
  readonly ftypBytes: number;
  readonly moovBytes: number;
  /** CRC-32 of `ftyp` followed by `moov`. */
  readonly initCrc: number;
}

export interface PartHeader {
  readonly generation: number;
  /** Counts the parts of this generation from 0. */
  readonly sequence: number;
  /** Arrival UTC ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly randomAccess: boolean;
  /** `moof` and `mdat` behind this header. */
  readonly lengthBytes: number;
  /** CRC-32 of `moof` and `mdat`. */
  readonly crc: number;
  /** `headerCrc` of the part before, of the block header for the first: a stale part never continues a chain. */
  readonly chain: number;
}

/** A decoded header with its own checksum, the `chain` of whatever follows. */
export type Checked<Header> = Header & { readonly headerCrc: number };

const crcTable = makeCrcTable();

/** CRC-32 (IEEE 802.3, as zlib) of a short range; the long ones of parts are counted by the caller's native one. */
export function crc32OfHeader(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffffffff;
  for (let i = start; i < end; i += 1) crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The block's `uuid` box, `blockHeaderBytes` long. */
export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  const bytes = new Uint8Array(blockHeaderBytes);
  const view = new DataView(bytes.buffer);
  writeUuidBox(view, 0, blockHeaderBytes, blockUuid);
  view.setUint16(24, blockFormatVersion);
  view.setUint32(28, header.blockNumber);
  view.setUint32(32, header.generation);
  writeUint64(view, 40, header.createdMs);
  writeUint64(view, 48, header.ownerEpoch);
  writeUint64(view, 56, header.baseMs);
  view.setUint32(64, header.ftypBytes);
  view.setUint32(68, header.moovBytes);
  view.setUint32(72, header.initCrc);
  writeAscii(bytes, 76, header.spaceId, idBytes);
  writeAscii(bytes, 108, header.cameraId, idBytes);
  writeAscii(bytes, 140, header.stream, streamBytes);
  writeAscii(bytes, 148, header.poolId, idBytes);
  view.setUint32(180, crc32OfHeader(bytes, 0, 180));
  return bytes;
}

/** Null for anything that is not a whole, undamaged block header of a known version. */
export function decodeBlockHeader(bytes: Uint8Array, offsetBytes: number): Checked<BlockHeader> | null {
  if (offsetBytes < 0 || offsetBytes + blockHeaderBytes > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offsetBytes, blockHeaderBytes);
  if (!isUuidBox(view, blockHeaderBytes, blockUuid)) return null;
  const headerCrc = view.getUint32(180);
  if (headerCrc !== crc32OfHeader(bytes, offsetBytes, offsetBytes + 180)) return null;
  if (view.getUint16(24) !== blockFormatVersion) return null;
  const stream = readAscii(bytes, offsetBytes + 140, streamBytes);
  if (stream !== 'main' && stream !== 'sub') return null;
  return {
    blockNumber: view.getUint32(28),
    generation: view.getUint32(32),
    createdMs: readUint64(view, 40),
    ownerEpoch: readUint64(view, 48),
    baseMs: readUint64(view, 56),
    ftypBytes: view.getUint32(64),
    moovBytes: view.getUint32(68),
    initCrc: view.getUint32(72),
    spaceId: readAscii(bytes, offsetBytes + 76, idBytes),
    cameraId: readAscii(bytes, offsetBytes + 108, idBytes),
    stream,
    poolId: readAscii(bytes, offsetBytes + 148, idBytes),
    headerCrc,
  };
}

/** Writes `partHeaderBytes` at `offsetBytes` of `target` and returns the header's checksum. */
export function encodePartHeader(target: Uint8Array, offsetBytes: number, header: PartHeader): number {
  const view = new DataView(target.buffer, target.byteOffset + offsetBytes, partHeaderBytes);
  writeUuidBox(view, 0, partHeaderBytes, partUuid);
  view.setUint32(24, header.generation);
  view.setUint32(28, header.sequence);
  writeUint64(view, 32, header.startMs);
  view.setUint32(40, header.endMs - header.startMs);
  view.setUint32(44, header.randomAccess ? flagRandomAccess : 0);
  view.setUint32(48, header.lengthBytes);
  view.setUint32(52, header.crc);
  view.setUint32(56, header.chain);
  const headerCrc = crc32OfHeader(target, offsetBytes, offsetBytes + 60);
  view.setUint32(60, headerCrc);
  return headerCrc;
}

/** Null for anything that is not a whole, undamaged part header; whose generation it is the caller checks. */
export function decodePartHeader(bytes: Uint8Array, offsetBytes: number): Checked<PartHeader> | null {
  if (offsetBytes < 0 || offsetBytes + partHeaderBytes > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offsetBytes, partHeaderBytes);
  if (!isUuidBox(view, partHeaderBytes, partUuid)) return null;
  const headerCrc = view.getUint32(60);
  if (headerCrc !== crc32OfHeader(bytes, offsetBytes, offsetBytes + 60)) return null;
  const startMs = readUint64(view, 32);
  const lengthBytes = view.getUint32(48);
  if (lengthBytes > partBytesMax) return null;
  return {
    generation: view.getUint32(24),
    sequence: view.getUint32(28),
    startMs,
    endMs: startMs + view.getUint32(40),
    randomAccess: (view.getUint32(44) & flagRandomAccess) !== 0,
    lengthBytes,
    crc: view.getUint32(52),
    chain: view.getUint32(56),
    headerCrc,
  };
}

/** Header of a `free` box of `sizeBytes` (at most 1 GiB here) at `offsetBytes` of `target`. */
export function encodeFreeHeader(target: Uint8Array, offsetBytes: number, sizeBytes: number): void {
  const view = new DataView(target.buffer, target.byteOffset + offsetBytes, freeHeaderBytes);
  view.setUint32(0, sizeBytes);
  view.setUint32(4, boxFree);
}

/** The head of a block taken into use: `ftyp`, block header, `moov`, and `free` over the rest of `blockBytes`. */
export function encodeBlockHead(
  header: BlockHeader,
  init: { ftyp: Uint8Array; moov: Uint8Array },
  blockBytes: number,
): Uint8Array {
  const headBytes = init.ftyp.length + blockHeaderBytes + init.moov.length;
  const bytes = new Uint8Array(headBytes + freeHeaderBytes);
  bytes.set(init.ftyp, 0);
  bytes.set(encodeBlockHeader(header), init.ftyp.length);
  bytes.set(init.moov, init.ftyp.length + blockHeaderBytes);
  encodeFreeHeader(bytes, headBytes, blockBytes - headBytes);
  return bytes;
}

/** What the start of a block file says; `headBytes` is the offset of the first part. */
export interface BlockHead {
  readonly header: Checked<BlockHeader>;
  readonly headBytes: number;
  readonly ftyp: Uint8Array;
  readonly moov: Uint8Array;
}

/** Reads `ftyp`, header and `moov` from the first `blockHeadBytesMax` bytes of a file; null when any is damaged. */
export function decodeBlockHead(bytes: Uint8Array): BlockHead | null {
  if (bytes.length < 8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ftypBytes = view.getUint32(0);
  if (view.getUint32(4) !== boxFtyp || ftypBytes < 8 || ftypBytes > blockHeadBytesMax) return null;
  const header = decodeBlockHeader(bytes, ftypBytes);
  if (header === null || header.ftypBytes !== ftypBytes) return null;
  const moovOffset = ftypBytes + blockHeaderBytes;
  const headBytes = moovOffset + header.moovBytes;
  if (header.moovBytes < 8 || headBytes > bytes.length || headBytes > blockHeadBytesMax) return null;
  if (view.getUint32(moovOffset) !== header.moovBytes || view.getUint32(moovOffset + 4) !== boxMoov)
    return null;
  const ftyp = bytes.subarray(0, ftypBytes);
  const moov = bytes.subarray(moovOffset, headBytes);
  if (crcOfInit(ftyp, moov) !== header.initCrc) return null;
  return { header, headBytes, ftyp, moov };
}

/** CRC-32 of `ftyp` followed by `moov`. */
export function crcOfInit(ftyp: Uint8Array, moov: Uint8Array): number {
  const both = new Uint8Array(ftyp.length + moov.length);
  both.set(ftyp, 0);
  both.set(moov, ftyp.length);
  return crc32OfHeader(both, 0, both.length);
}

export const blocksPerFolder = 1000;

/** `blocks/000/blk-000123.mp4` below the space's folder. */
export function blockFilePath(spacePath: string, blockNumber: number): string {
  const folder = String(Math.floor(blockNumber / blocksPerFolder)).padStart(3, '0');
  return `${spacePath}/blocks/${folder}/blk-${String(blockNumber).padStart(6, '0')}.mp4`;
}

function writeUuidBox(view: DataView, offset: number, sizeBytes: number, uuid: readonly number[]): void {
  view.setUint32(offset, sizeBytes);
  view.setUint32(offset + 4, boxUuid);
  uuid.forEach((word, i) => {
    view.setUint32(offset + 8 + 4 * i, word);
  });
}

function isUuidBox(view: DataView, sizeBytes: number, uuid: readonly number[]): boolean {
  if (view.getUint32(0) !== sizeBytes || view.getUint32(4) !== boxUuid) return false;
  return uuid.every((word, i) => view.getUint32(8 + 4 * i) === word);
}

function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / 0x1_0000_0000));
  view.setUint32(offset + 4, value >>> 0);
}

function readUint64(view: DataView, offset: number): number {
  return view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
}

function writeAscii(bytes: Uint8Array, offset: number, text: string, length: number): void {
  for (let i = 0; i < Math.min(text.length, length); i += 1) bytes[offset + i] = text.charCodeAt(i) & 0x7f;
}

function readAscii(bytes: Uint8Array, offset: number, length: number): string {
  let text = '';
  for (let i = offset; i < offset + length; i += 1) {
    const code = bytes[i] ?? 0;
    if (code === 0) break;
    text += String.fromCharCode(code & 0x7f);
  }
  return text;
}

function makeCrcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}
