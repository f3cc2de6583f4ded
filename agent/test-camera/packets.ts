/** RTP packets of frames, made once as templates with RTSP's interleaving header in front; a copy only gets numbers filled in. */

/** Fits into an Ethernet frame over UDP. */
const payloadBytesMax = 1400;
/** "$", channel, 16-bit length (RFC 2326, 10.12), then the RTP header (RFC 3550, 5.1). */
const interleavedBytes = 4;
const rtpHeaderBytes = 12;
export const packetOverheadBytes = interleavedBytes + rtpHeaderBytes;

export interface TrackNumbers {
  /** Interleaved channel of RTP; RTCP has the one behind. */
  readonly channel: number;
  readonly payloadType: number;
  readonly ssrc: number;
}

/** One frame as it goes over the wire, without sequence numbers and times. */
export interface FrameTemplate {
  readonly bytes: Uint8Array;
  /** Where each packet begins, at its "$". */
  readonly packetOffsets: readonly number[];
}

interface Fragment {
  readonly header: readonly number[];
  readonly nal: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** An access unit of H.264 (RFC 6184, single NAL and FU-A) or H.265 (RFC 7798, single NAL and FU); marker on the last. */
export function videoTemplate(
  codec: 'h264' | 'h265',
  nals: readonly Uint8Array[],
  track: TrackNumbers,
): FrameTemplate {
  return template(
    nals.flatMap((nal) => fragments(codec, nal)),
    track,
    true,
  );
}

/** One AAC access unit in AAC-hbr (RFC 3640, 3.3.6), or a run of G.711 samples (RFC 3551, 4.5.14). */
export function audioTemplate(
  codec: 'aac' | 'pcma' | 'pcmu',
  sound: Uint8Array,
  track: TrackNumbers,
): FrameTemplate {
  const size = sound.length << 3;
  const header = codec === 'aac' ? [0, 16, size >> 8, size & 255] : [];
  return template([{ header, nal: sound, start: 0, end: sound.length }], track, codec === 'aac');
}

function fragments(codec: 'h264' | 'h265', nal: Uint8Array): Fragment[] {
  if (nal.length <= payloadBytesMax) return [{ header: [], nal, start: 0, end: nal.length }];
  const first = nal[0] ?? 0;
  const second = nal[1] ?? 0;
  const indicator = codec === 'h264' ? [(first & 0xe0) | 28] : [(first & 0x81) | (49 << 1), second];
  const type = codec === 'h264' ? first & 31 : (first >> 1) & 63;
  const pieces: Fragment[] = [];
  const step = payloadBytesMax - indicator.length - 1;
  for (let start = indicator.length; start < nal.length; start += step) {
    const end = Math.min(nal.length, start + step);
    const marks = (pieces.length === 0 ? 0x80 : 0) | (end === nal.length ? 0x40 : 0);
    pieces.push({ header: [...indicator, marks | type], nal, start, end });
  }
  return pieces;
}

function template(pieces: readonly Fragment[], track: TrackNumbers, marked: boolean): FrameTemplate {
  const sizeOf = ({ header, start, end }: Fragment) => header.length + end - start;
  const total = pieces.reduce((sum, piece) => sum + packetOverheadBytes + sizeOf(piece), 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const packetOffsets: number[] = [];
  let position = 0;
  pieces.forEach((piece, index) => {
    packetOffsets.push(position);
    const marker = marked && index === pieces.length - 1 ? 0x80 : 0;
    bytes.set([0x24, track.channel], position);
    view.setUint16(position + 2, rtpHeaderBytes + sizeOf(piece));
    bytes.set([0x80, marker | track.payloadType], position + 4);
    view.setUint32(position + 12, track.ssrc);
    bytes.set(piece.header, position + packetOverheadBytes);
    bytes.set(
      piece.nal.subarray(piece.start, piece.end),
      position + packetOverheadBytes + piece.header.length,
    );
    position += packetOverheadBytes + sizeOf(piece);
  });
  return { bytes, packetOffsets };
}

/** Copies a frame to `offset`, numbered from `sequence` on; returns where the next one goes. */
export function placeFrame(
  target: Buffer,
  offset: number,
  frame: FrameTemplate,
  numbers: { sequence: number; timestamp: number },
): number {
  target.set(frame.bytes, offset);
  let sequence = numbers.sequence;
  for (const packet of frame.packetOffsets) {
    target.writeUInt16BE(sequence & 0xffff, offset + packet + 6);
    target.writeUInt32BE(numbers.timestamp >>> 0, offset + packet + 8);
    sequence += 1;
  }
  return offset + frame.bytes.length;
}

export const senderReportBytes = interleavedBytes + 28;
/** Seconds between 1900 (NTP) and 1970. */
const ntpOffsetSeconds = 2_208_988_800;

/** An RTCP sender report (RFC 3550, 6.4.1) on the track's RTCP channel. */
export function placeSenderReport(
  target: Buffer,
  offset: number,
  report: { channel: number; ssrc: number; utcMs: number; timestamp: number; packets: number; bytes: number },
): number {
  const seconds = Math.floor(report.utcMs / 1000);
  target.set([0x24, report.channel + 1, 0, 28, 0x80, 200, 0, 6], offset);
  target.writeUInt32BE(report.ssrc, offset + 8);
  target.writeUInt32BE((seconds + ntpOffsetSeconds) >>> 0, offset + 12);
  target.writeUInt32BE(Math.floor((report.utcMs / 1000 - seconds) * 2 ** 32) >>> 0, offset + 16);
  target.writeUInt32BE(report.timestamp >>> 0, offset + 20);
  target.writeUInt32BE(report.packets >>> 0, offset + 24);
  target.writeUInt32BE(report.bytes >>> 0, offset + 28);
  return offset + senderReportBytes;
}
