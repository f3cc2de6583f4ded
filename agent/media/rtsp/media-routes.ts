/** Where interleaved channels lead: to the RTP or RTCP side of a track, also where a server gave two tracks the same. */
import { u8 } from '../rtp/big-endian.ts';
import type { MediaTracks, TrackName } from './media-tracks.ts';

const route = {
  none: 0,
  videoRtp: 1,
  videoRtcp: 2,
  audioRtp: 3,
  audioRtcp: 4,
  sharedRtp: 5,
  sharedRtcp: 6,
} as const;

export class MediaRoutes {
  readonly #tracks: MediaTracks;
  readonly #routes = new Uint8Array(256);
  readonly #rtcpChannels = new Map<TrackName, number>();

  constructor(tracks: MediaTracks) {
    this.#tracks = tracks;
  }

  bind(track: TrackName, channels: readonly [number, number]): void {
    const [rtp, rtcp] = channels;
    const video = track === 'video';
    const taken = this.#routes[rtp] !== route.none;
    this.#routes[rtp] = taken ? route.sharedRtp : video ? route.videoRtp : route.audioRtp;
    if (rtcp !== rtp)
      this.#routes[rtcp] = taken ? route.sharedRtcp : video ? route.videoRtcp : route.audioRtcp;
    this.#rtcpChannels.set(track, rtcp);
  }

  rtcpChannel(track: TrackName): number | null {
    return this.#rtcpChannels.get(track) ?? null;
  }

  packet(channel: number, bytes: Uint8Array, start: number, end: number, arrivalMs: number): void {
    const tracks = this.#tracks;
    switch (this.#routes[channel]) {
      case route.videoRtp:
        tracks.video.packet(bytes, start, end, arrivalMs);
        return;
      case route.audioRtp:
        tracks.audio?.packet(bytes, start, end, arrivalMs);
        return;
      case route.videoRtcp:
        tracks.rtcp('video', bytes, start, end, arrivalMs);
        return;
      case route.audioRtcp:
        tracks.rtcp('audio', bytes, start, end, arrivalMs);
        return;
      case route.sharedRtp:
        this.#shared(bytes, start, end, arrivalMs);
        return;
      case route.sharedRtcp:
        tracks.rtcp('video', bytes, start, end, arrivalMs);
        tracks.rtcp('audio', bytes, start, end, arrivalMs);
    }
  }

  /** The payload type tells them apart. */
  #shared(bytes: Uint8Array, start: number, end: number, arrivalMs: number): void {
    const { video, audio } = this.#tracks;
    if (end - start < 2) return;
    const type = u8(bytes, start + 1) & 0x7f;
    const track = audio !== null && type === audio.payloadType ? audio : video;
    track.packet(bytes, start, end, arrivalMs);
  }
}
