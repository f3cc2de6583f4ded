/** A camera's way from the wire to parts: one fragmenter for its whole life, fed by one RTSP session after the other. */
import type { GapReason, MediaInfo } from '../../../src/contract/index.ts';
import type { ChunkPool } from '../../media/mp4/chunk-pool.ts';
import { createFragmenter } from '../../media/mp4/fragmenter.ts';
import { openRtspSession, type RtspReader } from '../../media/rtsp/session.ts';
import type { InitSegment, MediaReceiver, Part, SessionEnd, StreamFormats } from '../../media/types.ts';
import type { CameraConfig } from '../protocol/schema.ts';
import type { WallClock } from '../wall-clock.ts';

/** Parts this long: at most this much is lost in memory when the process is killed. */
export const partSpanMs = 1_000;

export interface SessionMedia {
  readonly reader: RtspReader;
  readonly chunks: ChunkPool;
  readonly clock: WallClock;
}

export interface IngestHandlers {
  formats(info: MediaInfo): void;
  part(init: InitSegment, part: Part): void;
  /** Memory for media is used up: this stretch was let go. */
  dropped(stretch: { startMs: number; endMs: number; reason: GapReason }): void;
  packetsLost(packets: number): void;
  /** The present session ended by itself; not called after `stop`. */
  ended(end: SessionEnd): void;
}

export interface Ingest {
  open(source: CameraSource): void;
  /** Ends the present session; what it delivered whole is handed out first. */
  stop(): Promise<void>;
  /** Send off a part that waits longer than it should, because the camera fell silent. */
  tick(): void;
  /** End the present part now: the clock was stepped. */
  cut(): void;
}

export type CameraSource = Pick<CameraConfig, 'url' | 'user' | 'password' | 'transport' | 'allowBasicAuth'>;

export function createIngest(media: SessionMedia, handlers: IngestHandlers): Ingest {
  let init: InitSegment | null = null;
  let session: ReturnType<typeof openRtspSession> | null = null;
  const fragmenter = createFragmenter({
    chunks: media.chunks,
    partSpanMs,
    onInit: (segment) => {
      init = segment;
    },
    onPart: (part) => {
      if (init) handlers.part(init, part);
      else part.release();
    },
    onPartDropped: (startMs, endMs, reason) => handlers.dropped({ startMs, endMs, reason }),
  });
  const receiver = watched(fragmenter, handlers);
  return {
    open({ url, user, password, transport, allowBasicAuth }) {
      const opened = openRtspSession({
        reader: media.reader,
        clock: media.clock,
        receiver,
        url,
        user,
        password,
        transport,
        allowBasicAuth,
      });
      session = opened;
      void opened.ended.then((end) => {
        if (session !== opened) return;
        session = null;
        fragmenter.flush();
        handlers.ended(end);
      });
    },
    async stop() {
      const leaving = session;
      session = null;
      fragmenter.flush();
      await leaving?.stop();
    },
    tick: () => fragmenter.tick(media.clock.utcMs()),
    cut: () => fragmenter.cut(),
  };
}

/** The receiver, with a look at formats and losses on the way. */
function watched(inner: MediaReceiver, handlers: IngestHandlers): MediaReceiver {
  return {
    formats(formats) {
      handlers.formats(mediaInfo(formats));
      inner.formats(formats);
    },
    packetsLost(track, packets, arrivalMs) {
      inner.packetsLost(track, packets, arrivalMs);
      handlers.packetsLost(packets);
    },
    videoBegin: (ptsTicks, arrivalMs) => inner.videoBegin(ptsTicks, arrivalMs),
    nalBegin: () => inner.nalBegin(),
    nalBytes: (bytes, start, end) => inner.nalBytes(bytes, start, end),
    nalEnd: () => inner.nalEnd(),
    videoEnd: (randomAccess) => inner.videoEnd(randomAccess),
    videoAbandon: () => inner.videoAbandon(),
    audio: (ptsTicks, arrivalMs, bytes, start, end) => inner.audio(ptsTicks, arrivalMs, bytes, start, end),
    senderReport: (track, ptsTicks, senderMs) => inner.senderReport(track, ptsTicks, senderMs),
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
