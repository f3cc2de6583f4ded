import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BlockHeader,
  blockFilePath,
  blockHeaderBytes,
  crc32OfHeader,
  crcOfInit,
  decodeBlockHead,
  decodeBlockHeader,
  decodePartHeader,
  encodeBlockHead,
  encodeBlockHeader,
  encodeFreeHeader,
  encodePartHeader,
  type PartHeader,
  partHeaderBytes,
} from '../../../../agent/storage/block/codec.ts';
import { makeInit } from '../../../support/storage/parts.ts';

const blockHeader: BlockHeader = {
  spaceId: 's1',
  blockNumber: 123,
  generation: 7,
  poolId: 'p1',
  cameraId: 'c12',
  stream: 'main',
  ownerEpoch: 3,
  createdMs: 1_700_000_000_123,
  baseMs: 1_700_000_000_000,
  ftypBytes: 24,
  moovBytes: 700,
  initCrc: 0xdeadbeef,
};

const partHeader: PartHeader = {
  generation: 7,
  sequence: 41,
  startMs: 1_700_000_001_000,
  endMs: 1_700_000_002_040,
  randomAccess: true,
  lengthBytes: 250_000,
  crc: 0x12345678,
  chain: 0x9abcdef0,
};

const goldenBlockHeader =
  '000000b875756964686f6c64666173748000620 06c6f636b' +
  '000100000000007b0000000700000000' +
  '0000018bcfe5687b00000000000000030000018bcfe56800' +
  '00000018000002bcdeadbeef';
const goldenPartHeader =
  '0000004075756964686f6c64666173748000700061727400' +
  '00000007000000290000018bcfe56be8000004100000000100 03d090123456789abcdef0';

test('a block header is these bytes', () => {
  const hex = Buffer.from(encodeBlockHeader(blockHeader)).toString('hex');
  expect(hex.slice(0, 2 * 76)).toBe(goldenBlockHeader.replaceAll(' ', ''));
  expect(hex.slice(2 * 76, 2 * 78)).toBe('7331');
  expect(hex.slice(2 * 180)).toBe('eb13bf1b');
  expect(hex.length).toBe(2 * blockHeaderBytes);
});

test('a part header is these bytes', () => {
  const bytes = new Uint8Array(partHeaderBytes);
  const headerCrc = encodePartHeader(bytes, 0, partHeader);
  const hex = Buffer.from(bytes).toString('hex');
  expect(hex.slice(0, 2 * 60)).toBe(goldenPartHeader.replaceAll(' ', ''));
  expect(hex.slice(2 * 60)).toBe(headerCrc.toString(16));
});

test('a free header is these bytes', () => {
  const bytes = new Uint8Array(8);
  encodeFreeHeader(bytes, 0, 1024 * 1024 * 1024);
  expect(Buffer.from(bytes).toString('hex')).toBe('4000000066726565');
});

test('headers read back as they were written', () => {
  expect(decodeBlockHeader(encodeBlockHeader(blockHeader), 0)).toMatchObject(blockHeader);
  const bytes = new Uint8Array(partHeaderBytes + 5);
  const headerCrc = encodePartHeader(bytes, 5, partHeader);
  expect(decodePartHeader(bytes, 5)).toEqual({ ...partHeader, headerCrc });
});

test('the short CRC is the one of zlib', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(crc32OfHeader(bytes, 0, bytes.length)).toBe(crc32(bytes));
    }),
  );
});

test('a head reads back whole, and not with any bit of it changed', () => {
  const init = makeInit();
  const header = {
    ...blockHeader,
    ftypBytes: init.ftyp.length,
    moovBytes: init.moov.length,
    initCrc: crcOfInit(init.ftyp, init.moov),
  };
  const bytes = encodeBlockHead(header, init, 65_536);
  const head = decodeBlockHead(bytes);
  expect(head?.header).toMatchObject(header);
  expect(head?.headBytes).toBe(bytes.length - 8);
  expect(head && Buffer.from(head.moov).equals(init.moov)).toBe(true);
  for (let bit = 0; bit < (bytes.length - 8) * 8; bit += 1) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeBlockHead(damaged), `bit ${bit}`).toBeNull();
  }
});

test('a part header with any bit changed is none', () => {
  const bytes = new Uint8Array(partHeaderBytes);
  encodePartHeader(bytes, 0, partHeader);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = bytes.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodePartHeader(damaged, 0), `bit ${bit}`).toBeNull();
  }
});

test('any bytes are read without a throw, and lengths stay within bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: -10, max: 500 }), (bytes, offset) => {
      decodeBlockHead(bytes);
      expect(decodeBlockHeader(bytes, offset)).toBeNull();
      expect(decodePartHeader(bytes, offset)).toBeNull();
    }),
  );
});

test('a part header that claims a gigantic part is refused though its checksum holds', () => {
  const bytes = new Uint8Array(partHeaderBytes);
  encodePartHeader(bytes, 0, { ...partHeader, lengthBytes: 0xffff_ffff });
  expect(decodePartHeader(bytes, 0)).toBeNull();
});

test('block files lie a thousand to a folder', () => {
  expect(blockFilePath('/mnt/a', 123)).toBe('/mnt/a/blocks/000/blk-000123.mp4');
  expect(blockFilePath('/mnt/a', 65_535)).toBe('/mnt/a/blocks/065/blk-065535.mp4');
});
