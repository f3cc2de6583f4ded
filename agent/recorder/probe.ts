/** Looks at a camera without recording: connects, waits for the first key frame, and says in words what it found. */
import type { z } from 'zod';
import type { probeResultSchema } from '../../src/contract/index.ts';
import { openRtspSession } from '../media/rtsp/session.ts';
import type { MediaReceiver, SessionEnd, StreamFormats } from '../media/types.ts';
import { type CameraSource, mediaInfo, type SessionMedia } from './camera/ingest.ts';

/** A camera that shows no key frame within this time has a longer key-frame interval than any recorder wants. */
const probeMaxMs = 8_000;
/** Shorter than that, so that a silent camera is told apart from one without key frames. */
const timeouts = { connectTimeoutMs: 5_000, responseTimeoutMs: 5_000, mediaTimeoutMs: 6_000 };

type ProbeResult = z.infer<typeof probeResultSchema>;

export async function probeCamera(source: CameraSource, media: SessionMedia): Promise<ProbeResult> {
  const startedMs = media.clock.monotonicMs();
  let formats: StreamFormats | null = null;
  const found = Promise.withResolvers<'picture' | 'late'>();
  const session = openRtspSession({
    reader: media.reader,
    clock: media.clock,
    receiver: watcher(
      (seen) => {
        formats = seen;
      },
      () => found.resolve('picture'),
    ),
    ...timeouts,
    ...source,
  });
  const timer = setTimeout(() => found.resolve('late'), probeMaxMs);
  const outcome = await Promise.race([found.promise, session.ended]);
  clearTimeout(timer);
  await session.stop();
  const elapsedMs = Math.round(media.clock.monotonicMs() - startedMs);
  const seen = formats ? mediaInfo(formats) : null;
  return { media: seen, elapsedMs, ...verdict(outcome) };
}

function verdict(outcome: 'picture' | 'late' | SessionEnd): Omit<ProbeResult, 'media' | 'elapsedMs'> {
  if (outcome === 'picture') return { ok: true, reason: null, problem: null, hint: null };
  if (outcome === 'late') {
    return {
      ok: false,
      reason: 'stream-stalled',
      problem: `connected, but no key frame came within ${probeMaxMs / 1000} s`,
      hint: "set the camera's key-frame (I-frame) interval to 1 or 2 seconds",
    };
  }
  return { ok: false, reason: outcome.reason, problem: outcome.detail, hint: outcome.hint };
}

/** A receiver that keeps nothing. */
function watcher(onFormats: (formats: StreamFormats) => void, onPicture: () => void): MediaReceiver {
  const ignore = () => {};
  return {
    formats: onFormats,
    videoBegin: ignore,
    nalBegin: ignore,
    nalBytes: ignore,
    nalEnd: ignore,
    videoEnd: (randomAccess) => {
      if (randomAccess) onPicture();
    },
    videoAbandon: ignore,
    audio: ignore,
    senderReport: ignore,
    packetsLost: ignore,
  };
}
