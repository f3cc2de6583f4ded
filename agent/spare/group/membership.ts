/** The list of receivers in the store: read, and changed by compare-and-set until it holds or is refused. */
import { AppError, toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { decodePresence, decodeRoster, encodeRoster } from '../roster/codec.ts';
import type { GroupStore, Roster } from '../types.ts';

const timeoutMs = 5_000;
const triesMax = 5;
/** A member says a word each second: silent for this long, a word is left over. */
const listenMs = 2_500;

export async function readRoster(store: GroupStore): Promise<Roster | null> {
  const value = await store.roster.read(timeoutMs);
  return value === null ? null : decodeRoster(value.text);
}

/** `change` may refuse by throwing; it is asked again whenever another write came first. Gives what is stored now. */
export async function changeRoster(
  store: GroupStore,
  change: (roster: Roster | null) => Roster,
): Promise<Roster> {
  for (let tries = triesMax; ; tries -= 1) {
    const value = await store.roster.read(timeoutMs);
    const roster = change(value === null ? null : decodeRoster(value.text));
    try {
      await store.roster.write(value?.revision ?? null, encodeRoster(roster), timeoutMs);
      return roster;
    } catch (error) {
      if (toAppError(error).code !== 'conflict' || tries <= 1) throw error;
    }
  }
}

/** @throws AppError `conflict` when a machine that runs now says words under this id. */
export async function refuseSecondOfId(store: GroupStore, id: string, clock: Clock): Promise<void> {
  const first = await wordOf(store, id);
  if (first === null) return;
  await new Promise<void>((resolve) => {
    clock.after(listenMs, resolve);
  });
  if ((await wordOf(store, id)) === first) return;
  throw new AppError('conflict', `another machine of the group uses the id ${id} and runs`, {
    hint: 'The data folder of one is a copy of the other: set one of them up with a new data folder, then connect it.',
  });
}

async function wordOf(store: GroupStore, id: string): Promise<string | null> {
  const value = await store.presence(id).read(timeoutMs);
  if (value === null) return null;
  try {
    const { boot, seq } = decodePresence(value.text);
    return `${boot} ${seq}`;
  } catch {
    return null;
  }
}
