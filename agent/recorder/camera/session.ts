/** One connection to a camera: RTSP session, fragmenter and store joined; ends once, and hands over what it held first. */
import type { GapReason, MediaInfo } from '../../../src/contract/index.ts';
import { type ChunkPool, createFragmenter } from '../../media/mp4/fragmenter.ts';
import { openRtspSession, type RtspReader } from '../../media/rtsp/session.ts';
import type { InitSegment, Part, SessionEnd, StreamFormats } from '../../media/types.ts';
import type { CameraConfig } from '../protocol/schema.ts';
import type { WallClock } from '../wall-clock.ts';

/** Parts this long: at most this much is lost in memory when the process is killed. */
export const partSpanMs = 1_000;

export interface SessionMedia {
  readonly reader: RtspReader;
  readonly chunks: ChunkPool;
  readonly clock: WallClock;
}

export interface SessionHandlers {
  formats(info: MediaInfo): void;
  part(init: InitSegment, part: Part): void;
  /** Memory for media is used up: this stretch was let go. */
  dropped(stretch: { fromMs: number; toMs: number; reason: GapReason }): void;
  packetsLost(packets: number): void;
  ended(end: SessionEnd): void;
}

export interface CameraSession {
  /** Send off a part that waits longer than it should, because the camera fell silent. */
  tick(): void;
  /** End the present part now: the clock was stepped. */
  cut(): void;
  bytesReceived(): number;
  stop(): Promise<void>;
}

export type CameraSource = Pick<CameraConfig, 'url' | 'user' | 'password' | 'transport' | 'allowBasicAuth'>;

export function openCameraSession(
  source: CameraSource,
  media: SessionMedia,
  handlers: SessionHandlers,
): CameraSession {
  let init: InitSegment | null = null;
  const fragmenter = createFragmenter({
    chunks: media.chunks,
    clock: media.clock,
    partSpanMs,
    onFormats: (formats) => handlers.formats(mediaInfo(formats)),
    onInit: (segment) => {
      init = segment;
    },
    onPart: (part) => {
      if (init) handlers.part(init, part);
      else part.release();
    },
    onPartDropped: (fromMs, toMs, reason) => handlers.dropped({ fromMs, toMs, reason }),
    onPacketsLost: (packets) => handlers.packetsLost(packets),
  });
  const session = openRtspSession({
    reader: media.reader,
    clock: media.clock,
    receiver: fragmenter,
    ...source,
  });
  let ended = false;
  session.ended.then((end) => {
    ended = true;
    fragmenter.flush();
    handlers.ended(end);
  });
  return {
    tick: () => fragmenter.tick(media.clock.utcMs()),
    cut: () => fragmenter.flush(),
    bytesReceived: () => session.stats().bytesReceived,
    async stop() {
      if (!ended) fragmenter.flush();
      await session.stop();
    },
  };
}

/** What the operator sees of a stream. */
export function mediaInfo(formats: StreamFormats): MediaInfo {
  return {
    videoCodec: formats.video.codec,
    audioCodec: formats.audio?.codec ?? null,
    width: formats.video.width,
    height: formats.video.height,
    framesPerSecond: formats.video.framesPerSecond,
    notes: [...formats.notes],
  };
}
