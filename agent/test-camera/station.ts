/**
 * Plays a programme endlessly, like a broadcast: whoever listens gets the very same bytes, so that a further camera costs
 * one socket write a frame. Stations of one programme are a frame apart; a new listener is given the one whose key frame is next.
 */
import {
  type FrameTemplate,
  packetOverheadBytes,
  placeFrame,
  placeSenderReport,
  senderReportBytes,
} from './packets.ts';
import type { Programme, ProgrammeFrame } from './programme.ts';

/** One frame time on the wire: picture packets, then (from `audioStart` on) sound packets. Never changed once handed out. */
export interface Burst {
  readonly bytes: Buffer;
  readonly audioStart: number;
  readonly frame: number;
  readonly randomAccess: boolean;
}

/** What RTP-Info of a PLAY reply says (RFC 2326, 12.33): the first packet of each track that a new listener gets. */
export interface StreamPosition {
  readonly sequence: number;
  readonly timestamp: number;
}

export interface Listener {
  hear(burst: Burst, station: Station): void;
}

interface TrackState {
  sequence: number;
  packets: number;
  bytes: number;
}

export interface StationOptions {
  readonly programme: Programme;
  /** Frames that this station is ahead of the first one. */
  readonly leadFrames: number;
  readonly startMs: number;
  readonly frameMs: number;
  readonly timestampBase: number;
}

export class Station {
  readonly programme: Programme;
  readonly listeners = new Set<Listener>();
  readonly #options: StationOptions;
  readonly #video: TrackState = { sequence: 1, packets: 0, bytes: 0 };
  readonly #audio: TrackState = { sequence: 1, packets: 0, bytes: 0 };
  /** Frames and sounds sent since the start, those of idle times included. */
  #startMs: number;
  #frame: number;
  #sound: number;

  constructor(options: StationOptions) {
    this.programme = options.programme;
    this.#options = options;
    this.#startMs = options.startMs;
    this.#frame = options.leadFrames;
    this.#sound = this.#soundsUntil(options.leadFrames);
  }

  /** Monotonic time at which the next frame is due. */
  get dueMs(): number {
    return this.#startMs + (this.#frame - this.#options.leadFrames) * this.#options.frameMs;
  }

  /** How many frames come before the next key frame. */
  get framesToKey(): number {
    const { groupFrames } = this.programme;
    return (groupFrames - (this.#frame % groupFrames)) % groupFrames;
  }

  /** Where both tracks will stand at the next key frame. */
  positionsAtKey(): { video: StreamPosition; audio: StreamPosition } {
    const key = this.#frame + this.framesToKey;
    let { sequence } = this.#video;
    for (let frame = this.#frame; frame < key; frame += 1) sequence += this.#packetsOf(frame);
    const sound = this.#soundsUntil(key);
    const audioSequence = this.#audio.sequence + sound - this.#sound;
    return {
      video: { sequence: sequence & 0xffff, timestamp: this.#videoTimestamp(key) },
      audio: { sequence: audioSequence & 0xffff, timestamp: this.#audioTimestamp(sound) },
    };
  }

  /** The process slept for long: go on from now instead of making up for all of it. */
  rebase(nowMs: number): void {
    this.#startMs += nowMs - this.dueMs;
  }

  /** Nobody listens, or the process was held up: go on without sending, so that time stays real time. */
  skip(): void {
    this.#video.sequence += this.#packetsOf(this.#frame);
    const sounds = this.#soundsUntil(this.#frame + 1);
    this.#audio.sequence += sounds - this.#sound;
    this.#sound = sounds;
    this.#frame += 1;
  }

  /** Sends the frame that is due to everybody who listens. */
  send(utcMs: number): void {
    const burst = this.#next(utcMs);
    for (const listener of this.listeners) listener.hear(burst, this);
  }

  #next(utcMs: number): Burst {
    const { frames, sounds } = this.programme;
    const frame = frames[this.#frame % frames.length];
    if (frame === undefined) throw new RangeError('a programme without frames');
    const due: FrameTemplate[] = [];
    const from = this.#sound;
    const until = this.#soundsUntil(this.#frame + 1);
    for (let index = from; index < until; index += 1) {
      const sound = sounds[index % sounds.length];
      if (sound !== undefined) due.push(sound);
    }
    const reports = frame.randomAccess ? 1 : 0;
    const soundBytes = due.reduce((sum, sound) => sum + sound.bytes.length, 0);
    const videoBytes = frame.template.bytes.length + reports * senderReportBytes;
    const bytes = Buffer.allocUnsafeSlow(videoBytes + soundBytes + reports * senderReportBytes);
    let offset = this.#placeVideo(bytes, frame, utcMs);
    if (frame.randomAccess) offset = this.#placeReport(bytes, offset, 'audio', utcMs);
    for (const sound of due) offset = this.#placeSound(bytes, offset, sound);
    const burst = { bytes, audioStart: videoBytes, frame: this.#frame, randomAccess: frame.randomAccess };
    this.#frame += 1;
    return burst;
  }

  #placeVideo(bytes: Buffer, frame: ProgrammeFrame, utcMs: number): number {
    const offset = frame.randomAccess ? this.#placeReport(bytes, 0, 'video', utcMs) : 0;
    const numbers = { sequence: this.#video.sequence, timestamp: this.#videoTimestamp(this.#frame) };
    count(this.#video, frame.template);
    return placeFrame(bytes, offset, frame.template, numbers);
  }

  #placeSound(bytes: Buffer, offset: number, sound: FrameTemplate): number {
    const numbers = { sequence: this.#audio.sequence, timestamp: this.#audioTimestamp(this.#sound) };
    count(this.#audio, sound);
    this.#sound += 1;
    return placeFrame(bytes, offset, sound, numbers);
  }

  /** Both tracks' clocks began together, so what is sent now has the present time. */
  #placeReport(bytes: Buffer, offset: number, track: 'video' | 'audio', utcMs: number): number {
    const { programme } = this;
    const state = track === 'video' ? this.#video : this.#audio;
    const rate = track === 'video' ? programme.clip.video.clockRate : programme.clip.audio.clockRate;
    const seconds = (this.#frame * programme.clip.frameTicks) / programme.clip.video.clockRate;
    const timestamp = this.#options.timestampBase + Math.round(seconds * rate);
    const { channel, ssrc } = programme[track];
    return placeSenderReport(bytes, offset, {
      channel,
      ssrc,
      utcMs,
      timestamp,
      packets: state.packets,
      bytes: state.bytes,
    });
  }

  /** The clip's own time goes on from loop to loop. */
  #videoTimestamp(frame: number): number {
    const { frames, clip } = this.programme;
    const loop = Math.floor(frame / frames.length);
    const pts = frames[frame % frames.length]?.ptsTicks ?? 0;
    return (this.#options.timestampBase + loop * frames.length * clip.frameTicks + pts) % 2 ** 32;
  }

  #packetsOf(frame: number): number {
    const { frames } = this.programme;
    return frames[frame % frames.length]?.template.packetOffsets.length ?? 0;
  }

  #audioTimestamp(sound: number): number {
    return (this.#options.timestampBase + sound * this.programme.clip.soundTicks) % 2 ** 32;
  }

  #soundsUntil(frame: number): number {
    const { clip } = this.programme;
    const seconds = (frame * clip.frameTicks) / clip.video.clockRate;
    return Math.floor((seconds * clip.audio.clockRate) / clip.soundTicks);
  }
}

function count(state: TrackState, { bytes, packetOffsets }: FrameTemplate): void {
  state.sequence += packetOffsets.length;
  state.packets += packetOffsets.length;
  state.bytes += bytes.length - packetOffsets.length * packetOverheadBytes;
}
