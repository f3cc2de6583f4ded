/** Brings a small clip to an asked bit rate with user data, smoothly: small frames are loaded first. */

/** Bytes to add to each frame so that the sum is `totalBytes`, by raising the smallest frames to one level. */
export function ballastPlan(sizesBytes: readonly number[], totalBytes: number): number[] {
  const own = sizesBytes.reduce((sum, size) => sum + size, 0);
  if (own >= totalBytes) return sizesBytes.map(() => 0);
  const sorted = sizesBytes.toSorted((one, other) => one - other);
  let level = 0;
  let below = 0;
  for (const [index, size] of sorted.entries()) {
    below += size;
    const left = totalBytes - (own - below);
    level = left / (index + 1);
    if (level <= (sorted[index + 1] ?? Number.POSITIVE_INFINITY)) break;
  }
  return sizesBytes.map((size) => Math.max(0, Math.floor(level - size)));
}

/**
 * An SEI unit of unregistered user data (H.264 D.1.7, H.265 D.2.7) of about `sizeBytes`, at most; null when there is no
 * room for one. Not filler data: recorders rightly leave that out (ISO 14496-15), and decoders skip both.
 */
export function ballastNal(codec: 'h264' | 'h265', sizeBytes: number): Uint8Array | null {
  const header = codec === 'h264' ? [6] : [39 << 1, 1];
  const room = sizeBytes - header.length - 2;
  const payloadBytes = room - 1 - Math.floor(room / 256);
  if (payloadBytes < uuidBytes) return null;
  const sizeCoded = [
    ...Array.from({ length: Math.floor(payloadBytes / 255) }, () => 255),
    payloadBytes % 255,
  ];
  const nal = new Uint8Array(header.length + 1 + sizeCoded.length + payloadBytes + 1).fill(0x55);
  nal.set([...header, userDataUnregistered, ...sizeCoded]);
  nal[nal.length - 1] = 0x80;
  return nal;
}

const userDataUnregistered = 5;
const uuidBytes = 16;
