/** What travels between the stages of the media path: formats, access units coming off the wire, parts and init segments. */
import type { GapReason } from '../../src/contract/index.ts';

export interface VideoFormat {
  readonly codec: 'h264' | 'h265';
  /** RTP clock, 90,000 for both codecs. */
  readonly clockRate: number;
  /** NAL units without start code or length, in the order VPS (H.265 only), SPS, PPS. */
  readonly parameterSets: readonly Uint8Array[];
  readonly width: number;
  readonly height: number;
  /** From the SPS timing, null when it does not say. */
  readonly framesPerSecond: number | null;
  /** Frames that may precede one in decode order and follow it in display order (`max_num_reorder_frames`); 0 when unknown. */
  readonly reorderFramesMax: number;
}

export interface AudioFormat {
  readonly codec: 'aac' | 'pcma' | 'pcmu';
  /** Sampling rate; also the RTP clock. */
  readonly clockRate: number;
  readonly channels: number;
  /** AudioSpecificConfig (ISO 14496-3, 1.6.2.1) for AAC, empty for G.711. */
  readonly config: Uint8Array;
}

export interface StreamFormats {
  readonly video: VideoFormat;
  readonly audio: AudioFormat | null;
  /** In words, for the operator: "audio G.726 is not supported: video only". */
  readonly notes: readonly string[];
}

/**
 * Receives one stream while it comes off the wire. Byte ranges are views into a read buffer that is reused as soon as
 * the call returns: copy at once. Timestamps are RTP timestamps unwrapped to a growing number (ticks of `clockRate`,
 * may start anywhere); arrival times are UTC milliseconds with fraction.
 */
export interface MediaReceiver {
  /** Called before the first unit, and again when the picture or sound format really changed. */
  formats(formats: StreamFormats): void;

  /** One access unit (all slices of one picture) follows as NAL units. */
  videoBegin(ptsTicks: number, arrivalMs: number): void;
  nalBegin(): void;
  nalBytes(bytes: Uint8Array, start: number, end: number): void;
  nalEnd(): void;
  /** The unit is whole. `randomAccess`: an IDR, or an IRAP picture (H.265), decodable without what went before. */
  videoEnd(randomAccess: boolean): void;
  /** The unit is damaged: forget what came since `videoBegin`. Until the next random access unit none will follow. */
  videoAbandon(): void;

  /** One audio frame (AAC: one access unit; G.711: a run of samples). */
  audio(ptsTicks: number, arrivalMs: number, bytes: Uint8Array, start: number, end: number): void;

  /** RTCP sender report: the sender's clock in UTC ms at an RTP timestamp (unwrapped like the units'). */
  senderReport(track: 'video' | 'audio', ptsTicks: number, senderMs: number): void;

  /** Packets known to be missing; the units they belonged to were abandoned. */
  packetsLost(track: 'video' | 'audio', packets: number, arrivalMs: number): void;
}

/** Why a session ended, for the gap ledger and for the operator. */
export interface SessionEnd {
  readonly reason: GapReason;
  /** In words: what was expected, what came, from where. No secrets. */
  readonly detail: string;
  readonly hint: string;
  /** False when trying again soon makes no sense (wrong password, unsupported codec): the back-off starts at its maximum. */
  readonly transient: boolean;
}

/** `ftyp` and `moov` of a stream; parts of equal `key` may stand behind one another in a block. */
export interface InitSegment {
  readonly ftyp: Uint8Array;
  readonly moov: Uint8Array;
  readonly key: string;
}

/** Where a `tfdt` stands in a part's head, so that the writer can make the time relative to the file's start. */
export interface DecodeTimeField {
  /** Offset of the 64-bit baseMediaDecodeTime in `head`. */
  readonly offsetBytes: number;
  /** Absolute: UTC-anchored decode time in ticks of `timescale` (fits 2^53). */
  readonly ticks: number;
  readonly timescale: number;
}

/** One fragment: `head` (moof and the mdat box header) and the mdat payload in pooled chunks. */
export interface Part {
  /** Arrival wall clock of its first and behind its last frame, UTC ms, integers; `endMs` > `startMs`. */
  readonly startMs: number;
  readonly endMs: number;
  /** Begins with a random access unit. */
  readonly randomAccess: boolean;
  readonly videoFrames: number;
  readonly audioFrames: number;
  readonly head: Uint8Array;
  readonly decodeTimes: readonly DecodeTimeField[];
  /** Offset of the 32-bit sequence_number of `mfhd` in `head`. */
  readonly sequenceOffsetBytes: number;
  readonly chunks: readonly Uint8Array[];
  /** `head.length` plus the sum of `chunks`. */
  readonly lengthBytes: number;
  /** Give the chunks back to their pool; exactly once, by whoever holds the part last. */
  release(): void;
}
