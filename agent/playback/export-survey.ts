/** First pass of an export: read every part of the range once, check it, and plan the file that the good ones make. */
import type { Gap } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { ExportInput, ReaderCamera } from '../inspection/types.ts';
import { createExportPlanner } from '../media/mp4/export-plan.ts';
import type { ExportPlan, ExportPlanner } from '../media/mp4/export-types.ts';
import { readFragment } from '../media/mp4/read-fragment.ts';
import { readInit } from '../media/mp4/read-init.ts';
import type { FragmentInfo, InitInfo } from '../media/mp4/read-types.ts';
import { ArrivalBase } from './arrival-base.ts';
import type { BlockFile } from './block-file.ts';
import type { Stretch } from './gap-report.ts';
import { clockSlackMs, lookBackMs } from './limits.ts';
import { PlaybackRange, type PlaybackSource } from './range.ts';
import { Repeated } from './repeated.ts';
import { type Segment, toSegments } from './segments.ts';
import { StartFinder } from './start-finder.ts';
import { type Damage, type LocatedPart, OpenBlock, walkParts } from './walk.ts';

/** The loop of the worker gets its turn after so many bytes. */
const bytesPerTurn = 16 * 1024 * 1024;

export interface Survey {
  readonly camera: ReaderCamera;
  readonly plan: ExportPlan<LocatedPart>;
  readonly gaps: Gap[];
}

class Surveyor {
  readonly damaged: Damage[] = [];
  readonly covered: Stretch[] = [];
  readonly repeated = new Repeated();
  readonly #planner: ExportPlanner<LocatedPart>;
  readonly #blocks: OpenBlock;
  readonly #inits = new Map<Segment, InitInfo>();
  readonly #base = new ArrivalBase();
  /** After a part that was left out nothing can be decoded until the next random access point. */
  #isBroken = false;
  /** The part before was of a time that is shown already: the next to be shown begins with a random access point. */
  #isRepeating = false;

  constructor(planner: ExportPlanner<LocatedPart>, cameraId: string) {
    this.#planner = planner;
    this.#blocks = new OpenBlock(cameraId);
  }

  close(): void {
    this.#blocks.close();
  }

  take(part: LocatedPart): void {
    const { header, segment } = part;
    if (this.#isBroken && !header.randomAccess) {
      this.#leaveOut(part, 'needs the part before it, which is left out');
      return;
    }
    const file = this.#blocks.of(segment);
    const moof = file?.checkedMoof(part) ?? null;
    const taken = file && moof ? this.#add(part, file, moof) : 'damaged';
    this.#isRepeating = taken === 'repeated';
    if (taken === 'repeated') {
      this.repeated.add(part);
      return;
    }
    if (taken === 'damaged') {
      const place = `block ${segment.block} of space ${segment.spaceId} at byte ${part.moofOffsetBytes}`;
      this.#leaveOut(part, `damaged: its checksum does not hold (${place})`);
      return;
    }
    this.#isBroken = false;
    this.covered.push({ fromMs: header.startMs, toMs: header.endMs });
  }

  #add(part: LocatedPart, file: BlockFile, moof: Uint8Array): 'shown' | 'repeated' | 'damaged' {
    try {
      const init = this.#initOf(part.segment, file);
      const fragment = readFragment(moof);
      const baseMs = this.#baseOf(part, file, init, fragment);
      const isCut = this.#isRepeating && !part.header.randomAccess;
      if (baseMs === null || isCut) return 'repeated';
      this.#planner.add({ init, fragment, baseMs, source: part });
      return 'shown';
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'data_loss') return 'damaged';
      throw thrown;
    }
  }

  #baseOf({ header }: LocatedPart, file: BlockFile, init: InitInfo, { tracks }: FragmentInfo): number | null {
    const { baseMs } = file.head.header;
    const track = tracks[0];
    const info = init.tracks.find(({ trackId }) => trackId === track?.trackId);
    if (track === undefined || info === undefined) return baseMs;
    return this.#base.of(header, baseMs, baseMs + (track.decodeTimeTicks * 1000) / info.timescale);
  }

  #initOf(segment: Segment, file: BlockFile): InitInfo {
    const known = this.#inits.get(segment);
    if (known) return known;
    const init = readInit(file.head.moov);
    this.#inits.set(segment, init);
    return init;
  }

  #leaveOut({ header }: LocatedPart, detail: string): void {
    this.#isBroken = true;
    this.damaged.push({ fromMs: header.startMs, toMs: header.endMs, detail });
  }
}

async function visitParts(
  range: PlaybackRange,
  blocks: OpenBlock,
  surveyor: Surveyor,
  turn: () => Promise<void>,
): Promise<void> {
  const finder = new StartFinder<LocatedPart>(range.fromMs);
  let turnBytes = 0;
  const walk = walkParts(toSegments(range.rows), blocks, (damage) => surveyor.damaged.push(damage));
  for (const part of walk) {
    // Another block may hold earlier video again, of a clock that was set back.
    if (part.header.startMs >= range.toMs + clockSlackMs) continue;
    for (const wanted of finder.offer(part)) surveyor.take(wanted);
    turnBytes += part.header.lengthBytes;
    if (turnBytes < bytesPerTurn) continue;
    turnBytes = 0;
    await turn();
  }
}

/**
 * Read the range through. `turn` is awaited now and then: let other work run, throw to give up. Throws `not_found` when
 * nothing in the range can be decoded, `invalid_input` when it is too long.
 */
export async function surveyExport(
  source: PlaybackSource,
  input: ExportInput,
  turn: () => Promise<void>,
): Promise<Survey> {
  const range = new PlaybackRange(source, input, { before: lookBackMs, behind: clockSlackMs });
  const blocks = new OpenBlock(range.camera.id);
  const planner = createExportPlanner<LocatedPart>({ toMs: range.toMs });
  const surveyor = new Surveyor(planner, range.camera.id);
  try {
    await visitParts(range, blocks, surveyor, turn);
  } finally {
    blocks.close();
    surveyor.close();
  }
  const gaps = range.report(surveyor.covered, [...surveyor.damaged, ...surveyor.repeated.stretches]);
  return { camera: range.camera, plan: planner.finish(), gaps };
}
