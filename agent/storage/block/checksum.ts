/** CRC-32 of parts by zlib's vectorised code: the only per-byte work of recording besides the copy. */
import { crc32 } from 'node:zlib';

/** CRC-32 (IEEE 802.3) of ranges one behind the other. */
export function crcOf(buffers: readonly Uint8Array[]): number {
  let crc = 0;
  for (const buffer of buffers) crc = crc32(buffer, crc);
  return crc;
}

/** Goes on counting from `before`, the checksum of all that stands ahead of `bytes`. */
export function crcOfNext(bytes: Uint8Array, before: number): number {
  return crc32(bytes, before);
}
