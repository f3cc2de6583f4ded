/** The gap ledger as a list: of all cameras, or of those that a name fits. */
import type { Gap } from '../../src/contract/index.ts';
import type { GridSource } from './day-facts.ts';
import { Roster } from './roster.ts';
import type { GapsInput } from './types.ts';

const limitUsual = 200;
const camerasMax = 1_000;

/** Newest first. A name that fits several cameras lists the gaps of all of them. */
export function findGaps({ catalog, config }: GridSource, input: GapsInput): Gap[] {
  const limit = input.limit ?? limitUsual;
  const span = { fromMs: input.fromMs ?? 0, toMs: input.toMs ?? Number.MAX_SAFE_INTEGER, limit };
  const filter = input.camera?.trim();
  if (!filter) return catalog.gaps({ cameraId: null, ...span });
  const ids = new Roster(config, filter).cameras.slice(0, camerasMax).map((camera) => camera.id);
  // The id of a removed camera may be a part of others'.
  const wanted = new Set([...ids, filter]);
  const found = [...wanted].flatMap((cameraId) => catalog.gaps({ cameraId, ...span }));
  return found.sort((left, right) => right.fromMs - left.fromMs).slice(0, limit);
}
