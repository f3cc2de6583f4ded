/** What the box readers give back: the tracks of an init segment, and the samples of one fragment in columns. */

export type MediaCodec = 'h264' | 'h265' | 'aac' | 'pcma' | 'pcmu' | 'other';

export interface TrackInfo {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  readonly codec: MediaCodec;
  /** RFC 6381, as players and HLS playlists want it: "avc1.64001f", "hvc1.1.6.L93.B0", "mp4a.40.2", "alaw". */
  readonly codecString: string;
  readonly timescale: number;
  /** The whole box out of `stsd` (avc1, hvc1, mp4a, alaw, ulaw), a copy. */
  readonly sampleEntry: Uint8Array;
  /** Contents of avcC or hvcC, or the AudioSpecificConfig of esds; empty for G.711. A view into `sampleEntry`. */
  readonly codecConfig: Uint8Array;
  /** 0 for audio. */
  readonly width: number;
  readonly height: number;
  /** 0 for video. */
  readonly channels: number;
  readonly sampleRate: number;
}

/** What `readInit` finds in ftyp and moov. */
export interface InitInfo {
  readonly tracks: readonly TrackInfo[];
}

/** One `traf`: `count` samples, in columns; they stand one behind the other from `dataOffsetBytes` on. */
export interface FragmentTrack {
  readonly trackId: number;
  readonly decodeTimeTicks: number;
  /** Where the 64-bit baseMediaDecodeTime stands, from the first byte of `moof`. */
  readonly decodeTimeOffsetBytes: number;
  /** From the first byte of `moof`. */
  readonly dataOffsetBytes: number;
  readonly dataLengthBytes: number;
  readonly count: number;
  readonly sizesBytes: Uint32Array;
  readonly durationsTicks: Uint32Array;
  /** Presentation minus decode time. */
  readonly compositionTicks: Int32Array;
  /** 1 where a sample is a random access point. */
  readonly sync: Uint8Array;
}

/** What `readFragment` finds in a moof. */
export interface FragmentInfo {
  readonly sequence: number;
  /** Length of the `moof` box itself. */
  readonly moofBytes: number;
  readonly tracks: readonly FragmentTrack[];
}
