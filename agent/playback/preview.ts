/** What an export would hold, told from the index and, for a short range, from the headers of its parts. */
import type { ExportPlan } from '../../src/contract/index.ts';
import type { ExportInput } from '../inspection/types.ts';
import { ArrivalBase } from './arrival-base.ts';
import type { Stretch } from './gap-report.ts';
import { noVideo } from './limits.ts';
import { PlaybackRange, type PlaybackSource } from './range.ts';
import { Repeated } from './repeated.ts';
import { presentByMinute, toSegments } from './segments.ts';
import { type Damage, type LocatedPart, OpenBlock, walkParts } from './walk.ts';

const minuteMs = 60_000;
/** Reading one header a part seeks once a part: beyond this many minutes the index must do. */
const walkedMinutesMax = 90;
const partMsUsual = 2_000;
/** A minute that is short by less is whole; see the tolerance of inspection. */
const minuteShortMs = 2_000;

interface Measured {
  readonly presentMs: number;
  readonly bytes: number;
  readonly parts: number;
  readonly covered: readonly Stretch[];
  readonly damaged: readonly Damage[];
}

function walked(range: PlaybackRange): Measured {
  const blocks = new OpenBlock(range.camera.id);
  const damaged: Damage[] = [];
  const repeated = new Repeated();
  const base = new ArrivalBase();
  const parts: LocatedPart[] = [];
  const take = (part: LocatedPart) => {
    if (base.of(part.header, 0, part.header.startMs) === null) repeated.add(part);
    else parts.push(part);
  };
  try {
    for (const part of walkParts(toSegments(range.rows), blocks, (damage) => damaged.push(damage))) {
      if (part.header.endMs > range.fromMs && part.header.startMs < range.toMs) take(part);
    }
  } finally {
    blocks.close();
  }
  return {
    presentMs: parts.reduce((sum, { header }) => sum + overlapMs(range, header.startMs, header.endMs), 0),
    bytes: parts.reduce((sum, { header }) => sum + header.lengthBytes, 0),
    parts: parts.length,
    covered: parts.map(({ header }) => ({ fromMs: header.startMs, toMs: header.endMs })),
    damaged: [...damaged, ...repeated.stretches],
  };
}

/** From minute rows alone: a short minute covers its beginning, which is as good as any guess. */
function estimated(range: PlaybackRange): Measured {
  const covered = [...presentByMinute(range.rows)].map(([minute, presentMs]) => {
    const heldMs = presentMs > minuteMs - minuteShortMs ? minuteMs : presentMs;
    return { fromMs: minute * minuteMs, toMs: minute * minuteMs + heldMs };
  });
  const presentMs = covered.reduce((sum, { fromMs, toMs }) => sum + overlapMs(range, fromMs, toMs), 0);
  const bytes = toSegments(range.rows).reduce((sum, segment) => sum + segment.toBytes - segment.fromBytes, 0);
  return { presentMs, bytes, parts: Math.round(presentMs / partMsUsual), covered, damaged: [] };
}

function overlapMs(range: PlaybackRange, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(range.toMs, toMs) - Math.max(range.fromMs, fromMs));
}

/** Exact up to 90 minutes, about right beyond. Throws `not_found` when the range holds no video. */
export function previewExport(source: PlaybackSource, input: ExportInput): ExportPlan {
  const range = new PlaybackRange(source, input, { before: 0, behind: 0 });
  const isShort = new Set(range.rows.map((row) => row.minute)).size <= walkedMinutesMax;
  const measured = isShort ? walked(range) : estimated(range);
  if (measured.presentMs === 0 && measured.damaged.length === 0) throw noVideo(range.camera.name);
  const query = new URLSearchParams({
    camera: range.camera.id,
    fromMs: String(range.fromMs),
    toMs: String(range.toMs),
  });
  return {
    cameraId: range.camera.id,
    fromMs: range.fromMs,
    toMs: range.toMs,
    presentSeconds: measured.presentMs / 1_000,
    estimatedBytes: measured.bytes,
    parts: measured.parts,
    gaps: range.report(measured.covered, measured.damaged),
    downloadPath: `/v1/export/download?${query}`,
  };
}
