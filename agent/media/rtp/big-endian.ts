/** Network-order reads by index: the hot path reads header fields without making a view or an object. */

/** Callers have checked that the byte is inside the packet. */
export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** As a signed number, which V8 keeps unboxed; enough to compare and subtract. */
export function i32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) << 16) | u16(bytes, at + 2);
}

export function u32(bytes: Uint8Array, at: number): number {
  return i32(bytes, at) >>> 0;
}
