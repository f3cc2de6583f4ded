/** The cameras that a grid shows: those of the settings, then removed ones as their video turns up; filtered by name. */
import { AppError } from '../../src/errors.ts';
import type { ReaderCamera, ReaderConfig } from './types.ts';

/** Cameras that are no longer in the settings, shown in one answer. */
const removedMax = 2_000;

const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();
const within = (part: string, whole: string): boolean => whole.toLowerCase().includes(part.toLowerCase());

function removedCamera(id: string): ReaderCamera {
  return { id, name: `${id} (removed)`, channel: 0, plan: 'never' };
}

/** Picks cameras by id, name, or part of either; an exact match shuts out the partial ones. */
function matcher(config: ReaderConfig, filter: string | undefined): (camera: ReaderCamera) => boolean {
  const text = filter?.trim();
  if (!text) return () => true;
  const isExact = (camera: ReaderCamera): boolean => same(camera.id, text) || same(camera.name, text);
  if (config.cameras.some(isExact)) return isExact;
  return (camera) => same(camera.id, text) || within(text, camera.id) || within(text, camera.name);
}

export class Roster {
  readonly cameras: ReaderCamera[] = [];
  readonly #matches: (camera: ReaderCamera) => boolean;
  /** -1: known and not to be shown. */
  readonly #indexes = new Map<string, number>();
  readonly #knownCount: number;

  constructor(config: ReaderConfig, filter: string | undefined) {
    this.#matches = matcher(config, filter);
    for (const camera of config.cameras) this.#add(camera);
    this.#knownCount = this.cameras.length;
  }

  /** `cameras` never grows beyond this. */
  get countMax(): number {
    return this.#knownCount + removedMax;
  }

  /** Place of a camera in `cameras`, -1 when the filter leaves it out. One that is not in the settings is appended. */
  indexOf(id: string): number {
    const known = this.#indexes.get(id);
    if (known !== undefined) return known;
    if (this.cameras.length - this.#knownCount >= removedMax) return -1;
    return this.#add(removedCamera(id));
  }

  #add(camera: ReaderCamera): number {
    const index = this.#matches(camera) ? this.cameras.push(camera) - 1 : -1;
    this.#indexes.set(camera.id, index);
    return index;
  }
}

/** The one camera that `text` names, by id or name; of a removed camera the id. */
export function pickCamera(config: ReaderConfig, text: string): ReaderCamera {
  const wanted = text.trim();
  const byId = config.cameras.find((camera) => camera.id === wanted);
  if (byId) return byId;
  const named = config.cameras.filter((camera) => same(camera.name, wanted) || same(camera.id, wanted));
  if (named.length > 1) {
    const ids = named.map((camera) => camera.id).slice(0, 10);
    throw new AppError('invalid_input', `several cameras are called ${JSON.stringify(wanted)}`, {
      hint: `Give the id: ${ids.join(', ')}.`,
    });
  }
  return named[0] ?? removedCamera(wanted);
}
