/** Brings a small clip to an asked bit rate with filler data, smoothly: small frames are filled first. */

/** Bytes to add to each frame so that the sum is `totalBytes`, by raising the smallest frames to one level. */
export function fillerPlan(sizesBytes: readonly number[], totalBytes: number): number[] {
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

/** A filler data NAL unit (H.264 7.3.2.7, type 12; H.265 7.3.2.8, type 38); null when there is no room for one. */
export function fillerNal(codec: 'h264' | 'h265', sizeBytes: number): Uint8Array | null {
  const header = codec === 'h264' ? [12] : [38 << 1, 1];
  if (sizeBytes < header.length + 2) return null;
  const nal = new Uint8Array(sizeBytes).fill(0xff);
  nal.set(header);
  nal[sizeBytes - 1] = 0x80;
  return nal;
}
