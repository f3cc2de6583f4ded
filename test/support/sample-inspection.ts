/** Inspection answers that fit the sample node: today up to the present minute, with holes that have reasons. */
import type {
  Camera,
  GapReason,
  InspectionDay,
  InspectionHour,
  InspectionHourDetail,
  InspectionMonth,
} from '../../src/contract/index.ts';
import { sampleNowMs } from './sample-status.ts';

const hourMs = 3_600_000;
const zoneMs = hourMs;

/** Missing seconds by camera and hour. */
const holes: Readonly<Record<string, Readonly<Record<number, { seconds: number; reason: GapReason }>>>> = {
  c2: {
    3: { seconds: 95, reason: 'stream-stalled' },
    13: { seconds: 127, reason: 'camera-unreachable' },
    14: { seconds: 1267, reason: 'camera-unreachable' },
  },
  c3: { 11: { seconds: 12, reason: 'camera-unreachable' } },
  c4: {
    7: { seconds: 3600, reason: 'space-lost' },
    8: { seconds: 2400, reason: 'space-lost' },
    14: { seconds: 244, reason: 'no-space' },
  },
  c6: { 14: { seconds: 5, reason: 'stream-stalled' } },
};

const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) - zoneMs;

function hourOf(camera: Camera, day: string, hour: number): InspectionHour {
  const startMs = startOf(day) + hour * hourMs;
  const passedMs = Math.max(0, Math.min(hourMs, sampleNowMs - startMs));
  const hole = day === '2026-11-20' ? holes[camera.id]?.[hour] : undefined;
  const base = { hour, startMs, minutes: 0, missingSeconds: 0, reason: null };
  if (passedMs === 0) return { ...base, state: 'unchecked' };
  if (camera.id === 'c7') return { ...base, state: 'no-plan' };
  if (camera.id === 'c8' && (hour < 8 || hour > 19)) return { ...base, state: 'no-plan' };
  const passedMinutes = Math.floor(passedMs / 60_000);
  if (!hole) return { ...base, state: 'normal', minutes: passedMinutes };
  return {
    ...base,
    state: 'exception',
    minutes: Math.max(0, passedMinutes - Math.floor(hole.seconds / 60)),
    missingSeconds: hole.seconds,
    reason: hole.reason,
  };
}

export function sampleDay(cameras: readonly Camera[], day = '2026-11-20'): InspectionDay {
  return {
    day,
    timeZone: 'Europe/Berlin',
    checkedToMs: Math.min(sampleNowMs, startOf(day) + 24 * hourMs),
    cameras: cameras.map((camera) => ({
      id: camera.id,
      name: camera.name,
      channel: camera.channel,
      hours: Array.from({ length: 24 }, (_, hour) => hourOf(camera, day, hour)),
    })),
  };
}

export function sampleMonth(cameras: readonly Camera[], month: string): InspectionMonth {
  const days = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
  return {
    month,
    timeZone: 'Europe/Berlin',
    cameras: cameras.map((camera, row) => ({
      id: camera.id,
      name: camera.name,
      channel: camera.channel,
      days: Array.from({ length: days }, (_, index) => {
        const day = `${month}-${String(index + 1).padStart(2, '0')}`;
        const bad = (row * 7 + index * 3) % 29 === 4;
        if (day > '2026-11-20') return { day, state: 'unchecked' as const, minutes: 0, plannedMinutes: 0 };
        if (camera.id === 'c7') return { day, state: 'no-plan' as const, minutes: 0, plannedMinutes: 0 };
        return bad
          ? { day, state: 'exception' as const, minutes: 1300 - row * 90, plannedMinutes: 1440 }
          : { day, state: 'normal' as const, minutes: 1440, plannedMinutes: 1440 };
      }),
    })),
  };
}

export function sampleHour(camera: Camera, startMs: number): InspectionHourDetail {
  const hour = Math.round((startMs - startOf('2026-11-20')) / hourMs);
  const hole = holes[camera.id]?.[hour];
  const passedSeconds = Math.max(0, Math.min(3600, Math.floor((sampleNowMs - startMs) / 1000)));
  const fromSecond = Math.max(0, passedSeconds - (hole?.seconds ?? 0));
  const held = hole ? fromSecond : passedSeconds;
  return {
    cameraId: camera.id,
    startMs,
    timeZone: 'Europe/Berlin',
    minutes: Array.from({ length: 60 }, (_, minute) => {
      const seconds = Math.max(0, Math.min(60, held - minute * 60));
      const wanted = minute * 60 < passedSeconds;
      return {
        minute,
        seconds,
        planned: wanted,
        reason: wanted && seconds < 60 ? (hole?.reason ?? null) : null,
      };
    }),
    gaps: hole
      ? [
          {
            cameraId: camera.id,
            fromMs: startMs + fromSecond * 1000,
            toMs: passedSeconds === 3600 ? startMs + hourMs : null,
            reason: hole.reason,
            detail: hole.reason === 'camera-unreachable' ? 'connect 192.0.2.12:554: no route to host' : null,
            state: 'open',
          },
        ]
      : [],
  };
}
