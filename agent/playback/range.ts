/** The camera, rows and gap report that planning and exporting of a range share. */
import type { Gap } from '../../src/contract/index.ts';
import { isPlanned } from '../../src/model/recording-plan.ts';
import type { Catalog } from '../inspection/catalog.ts';
import { connectGraceMs, settleMs } from '../inspection/plan.ts';
import { pickCamera } from '../inspection/roster.ts';
import type { ExportInput, ReaderCamera, ReaderConfig } from '../inspection/types.ts';
import { gapReport, type Stretch } from './gap-report.ts';
import { checkRange, noVideo } from './limits.ts';
import type { MinuteRow } from './segments.ts';
import type { PlaybackStore } from './store.ts';
import type { Damage } from './walk.ts';

const quarterMs = 900_000;
const gapsMax = 1_000;

export interface PlaybackSource {
  readonly catalog: Catalog;
  readonly store: PlaybackStore;
  readonly config: ReaderConfig;
  readonly nowMs: number;
}

/** A range of one camera that holds at least one row of video. */
export class PlaybackRange {
  readonly camera: ReaderCamera;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rows: readonly MinuteRow[];
  readonly #source: PlaybackSource;

  /** `marginMs` widens the rows on both sides. Throws `invalid_input`, or `not_found` when there is no video. */
  constructor(source: PlaybackSource, input: ExportInput, marginMs: { before: number; behind: number }) {
    checkRange(input);
    this.#source = source;
    this.fromMs = input.fromMs;
    this.toMs = input.toMs;
    this.camera = pickCamera(source.config, input.camera);
    const fromMs = Math.max(0, input.fromMs - marginMs.before);
    const { store, config } = source;
    this.rows = store.minutes(config.spaces, this.camera.id, fromMs, input.toMs + marginMs.behind);
    if (this.rows.length === 0) throw noVideo(this.camera.name);
  }

  /** The ledger's gaps in the range, the holes it does not know, and what is damaged. */
  report(covered: readonly Stretch[], damaged: readonly Damage[]): Gap[] {
    const { catalog, nowMs } = this.#source;
    const toMs = Math.min(this.toMs, nowMs - settleMs);
    const query = { cameraId: this.camera.id, fromMs: this.fromMs, toMs: this.toMs, limit: gapsMax };
    return gapReport({
      cameraId: this.camera.id,
      fromMs: this.fromMs,
      toMs,
      ledger: catalog.gaps(query),
      covered,
      damaged: damaged.filter((stretch) => stretch.fromMs < toMs && stretch.toMs > this.fromMs),
      oldestMs: catalog.oldest(nowMs).get(this.camera.id) ?? 0,
      isPlanned: (stretch) => this.#isPlanned(stretch),
    });
  }

  #isPlanned(stretch: Stretch): boolean {
    const { timeZone } = this.#source.config;
    const wantedFromMs = this.camera.createdAtMs === undefined ? 0 : this.camera.createdAtMs + connectGraceMs;
    const fromMs = Math.max(stretch.fromMs, wantedFromMs);
    for (let atMs = fromMs; atMs < stretch.toMs; atMs += quarterMs) {
      if (isPlanned(this.camera.plan, atMs, timeZone)) return true;
    }
    return false;
  }
}
