/** Plans one finished MP4 out of stored parts: the head is complete and every length known before a byte of media is read. */
import { AppError } from '../../../src/errors.ts';
import { ExportColumns } from './export-columns.ts';
import { buildMovieHead } from './export-movie.ts';
import type { ExportOptions, ExportPart, ExportPlan, ExportPlanner, ExportRange } from './export-types.ts';
import type { FragmentTrack, TrackInfo } from './read-types.ts';

const samplesMaxDefault = 8_000_000;
/** A sample's duration has 32 bits: longer gaps are shown as this long, for picture and sound alike. */
const gapMsMax = 12 * 3_600_000;

export function createExportPlanner<S>(options: ExportOptions = {}): ExportPlanner<S> {
  return new Planner<S>(options);
}

/** A track of one part together with what its init segment says about it. */
interface PartTrack {
  readonly info: TrackInfo;
  readonly samples: FragmentTrack;
}

type OpenRange<S> = { -readonly [Key in keyof ExportRange<S>]: ExportRange<S>[Key] };

class Planner<S> implements ExportPlanner<S> {
  readonly #toMs: number;
  readonly #samplesMax: number;
  readonly #ranges: OpenRange<S>[] = [];
  #video: ExportColumns | null = null;
  #audio: ExportColumns | null = null;
  #payloadBytes = 0;
  #startMs = 0;
  #endMs = 0;
  /** Taken out of gaps so far. */
  #collapsedMs = 0;
  #ended = false;

  constructor(options: ExportOptions) {
    this.#toMs = options.toMs ?? Number.POSITIVE_INFINITY;
    this.#samplesMax = options.samplesMax ?? samplesMaxDefault;
  }

  add(part: ExportPart<S>): void {
    if (this.#ended) return;
    const picture = trackOf(part, 'video');
    if (picture !== null) this.#addVideo(part, picture);
    const sound = trackOf(part, 'audio');
    if (sound !== null && this.#video !== null && this.#video.count > 0) this.#addAudio(part, sound);
    if ((this.#video?.count ?? 0) + (this.#audio?.count ?? 0) > this.#samplesMax) {
      throw new AppError('invalid_input', `The export would hold more than ${this.#samplesMax} frames.`, {
        hint: 'Export a shorter range, or several one after the other.',
      });
    }
  }

  finish(): ExportPlan<S> {
    if (this.#video === null || this.#video.count === 0) {
      throw new AppError('not_found', 'The range holds no frame that can be decoded.', {
        hint: 'Look at the inspection of that camera and day for what was recorded.',
      });
    }
    const sound = this.#audio !== null && this.#audio.count > 0 ? this.#audio : null;
    const head = buildMovieHead(sound === null ? [this.#video] : [this.#video, sound], this.#payloadBytes);
    for (const range of this.#ranges) range.exportOffsetBytes += head.length;
    return {
      head,
      ranges: this.#ranges,
      lengthBytes: head.length + this.#payloadBytes,
      startMs: this.#startMs,
      endMs: this.#endMs,
      videoFrames: this.#video.count,
      audioFrames: sound?.count ?? 0,
    };
  }

  #addVideo(part: ExportPart<S>, { info, samples }: PartTrack): void {
    this.#video ??= new ExportColumns(info);
    const from = this.#video.count === 0 ? samples.sync.indexOf(1) : 0;
    if (from < 0 || samples.count === 0) return;
    const clock = this.#clock(part, samples, info.timescale);
    this.#collapse(this.#video, clock(0));
    let to = from;
    while (to < samples.count && clock.shownMs(to) < this.#toMs) to += 1;
    if (to < samples.count) this.#ended = true;
    if (to === from) return;
    if (this.#video.count === 0) this.#startMs = clock.shownMs(from);
    for (let index = from; index < to; index += 1)
      this.#endMs = Math.max(this.#endMs, clock.shownEndMs(index));
    this.#append(this.#video, part, { info, samples }, { from, to });
  }

  #addAudio(part: ExportPart<S>, { info, samples }: PartTrack): void {
    this.#audio ??= new ExportColumns(info);
    const clock = this.#clock(part, samples, info.timescale);
    let from = 0;
    while (from < samples.count && clock.shownMs(from) < this.#startMs) from += 1;
    let to = from;
    while (to < samples.count && clock.shownMs(to) < this.#toMs) to += 1;
    if (to > from) this.#append(this.#audio, part, { info, samples }, { from, to });
  }

  /** UTC of a fragment's samples, counted in order. */
  #clock(part: ExportPart<S>, samples: FragmentTrack, timescale: number) {
    const starts = decodeStarts(samples);
    const decodeMs = (index: number) => part.baseMs + ((starts[index] ?? 0) * 1000) / timescale;
    const shownMs = (index: number) =>
      decodeMs(index) + ((samples.compositionTicks[index] ?? 0) * 1000) / timescale;
    const shownEndMs = (index: number) =>
      shownMs(index) + ((samples.durationsTicks[index] ?? 0) * 1000) / timescale;
    return Object.assign(decodeMs, { shownMs, shownEndMs });
  }

  #collapse(video: ExportColumns, decodeMs: number): void {
    if (video.count === 0) return;
    const gapMs = decodeMs - this.#collapsedMs - (video.endDecodeTicks * 1000) / video.timescale;
    if (gapMs > gapMsMax) this.#collapsedMs += gapMs - gapMsMax;
  }

  #append(
    columns: ExportColumns,
    part: ExportPart<S>,
    track: PartTrack,
    { from, to }: { from: number; to: number },
  ): void {
    const { info, samples } = track;
    const scale = columns.timescale / info.timescale;
    const base = ((part.baseMs - this.#collapsedMs) * columns.timescale) / 1000;
    const starts = decodeStarts(samples);
    let skippedBytes = 0;
    for (let index = 0; index < from; index += 1) skippedBytes += samples.sizesBytes[index] ?? 0;
    let lengthBytes = 0;
    for (let index = from; index < to; index += 1) {
      const decodeTicks = base + (starts[index] ?? 0) * scale;
      const ptsTicks = decodeTicks + (samples.compositionTicks[index] ?? 0) * scale;
      const sizeBytes = samples.sizesBytes[index] ?? 0;
      columns.push({ sizeBytes, decodeTicks, ptsTicks, sync: samples.sync[index] ?? 0 });
      lengthBytes += sizeBytes;
    }
    columns.lastDurationTicks = Math.max(1, Math.round((samples.durationsTicks[to - 1] ?? 0) * scale));
    const entry = columns.entryNumber(info.sampleEntry);
    columns.runs.push({ count: to - from, payloadOffsetBytes: this.#payloadBytes, entry });
    this.#range(part.source, samples.dataOffsetBytes + skippedBytes, lengthBytes);
  }

  /** Picture and sound of a part usually stand together: one range for both. */
  #range(source: S, offsetBytes: number, lengthBytes: number): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && last.source === source && last.offsetBytes + last.lengthBytes === offsetBytes) {
      last.lengthBytes += lengthBytes;
    } else this.#ranges.push({ source, offsetBytes, lengthBytes, exportOffsetBytes: this.#payloadBytes });
    this.#payloadBytes += lengthBytes;
  }
}

function trackOf<S>(part: ExportPart<S>, kind: 'video' | 'audio'): PartTrack | null {
  for (const samples of part.fragment.tracks) {
    const info = part.init.tracks.find(({ trackId }) => trackId === samples.trackId);
    if (info?.kind === kind) return { info, samples };
  }
  return null;
}

function decodeStarts({ count, decodeTimeTicks, durationsTicks }: FragmentTrack): Float64Array {
  const starts = new Float64Array(count);
  let ticks = decodeTimeTicks;
  for (let index = 0; index < count; index += 1) {
    starts[index] = ticks;
    ticks += durationsTicks[index] ?? 0;
  }
  return starts;
}
