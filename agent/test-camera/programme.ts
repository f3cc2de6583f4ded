/** A clip ready to be sent: templates of all its frames, loaded up to the asked bit rate, and its description. */

import { ballastNal, ballastPlan } from './ballast.ts';
import { type Clip, type ClipName, loadClip } from './clip.ts';
import { audioTemplate, type FrameTemplate, type TrackNumbers, videoTemplate } from './packets.ts';

export interface ProgrammeFrame {
  readonly template: FrameTemplate;
  /** Since the clip's start, display order, 90 kHz. */
  readonly ptsTicks: number;
  readonly randomAccess: boolean;
}

export interface Programme {
  readonly clip: Clip;
  readonly frames: readonly ProgrammeFrame[];
  readonly sounds: readonly FrameTemplate[];
  readonly video: TrackNumbers;
  readonly audio: TrackNumbers;
  /** Frames from one random access point to the next. */
  readonly groupFrames: number;
}

/** As real cameras do, parameter sets go in front of every key frame. `mbps` null: the clip as it is. */
export function buildProgramme(name: ClipName, mbps: number | null): Programme {
  const clip = loadClip(name);
  const video = { channel: 0, payloadType: 96, ssrc: 0x1f0a_0001 };
  const audio = { channel: 2, payloadType: clip.audio.codec === 'aac' ? 97 : 8, ssrc: 0x1f0a_0002 };
  const ballast = ballastBytes(clip, mbps);
  const frames = clip.units.map(({ nals, ptsTicks, randomAccess }, index) => {
    const load = ballastNal(clip.video.codec, ballast[index] ?? 0);
    const sets = randomAccess ? clip.video.parameterSets : [];
    const all = load === null ? [...sets, ...nals] : [...sets, load, ...nals];
    return { template: videoTemplate(clip.video.codec, all, video), ptsTicks, randomAccess };
  });
  const sounds = clip.sounds.map((sound) => audioTemplate(clip.audio.codec, sound, audio));
  const groupFrames = clip.units.findIndex(({ randomAccess }, index) => index > 0 && randomAccess);
  return { clip, frames, sounds, video, audio, groupFrames };
}

function ballastBytes(clip: Clip, mbps: number | null): number[] {
  const sizes = clip.units.map(({ nals }) => nals.reduce((sum, nal) => sum + nal.length, 0));
  if (mbps === null) return sizes.map(() => 0);
  const durationSeconds = (clip.units.length * clip.frameTicks) / clip.video.clockRate;
  const soundBytes = clip.sounds.reduce((sum, sound) => sum + sound.length, 0) / clip.sounds.length;
  const soundsPerSecond = clip.audio.clockRate / clip.soundTicks;
  const wanted = ((mbps * 1e6) / 8 - soundBytes * soundsPerSecond) * durationSeconds;
  return ballastPlan(sizes, wanted);
}
