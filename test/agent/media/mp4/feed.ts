/** Plays a clip into a media receiver as a session would, on a made-up arrival clock. */
import type { MediaReceiver, Part } from '../../../../agent/media/types.ts';
import type { Clip, ClipUnit } from '../../../../agent/test-camera/clip.ts';

export const epochMs = 1_790_000_000_000;

export interface FeedOptions {
  readonly loops?: number;
  readonly startMs?: number;
  /** Real spacing of the frames, where it differs from the stamped one. */
  readonly frameMs?: number;
  /** Bytes handed over at a time. */
  readonly pieceBytes?: number;
  readonly audio?: boolean;
  readonly arrivalMs?: (frame: number, dueMs: number) => number;
}

export function formatsOf(clip: Clip, audio = true) {
  return { video: clip.video, audio: audio ? clip.audio : null, notes: [] };
}

export function feedUnit(
  receiver: MediaReceiver,
  unit: ClipUnit,
  at: { pts: number; ms: number; pieceBytes: number },
): void {
  receiver.videoBegin(at.pts, at.ms);
  for (const nal of unit.nals) {
    receiver.nalBegin();
    for (let start = 0; start < nal.length; start += at.pieceBytes) {
      receiver.nalBytes(nal, start, Math.min(nal.length, start + at.pieceBytes));
    }
    receiver.nalEnd();
  }
  receiver.videoEnd(unit.randomAccess);
}

/** Formats, then every frame of the clip with the sound due until then; returns the frames fed. */
export function feedClip(receiver: MediaReceiver, clip: Clip, options: FeedOptions = {}) {
  const {
    loops = 1,
    startMs = epochMs,
    frameMs = clip.frameTicks / 90,
    pieceBytes = 1400,
    audio = true,
  } = options;
  receiver.formats(formatsOf(clip, audio));
  let sounds = 0;
  let frames = 0;
  for (let loop = 0; loop < loops; loop += 1) {
    for (const unit of clip.units) {
      const dueMs = startMs + frames * frameMs;
      const ms = options.arrivalMs?.(frames, dueMs) ?? dueMs;
      const pts = 5_000_000 + loop * clip.units.length * clip.frameTicks + unit.ptsTicks;
      feedUnit(receiver, unit, { pts, ms, pieceBytes });
      frames += 1;
      while (audio && (sounds * clip.soundTicks) / clip.audio.clockRate < (frames * frameMs) / 1000) {
        const sound = clip.sounds[sounds % clip.sounds.length] ?? new Uint8Array(1);
        receiver.audio(777_000 + sounds * clip.soundTicks, ms, sound, 0, sound.length);
        sounds += 1;
      }
    }
  }
  return { frames, sounds };
}

/** The bytes of a part as they would be written, with decode times made relative to `epochMs`. */
export function partBytes(part: Part, baseMs = epochMs - 1000): Buffer {
  const head = Buffer.from(part.head);
  for (const { offsetBytes, ticks, timescale } of part.decodeTimes) {
    head.writeBigUInt64BE(BigInt(ticks - Math.round((baseMs * timescale) / 1000)), offsetBytes);
  }
  return Buffer.concat([head, ...part.chunks]);
}
