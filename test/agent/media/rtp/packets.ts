/** Builds RTP packets and small valid streams for the tests. */

export const h264 = {
  sps: Buffer.from('Z0LAHtkAoC/5cBEAAAMAAQAAAwAyDxYuSA==', 'base64'),
  /** 1920 x 1080 */
  spsLarge: Buffer.from('Z2QAKKzZQHgCJ+XARAAAAwAEAAADAPA8YMZY', 'base64'),
  pps: Buffer.from('aOvjyyLA', 'base64'),
  aud: Buffer.from('09f0', 'hex'),
  sei: Buffer.from('0605021122', 'hex'),
  /** Payload type 6: recovery point. */
  recoveryPoint: Buffer.from('060601c480', 'hex'),
  idr: Buffer.from('6588aabbccdd', 'hex'),
  idrSecondSlice: Buffer.from('6508aabbccdd', 'hex'),
  slice: Buffer.from('419aaabbccdd', 'hex'),
  secondSlice: Buffer.from('411aaabbccdd', 'hex'),
};

export const h265 = {
  vps: Buffer.from('40010c01ffff01600000030090000003000003003f959809', 'hex'),
  sps: Buffer.from('QgEBAWAAAAMAkAAAAwAAAwA/oAUCAWllkqSTK8BaAgAAAwACAAADAB4Q', 'base64'),
  pps: Buffer.from('4401c172b46240', 'hex'),
  idr: Buffer.from('2601af0611223344', 'hex'),
  cra: Buffer.from('2a01af0611223344', 'hex'),
  slice: Buffer.from('0201d006aabbccdd', 'hex'),
  sei: Buffer.from('4e01050211', 'hex'),
};

export function rtp(options: {
  sequence: number;
  timestamp: number;
  payload: Uint8Array;
  marker?: boolean;
  payloadType?: number;
  source?: number;
}): Uint8Array {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = (options.payloadType ?? 96) | (options.marker ? 0x80 : 0);
  head.writeUInt16BE(options.sequence & 0xffff, 2);
  head.writeUInt32BE(options.timestamp >>> 0, 4);
  head.writeUInt32BE(options.source ?? 0x1234, 8);
  return Uint8Array.from([...head, ...options.payload]);
}

/** One NAL unit as FU-A payloads of at most `size` bytes each. */
export function fuA(nal: Uint8Array, size: number): Uint8Array[] {
  const [header = 0] = nal;
  return chunks(nal.subarray(1), size).map((chunk, i, all) =>
    Uint8Array.from([
      (header & 0xe0) | 28,
      (header & 0x1f) | (i === 0 ? 0x80 : 0) | (i === all.length - 1 ? 0x40 : 0),
      ...chunk,
    ]),
  );
}

/** One NAL unit as H.265 FU payloads. */
export function fu(nal: Uint8Array, size: number): Uint8Array[] {
  const [first = 0, second = 0] = nal;
  return chunks(nal.subarray(2), size).map((chunk, i, all) =>
    Uint8Array.from([
      (first & 0x81) | (49 << 1),
      second,
      ((first >> 1) & 0x3f) | (i === 0 ? 0x80 : 0) | (i === all.length - 1 ? 0x40 : 0),
      ...chunk,
    ]),
  );
}

export function stapA(...nals: Uint8Array[]): Uint8Array {
  return Uint8Array.from([24 | 0x60, ...nals.flatMap(sized)]);
}

export function aggregate265(...nals: Uint8Array[]): Uint8Array {
  return Uint8Array.from([48 << 1, 1, ...nals.flatMap(sized)]);
}

export function annexB(...nals: Uint8Array[]): Uint8Array {
  return Uint8Array.from(nals.flatMap((nal, i) => [...(i % 2 === 0 ? [0] : []), 0, 0, 1, ...nal]));
}

function sized(nal: Uint8Array): number[] {
  return [nal.length >> 8, nal.length & 0xff, ...nal];
}

function chunks(bytes: Uint8Array, size: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(bytes.subarray(at, at + size));
  return out;
}

export function hex(...nals: Uint8Array[]): string[] {
  return nals.map((nal) => Buffer.from(nal).toString('hex'));
}
