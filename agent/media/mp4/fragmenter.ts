/** Access units in, parts out: bytes are copied once, times are repaired, and a part that finds no memory is dropped whole and said so. */
import type { InitSegment, Part, StreamFormats } from '../types.ts';
import { ArrivalSpan } from './arrival-span.ts';
import { AudioTrack, type SenderClock } from './audio-track.ts';
import { BoxWriter } from './box-writer.ts';
import { ChunkLog } from './chunk-log.ts';
import { DecodeTimes } from './decode-times.ts';
import type { Fragmenter, FragmenterOptions } from './fragmenter-types.ts';
import { audioTrackId, buildInitSegment, videoTrackId } from './init-segment.ts';
import { pooledPart } from './part.ts';
import { buildPartHead, type TrackRun } from './part-head.ts';
import { SampleColumns } from './sample-columns.ts';
import { Timeline } from './timeline.ts';

const videoRate = 90_000;
const partSpanMsMax = 2000;
/** Streams of key frames only are not cut at every frame. */
const keyFrameSpanMsMin = 200;
/** A key frame due about now is waited for, so that parts begin with one. */
const keyFrameSlackMs = 200;
/** A unit alone may be as large as half of it. */
const partBytesMax = 33_554_432;
const arrivalStepMs = 2000;
const frameMsDefault = 40;
const frameMsMax = 10_000;
const measuredFramesMin = 3;
const lengthPrefix = new Uint8Array(4);

interface Moment {
  ptsTicks: number;
  readonly arrivalMs: number;
}

export function createFragmenter(options: FragmenterOptions): Fragmenter {
  return new PartFragmenter(options);
}

class PartFragmenter implements Fragmenter {
  readonly #options: FragmenterOptions;
  readonly #spanMs: number;
  readonly #log: ChunkLog;
  readonly #writer = new BoxWriter();
  readonly #samples = new SampleColumns();
  readonly #timeline = new Timeline(videoRate);
  readonly #decodeTimes = new DecodeTimes(videoRate);
  readonly #span = new ArrivalSpan();
  /** The access unit that is coming in; positions are in the log. */
  readonly #unit = { open: false, whole: true, start: 0, nalStart: 0, ptsTicks: 0, arrivalMs: 0 };
  #initKey: InitSegment['key'] | null = null;
  #audio: AudioTrack | null = null;
  #videoReport: SenderClock | null = null;
  #sequence = 0;
  #frameMs = frameMsDefault;
  #ptsMin = 0;
  #ptsMax = 0;
  /** Newest presentation time of the part before, null at the start of a session. */
  #ptsMaxBefore: number | null = null;
  /** Since when units are thrown away for want of memory, until a random access unit fits again. */
  #dropFromMs: number | null = null;

  constructor(options: FragmenterOptions) {
    this.#options = options;
    this.#spanMs = Math.min(options.partSpanMs ?? 1000, partSpanMsMax - keyFrameSlackMs);
    this.#log = new ChunkLog(options.chunks);
  }

  formats({ video, audio, notes }: StreamFormats): void {
    const init = buildInitSegment({ video, audio, notes });
    if (init.key === this.#initKey) return;
    this.#emitWhole();
    this.#initKey = init.key;
    if (video.framesPerSecond !== null && video.framesPerSecond > 0) {
      this.#frameMs = Math.min(1000 / video.framesPerSecond, frameMsMax);
    }
    this.#decodeTimes.expectDelay((video.reorderFramesMax * this.#frameMs * videoRate) / 1000);
    this.#audio = audio === null ? null : new AudioTrack(audio);
    this.#options.onInit(init);
  }

  videoBegin(ptsTicks: number, arrivalMs: number): void {
    if (this.#unit.open) this.videoAbandon();
    this.#unit.open = true;
    this.#unit.whole = true;
    this.#unit.start = this.#log.length;
    this.#unit.ptsTicks = ptsTicks;
    this.#unit.arrivalMs = arrivalMs;
  }

  nalBegin(): void {
    this.#unit.nalStart = this.#log.length;
    this.nalBytes(lengthPrefix, 0, 4);
  }

  nalBytes(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#unit.open || !this.#unit.whole) return;
    const fits = this.#log.length + end - start <= partBytesMax;
    if (fits && this.#log.write(bytes, start, end)) return;
    this.#unit.whole = false;
    this.#dropPart(this.#log.length);
  }

  nalEnd(): void {
    if (!this.#unit.open || !this.#unit.whole) return;
    this.#log.patchU32(this.#unit.nalStart, this.#log.length - this.#unit.nalStart - 4);
  }

  videoEnd(randomAccess: boolean): void {
    const unit = this.#unit;
    if (!unit.open) return;
    unit.open = false;
    if (unit.whole && this.#log.length === unit.start) return;
    const ptsTicks = this.#timeline.map(unit.ptsTicks, unit.arrivalMs, arrivalStepMs);
    const moment: Moment = { ptsTicks, arrivalMs: unit.arrivalMs };
    if (this.#samples.count > 0 && this.#cutsBefore(moment, randomAccess)) this.#emit(unit.start, moment);
    if (this.#dropFromMs !== null && !this.#resumes(this.#dropFromMs, randomAccess)) return;
    this.#add(moment, this.#log.length - unit.start, randomAccess);
  }

  videoAbandon(): void {
    if (this.#unit.open && this.#unit.whole) this.#log.rewind(this.#unit.start);
    this.#unit.open = false;
    this.#span.breakHere();
  }

  audio(ptsTicks: number, arrivalMs: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#dropFromMs !== null) return;
    const video = { timeline: this.#timeline, clockRate: videoRate, report: this.#videoReport };
    this.#audio?.add({ ptsTicks, arrivalMs, video }, bytes, start, end);
  }

  senderReport(track: 'video' | 'audio', ptsTicks: number, senderMs: number): void {
    if (track === 'video') this.#videoReport = { ptsTicks, senderMs };
    else if (this.#audio !== null) this.#audio.report = { ptsTicks, senderMs };
  }

  /** Also where no unit was open to be abandoned, pictures are missing from here on. */
  packetsLost(track: 'video' | 'audio'): void {
    if (track === 'video') this.#span.breakHere();
  }

  tick(nowMs: number): void {
    if (this.#samples.count > 0 && this.#span.spanMs(nowMs) > partSpanMsMax) this.#emitWhole();
    if (this.#dropFromMs !== null && nowMs - this.#dropFromMs >= partSpanMsMax) {
      this.#reportDropped(this.#dropFromMs, nowMs);
    }
  }

  cut(): void {
    this.#emitWhole();
    this.#timeline.restart();
    this.#audio?.restart();
  }

  flush(): void {
    this.cut();
    if (this.#dropFromMs !== null)
      this.#reportDropped(this.#dropFromMs, this.#unit.arrivalMs + this.#frameMs);
    this.#dropFromMs = null;
    this.#unit.open = false;
    this.#log.clear();
    this.#videoReport = null;
    this.#ptsMaxBefore = null;
  }

  #add({ ptsTicks, arrivalMs }: Moment, sizeBytes: number, randomAccess: boolean): void {
    if (this.#samples.count === 0) {
      this.#span.begin(arrivalMs);
      this.#ptsMin = ptsTicks;
      this.#ptsMax = ptsTicks;
    } else this.#span.extend(arrivalMs);
    this.#ptsMin = Math.min(this.#ptsMin, ptsTicks);
    this.#ptsMax = Math.max(this.#ptsMax, ptsTicks);
    this.#samples.push(ptsTicks, sizeBytes, randomAccess);
  }

  /** Only before a unit that is shown after all others of the part may it end, or frames of two parts would interleave. */
  #cutsBefore({ ptsTicks, arrivalMs }: Moment, randomAccess: boolean): boolean {
    if (this.#span.isBrokenBy(arrivalMs, this.#frameMs)) return true;
    const mediaMs = ((ptsTicks - this.#ptsMin) * 1000) / videoRate;
    const spanMs = Math.max(this.#span.spanMs(arrivalMs), mediaMs);
    if (spanMs >= partSpanMsMax || this.#samples.full || this.#log.length > partBytesMax / 2) return true;
    if (ptsTicks <= this.#ptsMax) return false;
    const begunWithoutKey = this.#samples.sync[0] !== 1;
    if (randomAccess) return spanMs >= keyFrameSpanMsMin || begunWithoutKey;
    return spanMs >= this.#spanMs + keyFrameSlackMs;
  }

  /** Hands out all units that are whole, at the end of a session or of patience. */
  #emitWhole(): void {
    if (this.#samples.count > 0) this.#emit(this.#unit.open ? this.#unit.start : this.#log.length, null);
  }

  /** Makes the first `position` bytes of the log a part; `next` is the unit behind it, if one is known. */
  #emit(position: number, next: Moment | null): void {
    this.#settle(next);
    this.#measureFrame();
    const endMs = this.#span.finish(next?.arrivalMs ?? null, this.#frameMs);
    const sound = this.#audio;
    const extents = this.#log.split(position, sound?.staged ?? lengthPrefix, sound?.samples.totalBytes ?? 0);
    if (extents === null) {
      this.#dropPart(position);
      return;
    }
    this.#shiftUnit(position);
    this.#sequence += 1;
    const runs = this.#runs(next);
    const part: Part = pooledPart(this.#options.chunks, extents, {
      ...buildPartHead(this.#writer, this.#sequence, runs),
      startMs: this.#span.startMs,
      endMs,
      randomAccess: this.#samples.sync[0] === 1,
      videoFrames: this.#samples.count,
      audioFrames: sound?.samples.count ?? 0,
    });
    const goesOn = next === null || !this.#span.isBrokenBy(next.arrivalMs, this.#frameMs);
    this.#ptsMaxBefore = goesOn ? this.#ptsMax : null;
    this.#samples.clear();
    sound?.samples.clear();
    this.#options.onPart(part);
  }

  /** The first part of a session may show that its frames came in a burst: then they belong earlier, and sound with them. */
  #settle(next: Moment | null): void {
    const shift = this.#timeline.settle();
    this.#audio?.settle(shift / videoRate);
    this.#samples.shift(shift);
    this.#ptsMin += shift;
    this.#ptsMax += shift;
    if (next !== null) next.ptsTicks += shift;
    if (this.#ptsMaxBefore === null) this.#leadWithKey();
  }

  /**
   * A session begins with its key frame. What is stamped before it was sent behind it: pictures that cannot be decoded
   * yet, or a sender whose first stamps are off (VLC). Either way nothing can be shown before the key frame.
   */
  #leadWithKey(): void {
    const { ptsTicks, sync } = this.#samples;
    if (sync[0] !== 1 || (ptsTicks[0] ?? 0) <= this.#ptsMin) return;
    this.#ptsMin -= 1;
    ptsTicks[0] = this.#ptsMin;
  }

  #runs(next: Moment | null): TrackRun[] {
    const samples = this.#samples;
    const times = this.#decodeTimes;
    times.assign(samples, (this.#frameMs * videoRate) / 1000, next?.ptsTicks ?? null);
    const picture: TrackRun = {
      trackId: videoTrackId,
      timescale: videoRate,
      baseTicks: times.baseTicks,
      samples,
      durationsTicks: times.durationsTicks,
      compositionTicks: times.compositionTicks,
    };
    const sound = this.#audio;
    if (sound === null || sound.samples.count === 0) return [picture];
    return [picture, { trackId: audioTrackId, ...sound.run() }];
  }

  /** Within the part where it holds enough frames; slow cameras are measured from part to part. */
  #measureFrame(): void {
    const { count } = this.#samples;
    const inside = count >= measuredFramesMin || this.#ptsMaxBefore === null;
    const frames = inside ? count - 1 : count;
    if (frames < 1) return;
    const ticks = (this.#ptsMax - (inside ? this.#ptsMin : (this.#ptsMaxBefore ?? 0))) / frames;
    if (ticks > 0) this.#frameMs = Math.min((ticks * 1000) / videoRate, frameMsMax);
  }

  #shiftUnit(position: number): void {
    this.#unit.start -= position;
    this.#unit.nalStart -= position;
  }

  /** Throws away the first `position` bytes; all until the next random access unit is lost with them. */
  #dropPart(position: number): void {
    this.#dropFromMs ??= this.#samples.count > 0 ? this.#span.startMs : Math.round(this.#unit.arrivalMs);
    this.#samples.clear();
    this.#audio?.samples.clear();
    if (position === this.#log.length) this.#log.rewind(0);
    else
      for (const { chunk } of this.#log.split(position, lengthPrefix, 0) ?? [])
        this.#options.chunks.leave(chunk);
    this.#shiftUnit(position);
  }

  /** After a drop: whether the unit that has just ended begins a new part. */
  #resumes(dropFromMs: number, randomAccess: boolean): boolean {
    const goesOn = this.#unit.whole && randomAccess;
    if (this.#unit.whole && !goesOn) this.#log.rewind(this.#unit.start);
    const lateMs = this.#unit.arrivalMs - dropFromMs;
    if (goesOn || lateMs >= partSpanMsMax) this.#reportDropped(dropFromMs, this.#unit.arrivalMs);
    if (goesOn) this.#dropFromMs = null;
    return goesOn;
  }

  #reportDropped(fromMs: number, toMs: number): void {
    const endMs = Math.max(Math.round(toMs), fromMs + 1);
    this.#dropFromMs = endMs;
    this.#options.onPartDropped(fromMs, endMs, 'overloaded');
  }
}
