/** RTCP (RFC 3550, 6): reads sender reports and goodbyes, writes receiver reports; a broken compound ends where it breaks. */
import { u8, u16, u32 } from './big-endian.ts';

const senderReport = 200;
const receiverReport = 201;
const sourceDescription = 202;
const goodbye = 203;
/** Seconds from 1900 to 1970. */
const ntpEpochSeconds = 2_208_988_800;
/** A sender whose clock was never set counts from 0: less than a year means no clock. */
const unsetSecondsMax = 31_536_000;
const reportBlockBytes = 24;
/** Blocks that fit a report's five-bit count. */
const reportsMax = 31;

export interface RtcpSink {
  /** `senderMs`: the sender's clock, UTC ms, null when it has none; `ntpMiddle`: the middle 32 bits for the reply. */
  senderReport(source: number, timestamp: number, senderMs: number | null, ntpMiddle: number): void;
  goodbye(source: number): void;
}

export interface ReceptionReport {
  readonly source: number;
  /** In 1/256. */
  readonly fractionLost: number;
  readonly packetsLost: number;
  readonly highestSequence: number;
  readonly jitterTicks: number;
  readonly lastReport: number;
  /** In 1/65536 s. */
  readonly delaySinceLastReport: number;
}

export function readRtcp(bytes: Uint8Array, start: number, end: number, sink: RtcpSink): void {
  let at = start;
  while (at + 4 <= end) {
    const first = u8(bytes, at);
    if ((first & 0xc0) !== 0x80) return;
    const next = at + 4 + u16(bytes, at + 2) * 4;
    if (next > end) return;
    const type = u8(bytes, at + 1);
    if (type === senderReport && next - at >= 28) readSenderReport(bytes, at, sink);
    else if (type === goodbye) {
      const sources = Math.min(first & 0x1f, (next - at - 4) >> 2);
      for (let i = 0; i < sources; i++) sink.goodbye(u32(bytes, at + 4 + i * 4));
    }
    at = next;
  }
}

function readSenderReport(bytes: Uint8Array, at: number, sink: RtcpSink): void {
  const seconds = u32(bytes, at + 8);
  const fraction = u32(bytes, at + 12);
  // The upper bit is clear in the era that begins in 2036 (RFC 5905, 6).
  const era = seconds < 0x80000000 ? 0x1_0000_0000 : 0;
  const senderMs = (seconds + era - ntpEpochSeconds) * 1000 + (fraction * 1000) / 0x1_0000_0000;
  const middle = ((seconds & 0xffff) * 0x10000 + (fraction >>> 16)) >>> 0;
  sink.senderReport(
    u32(bytes, at + 4),
    u32(bytes, at + 16),
    seconds < unsetSecondsMax ? null : senderMs,
    middle,
  );
}

/** A compound of one receiver report and one source description with the canonical name (6.1). */
export function writeReceiverReport(options: {
  source: number;
  name: string;
  reports: readonly ReceptionReport[];
}): Uint8Array {
  const reports = options.reports.slice(0, reportsMax);
  const name = Buffer.from(options.name, 'latin1').subarray(0, 255);
  const reportBytes = 8 + reports.length * reportBlockBytes;
  const descriptionBytes = 4 + ((4 + 2 + name.length + 1 + 3) & ~3);
  const out = Buffer.alloc(reportBytes + descriptionBytes);
  out.writeUInt8(0x80 | reports.length, 0);
  out.writeUInt8(receiverReport, 1);
  out.writeUInt16BE(reportBytes / 4 - 1, 2);
  out.writeUInt32BE(options.source >>> 0, 4);
  reports.forEach((report, i) => {
    writeBlock(out, 8 + i * reportBlockBytes, report);
  });
  out.writeUInt8(0x81, reportBytes);
  out.writeUInt8(sourceDescription, reportBytes + 1);
  out.writeUInt16BE(descriptionBytes / 4 - 1, reportBytes + 2);
  out.writeUInt32BE(options.source >>> 0, reportBytes + 4);
  out.writeUInt8(1, reportBytes + 8);
  out.writeUInt8(name.length, reportBytes + 9);
  name.copy(out, reportBytes + 10);
  return out;
}

function writeBlock(out: Buffer, at: number, report: ReceptionReport): void {
  out.writeUInt32BE(report.source >>> 0, at);
  out.writeUInt32BE((report.fractionLost * 0x1000000 + report.packetsLost) >>> 0, at + 4);
  out.writeUInt32BE(report.highestSequence >>> 0, at + 8);
  out.writeUInt32BE(report.jitterTicks >>> 0, at + 12);
  out.writeUInt32BE(report.lastReport >>> 0, at + 16);
  out.writeUInt32BE(report.delaySinceLastReport >>> 0, at + 20);
}
