/** One RTP stream (RFC 3550): reads headers by index, watches sequence and source, counts loss, never makes an object per packet. */
import { i32, u8, u16 } from './big-endian.ts';
import type { Depacketizer } from './depacketizer.ts';
import type { ReceptionReport } from './rtcp.ts';
import { TimestampUnwrapper } from './timestamps.ts';

export const rtpHeaderBytes = 12;
/** A.1: a jump of more than this is a restarted sender, not loss. */
const dropoutMax = 3000;
/** A.1: packets that late are late or doubled; older ones mean a restarted sender. */
const misorderMax = 100;
/** Another source on the same UDP port is believed when the present one has been silent for so long. */
const sourceSilenceMs = 1000;

/** No picture takes so long: behind a marker, packets of the same timestamp are of another one, and the sender's clock stands. */
const frozenMsMin = 1000;

export interface RtpTrackOptions {
  readonly payloadType: number;
  readonly clockRate: number;
  readonly depacketizer: Depacketizer;
  readonly onLost: (packets: number, arrivalMs: number) => void;
}

export class RtpTrack {
  readonly #payloadType: number;
  readonly #ticksPerMs: number;
  readonly #depacketizer: Depacketizer;
  readonly #onLost: (packets: number, arrivalMs: number) => void;
  #guardSource = false;
  readonly #unwrapper = new TimestampUnwrapper();

  #source = 0;
  #started = false;
  #sequence = 0;
  #cycles = 0;
  #timestamp = 0;
  #timed = false;
  /** Ticks of the present timestamp, and when it was first heard. */
  #ticks = 0;
  #movedMs = 0;
  /** The packet before had the marker. */
  #marked = false;
  /** The sender's clock stands: until it moves, arrival tells the time. */
  #frozen = false;
  #heardMs = 0;
  #received = 0;
  #lost = 0;
  #reportedReceived = 0;
  #reportedLost = 0;
  #transit: number | null = null;
  #jitter = 0;
  #reportMiddle = 0;
  #reportArrivalMs = 0;
  #trustedSource: number | null = null;

  constructor(options: RtpTrackOptions) {
    this.#payloadType = options.payloadType;
    this.#ticksPerMs = options.clockRate / 1000;
    this.#depacketizer = options.depacketizer;
    this.#onLost = options.onLost;
  }

  get packetsReceived(): number {
    return this.#received;
  }

  get packetsLost(): number {
    return this.#lost;
  }

  /** SSRC of the sender as a signed 32-bit number, null before the first packet. */
  get source(): number | null {
    return this.#started ? this.#source : null;
  }

  get payloadType(): number {
    return this.#payloadType;
  }

  /** UDP: packets of a source other than the one being heard are a dead session's. */
  guardSource(): void {
    this.#guardSource = true;
  }

  /** The SSRC that the server announced (RFC 2326, 12.39); it may be wrong, so it only breaks ties. */
  expectSource(source: number): void {
    this.#trustedSource = source | 0;
  }

  /**
   * One packet; false when it is no RTP packet or not of this stream. Of another source only packets of our payload type
   * say anything: what else comes is a report on the wrong channel (RFC 5761, 4), or another stream.
   */
  packet(bytes: Uint8Array, start: number, end: number, arrivalMs: number): boolean {
    if (end - start < rtpHeaderBytes) return false;
    const first = u8(bytes, start);
    if ((first & 0xc0) !== 0x80) return false;
    let from = start + rtpHeaderBytes + ((first & 0x0f) << 2);
    if ((first & 0x10) !== 0) {
      if (from + 4 > end) return false;
      from += 4 + (u16(bytes, from + 2) << 2);
    }
    let to = end;
    if ((first & 0x20) !== 0) to -= u8(bytes, end - 1);
    if (from > to) return false;
    const source = i32(bytes, start + 8);
    const second = u8(bytes, start + 1);
    const ours = (second & 0x7f) === this.#payloadType;
    if (source !== this.#source || !this.#started) {
      if (!ours || !this.#acceptSource(source, arrivalMs)) return false;
    }
    if (!this.#advance(u16(bytes, start + 2), arrivalMs)) return false;
    this.#received += 1;
    this.#heardMs = arrivalMs;
    if (!ours) return false;
    const timestamp = i32(bytes, start + 4);
    if (timestamp !== this.#timestamp || !this.#timed) this.#moveTo(timestamp, arrivalMs);
    else if (this.#marked && this.#stands(arrivalMs)) this.#goOn(arrivalMs);
    this.#marked = second > 0x7f;
    if (from < to || second > 0x7f) this.#depacketizer.payload(bytes, from, to, second > 0x7f);
    return true;
  }

  /** A sender report came: where its timestamp lies, or null while there is nothing to compare with. */
  reportedAt(source: number, timestamp: number, ntpMiddle: number, arrivalMs: number): number | null {
    if (!this.#unwrapper.started || (source | 0) !== this.#source) return null;
    this.#reportMiddle = ntpMiddle;
    this.#reportArrivalMs = arrivalMs;
    return this.#unwrapper.peek(timestamp);
  }

  /** What a receiver report says (6.4.1); null before the first packet. The next call covers the time since this one. */
  report(nowMs: number): ReceptionReport | null {
    if (!this.#started) return null;
    const received = this.#received - this.#reportedReceived;
    const lost = this.#lost - this.#reportedLost;
    this.#reportedReceived = this.#received;
    this.#reportedLost = this.#lost;
    const delay = Math.max(0, nowMs - this.#reportArrivalMs);
    return {
      source: this.#source,
      fractionLost: lost > 0 ? Math.min(255, Math.floor((lost * 256) / (lost + received))) : 0,
      packetsLost: Math.min(this.#lost, 0x7fffff),
      highestSequence: this.#cycles * 0x10000 + this.#sequence,
      jitterTicks: Math.round(this.#jitter),
      lastReport: this.#reportMiddle,
      delaySinceLastReport: this.#reportMiddle === 0 ? 0 : Math.round((delay * 65_536) / 1000),
    };
  }

  #acceptSource(source: number, arrivalMs: number): boolean {
    const heard = this.#started && arrivalMs - this.#heardMs < sourceSilenceMs;
    if (this.#guardSource && heard && source !== this.#trustedSource) return false;
    if (this.#started) {
      this.#depacketizer.lost();
      this.#transit = null;
    }
    this.#source = source;
    this.#started = false;
    return true;
  }

  /** Follows the sequence number; false for a packet that came too late. */
  #advance(sequence: number, arrivalMs: number): boolean {
    if (this.#started) {
      const gap = (sequence - this.#sequence - 1) & 0xffff;
      if (gap !== 0 && !this.#jump(gap, arrivalMs)) return false;
      if (sequence < this.#sequence) this.#cycles = (this.#cycles + 1) & 0xffff;
    }
    this.#started = true;
    this.#sequence = sequence;
    return true;
  }

  #jump(gap: number, arrivalMs: number): boolean {
    if (gap >= 0x10000 - misorderMax) return false;
    const packets = gap <= dropoutMax ? gap : 1;
    this.#lost += packets;
    this.#depacketizer.lost();
    this.#onLost(packets, arrivalMs);
    return true;
  }

  #moveTo(timestamp: number, arrivalMs: number): void {
    this.#timed = true;
    this.#timestamp = timestamp;
    const ticks = this.#unwrapper.next(timestamp);
    const transit = arrivalMs * this.#ticksPerMs - ticks;
    if (this.#transit !== null) this.#jitter += (Math.abs(transit - this.#transit) - this.#jitter) / 16;
    this.#transit = transit;
    this.#ticks = ticks;
    this.#movedMs = arrivalMs;
    this.#frozen = false;
    this.#depacketizer.timestamp(ticks, arrivalMs);
  }

  #stands(arrivalMs: number): boolean {
    return this.#frozen || arrivalMs - this.#movedMs >= frozenMsMin;
  }

  #goOn(arrivalMs: number): void {
    this.#frozen = true;
    const elapsedTicks = Math.max(0, Math.round((arrivalMs - this.#movedMs) * this.#ticksPerMs));
    this.#depacketizer.timestamp(this.#ticks + elapsedTicks, arrivalMs);
  }
}
