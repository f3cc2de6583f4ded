/** The sound that goes into the part under construction: staged in one small buffer, timed beside the picture. */
import type { AudioFormat } from '../types.ts';
import type { TrackRun } from './part-head.ts';
import { SampleColumns } from './sample-columns.ts';
import { Timeline } from './timeline.ts';

/** Sound that waits for a picture longer than this many bytes is forgotten: the outage of the picture is what is reported. */
const stagedBytesMax = 1_048_576;
const arrivalStepMs = 2000;
/** Sender reports put sound and picture on one clock, so much less than a step of arrival is a real offset. */
const alignedStepMs = 100;
/** Reports that put sound further from the newest picture are of two clocks, or of one that was set between them. */
const alignedOffSecondsMax = 10;

/** A sender report: the sender's clock at an RTP timestamp. */
export interface SenderClock {
  readonly ptsTicks: number;
  readonly senderMs: number;
}

interface VideoClock {
  readonly timeline: Timeline;
  readonly clockRate: number;
  readonly report: SenderClock | null;
}

interface SoundMoment {
  readonly ptsTicks: number;
  readonly arrivalMs: number;
  readonly video: VideoClock;
}

export class AudioTrack {
  readonly format: AudioFormat;
  readonly samples = new SampleColumns();
  staged = new Uint8Array(8192);
  report: SenderClock | null = null;
  readonly #timeline: Timeline;
  #durationsTicks = new Uint32Array(64);
  #lastTicks = Number.NEGATIVE_INFINITY;
  /** Time of the newest sound that was handed out: nothing may be moved before it. */
  #handedOutTicks = Number.NEGATIVE_INFINITY;
  #aligned = false;

  constructor(format: AudioFormat) {
    this.format = format;
    this.#timeline = new Timeline(format.clockRate);
  }

  restart(): void {
    this.#timeline.restart();
    this.report = null;
    this.samples.clear();
  }

  add({ ptsTicks, arrivalMs, video }: SoundMoment, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length <= 0) return;
    if (this.samples.full || this.samples.totalBytes + length > stagedBytesMax) this.samples.clear();
    if (length > stagedBytesMax) return;
    const offset = this.samples.totalBytes;
    this.#reserve(offset + length);
    this.staged.set(bytes.subarray(start, end), offset);
    const alignedMs = this.#alignedMs(ptsTicks, video);
    this.#aligned = alignedMs !== null;
    const mapped =
      alignedMs === null
        ? this.#timeline.map(ptsTicks, arrivalMs, arrivalStepMs)
        : this.#timeline.map(ptsTicks, alignedMs, alignedStepMs);
    const mediaTicks = Math.max(mapped, this.#lastTicks + 1);
    this.#lastTicks = mediaTicks;
    this.samples.push(mediaTicks, length, true);
  }

  /** Before the first part of a session is cut: where the picture turned out to belong so many seconds off, or this sound itself. */
  settle(pictureShiftSeconds: number): void {
    const own = this.#timeline.settle();
    const wanted = this.#aligned ? Math.round(pictureShiftSeconds * this.format.clockRate) : own;
    const earliest = this.#handedOutTicks + 1 - (this.samples.ptsTicks[0] ?? 0);
    const shift = this.samples.count === 0 ? wanted : Math.min(0, Math.max(wanted, earliest));
    this.#timeline.shift(shift - own);
    this.samples.shift(shift);
    this.#lastTicks += shift;
  }

  /** What is staged, as a track of the part that is being cut. */
  run(): Omit<TrackRun, 'trackId'> {
    this.#fillDurations();
    this.#handedOutTicks = this.#lastTicks;
    return {
      timescale: this.format.clockRate,
      baseTicks: this.samples.ptsTicks[0] ?? 0,
      samples: this.samples,
      durationsTicks: this.#durationsTicks,
      compositionTicks: null,
    };
  }

  /** To the next sample's start; the last one lasts as long as its sound. */
  #fillDurations(): void {
    const { count, ptsTicks, sizesBytes } = this.samples;
    if (this.#durationsTicks.length < count) this.#durationsTicks = new Uint32Array(ptsTicks.length);
    for (let index = 0; index < count; index += 1) {
      const next = index + 1 < count ? ptsTicks[index + 1] : undefined;
      const own = this.format.codec === 'aac' ? 1024 : (sizesBytes[index] ?? 0) / this.format.channels;
      const ticks = next === undefined ? Math.round(own) : next - (ptsTicks[index] ?? 0);
      this.#durationsTicks[index] = Math.max(1, Math.min(ticks, 0xffff_ffff));
    }
  }

  /** Media time of this sound by the sender's own clock, through the picture's map; null when a report is missing or absurd. */
  #alignedMs(ptsTicks: number, video: VideoClock): number | null {
    if (this.report === null || video.report === null) return null;
    const senderMs =
      this.report.senderMs + ((ptsTicks - this.report.ptsTicks) * 1000) / this.format.clockRate;
    const videoTicks = video.report.ptsTicks + ((senderMs - video.report.senderMs) * video.clockRate) / 1000;
    const mediaTicks = video.timeline.peek(videoTicks);
    const newestTicks = video.timeline.newestTicks;
    if (mediaTicks === null || newestTicks === null) return null;
    const plausible = Math.abs(mediaTicks - newestTicks) <= alignedOffSecondsMax * video.clockRate;
    return plausible ? (mediaTicks * 1000) / video.clockRate : null;
  }

  #reserve(length: number): void {
    if (length <= this.staged.length) return;
    const grown = new Uint8Array(Math.max(length, this.staged.length * 2));
    grown.set(this.staged.subarray(0, this.samples.totalBytes));
    this.staged = grown;
  }
}
