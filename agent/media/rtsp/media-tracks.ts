/** The tracks of one session: packets in, units, formats, reports and loss out to the MediaReceiver. */
import { AacDepacketizer } from '../rtp/aac.ts';
import { AccessUnits } from '../rtp/access-units.ts';
import type { AudioSink, Depacketizer } from '../rtp/depacketizer.ts';
import { G711Depacketizer } from '../rtp/g711.ts';
import { H264Depacketizer } from '../rtp/h264.ts';
import { H265Depacketizer } from '../rtp/h265.ts';
import { h264Codec, h265Codec } from '../rtp/nal-codec.ts';
import { ParameterSets } from '../rtp/parameter-sets.ts';
import { type RtcpSink, readRtcp } from '../rtp/rtcp.ts';
import { RtpTrack } from '../rtp/track.ts';
import type { MediaReceiver } from '../types.ts';
import type { AudioChoice, VideoChoice } from './select.ts';

export type TrackName = 'video' | 'audio';

export interface MediaTracksOptions {
  readonly video: VideoChoice;
  readonly audio: AudioChoice | null;
  readonly notes: readonly string[];
  readonly receiver: MediaReceiver;
  /** The sender of the video said goodbye; `isLast` when no sound is to be waited for. */
  readonly onGoodbye: (isLast: boolean) => void;
}

export class MediaTracks implements AudioSink, RtcpSink {
  readonly video: RtpTrack;
  audio: RtpTrack | null = null;
  readonly #receiver: MediaReceiver;
  readonly #choice: VideoChoice;
  readonly #sets: ParameterSets;
  readonly #units: AccessUnits;
  readonly #notes: string[];
  readonly #onGoodbye: (isLast: boolean) => void;
  readonly #gone = new Set<TrackName>();
  #audioChoice: AudioChoice | null;
  #announced = false;
  /** Of the report that is being read. */
  #reportTrack: TrackName = 'video';
  #reportArrivalMs = 0;

  constructor(options: MediaTracksOptions) {
    this.#receiver = options.receiver;
    this.#choice = options.video;
    this.#audioChoice = options.audio;
    this.#notes = [...options.notes];
    this.#onGoodbye = options.onGoodbye;
    const codec = options.video.codec === 'h264' ? h264Codec : h265Codec;
    this.#sets = new ParameterSets(codec);
    for (const set of options.video.parameterSets) this.#sets.offer(set);
    this.#units = new AccessUnits({
      codec,
      sets: this.#sets,
      receiver: options.receiver,
      onFormat: () => this.#announce(),
    });
    const depacketizer =
      codec === h264Codec ? new H264Depacketizer(this.#units) : new H265Depacketizer(this.#units);
    this.video = this.#track('video', options.video, options.video.clockRate, depacketizer);
    if (options.audio) {
      const { format, layout } = options.audio;
      const audio = layout === null ? new G711Depacketizer(this) : new AacDepacketizer(layout, this);
      this.audio = this.#track('audio', options.audio, format.clockRate, audio);
    }
  }

  /** Whole pictures handed out. */
  get units(): number {
    return this.#units.units;
  }

  get packetsLost(): number {
    return this.video.packetsLost + (this.audio?.packetsLost ?? 0);
  }

  /** For the operator; to be said before the first picture. */
  note(text: string): void {
    this.#notes.push(text);
  }

  dropAudio(): void {
    this.audio = null;
    this.#audioChoice = null;
  }

  rtcp(track: TrackName, bytes: Uint8Array, start: number, end: number, arrivalMs: number): void {
    this.#reportTrack = track;
    this.#reportArrivalMs = arrivalMs;
    readRtcp(bytes, start, end, this);
  }

  /** Nothing more comes: a picture that is not whole is taken back. */
  close(): void {
    this.#units.lost();
    this.#announced = false;
  }

  /** Sound before the first picture has no formats yet: it is dropped. */
  sound(ptsTicks: number, arrivalMs: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#announced) this.#receiver.audio(ptsTicks, arrivalMs, bytes, start, end);
  }

  senderReport(source: number, timestamp: number, senderMs: number | null, ntpMiddle: number): void {
    const track = this.#reportTrack === 'video' ? this.video : this.audio;
    const ticks = track?.reportedAt(source, timestamp | 0, ntpMiddle, this.#reportArrivalMs) ?? null;
    if (ticks === null || senderMs === null || !this.#announced) return;
    this.#receiver.senderReport(this.#reportTrack, ticks, senderMs);
  }

  goodbye(source: number): void {
    const name = this.#reportTrack;
    if (this[name]?.source !== (source | 0)) return;
    this.#gone.add(name);
    // A sender that is done with the picture may have sound in hand still.
    if (this.#gone.has('video')) this.#onGoodbye(this.audio === null || this.#gone.has('audio'));
  }

  #track(
    name: TrackName,
    choice: { payloadType: number },
    clockRate: number,
    depacketizer: Depacketizer,
  ): RtpTrack {
    return new RtpTrack({
      payloadType: choice.payloadType,
      clockRate,
      depacketizer,
      onLost: (packets, arrivalMs) => this.#receiver.packetsLost(name, packets, arrivalMs),
    });
  }

  #announce(): void {
    const { codec, clockRate } = this.#choice;
    const { width, height, framesPerSecond, reorderFramesMax } = this.#sets.picture();
    const parameterSets = this.#sets.list();
    this.#receiver.formats({
      video: { codec, clockRate, parameterSets, width, height, framesPerSecond, reorderFramesMax },
      audio: this.#audioChoice?.format ?? null,
      notes: [...this.#notes],
    });
    this.#announced = true;
  }
}
