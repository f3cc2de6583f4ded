/** What both readers of parameter sets, the one for the wire and the one for files, rest on: plain bytes, and who says chroma. */

/** NAL unit bytes without emulation prevention (00 00 03 becomes 00 00; H.264 7.3.1, H.265 7.3.1.1). */
export function withoutEmulation(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(bytes.length);
  let length = 0;
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plain[length++] = byte;
  }
  return plain.subarray(0, length);
}

/** H.264 profiles whose sequence parameter set carries chroma and depth (H.264 7.3.2.1.1); the others are 4:2:0 at 8 bits. */
export const chromaProfiles: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);
