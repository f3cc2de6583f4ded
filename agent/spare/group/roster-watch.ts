/** What the list of receivers means for this one: its role, that it was removed, or that the store has lost the list. */
import { type GroupRole, groupRoles } from '../../../src/contract/index.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Roster } from '../types.ts';

/** An answer may be late and older than the one before: so many in a row are believed. */
const absencesMin = 2;
/** The host puts a lost list back first, then the spares in their order. */
const restoreStepMs = 5_000;

export interface RosterWatchOptions {
  readonly selfId: string;
  readonly clock: Clock;
  /** As it was remembered. */
  readonly roster: Roster | null;
  readonly onRole: (role: GroupRole, roster: Roster) => void;
  readonly onRemoved: (roster: Roster) => void;
  /** The store has no list: write this one back, if there is still none. */
  readonly onLost: (roster: Roster) => void;
}

export class RosterWatch {
  readonly #options: RosterWatchOptions;
  #roster: Roster | null;
  #role: GroupRole | null = null;
  #text = '';
  #absences = 0;
  #lostSinceMs: number | null = null;

  constructor(options: RosterWatchOptions) {
    this.#options = options;
    this.#roster = options.roster;
  }

  get roster(): Roster | null {
    return this.#roster;
  }

  get role(): GroupRole | null {
    return this.#role;
  }

  see(roster: Roster | null): void {
    if (roster === null) {
      this.#lost();
      return;
    }
    this.#lostSinceMs = null;
    const { selfId, onRole, onRemoved } = this.#options;
    const place = roster.members.findIndex(({ id }) => id === selfId);
    if (place < 0) {
      this.#absences += 1;
      if (this.#absences === absencesMin) onRemoved(roster);
      return;
    }
    this.#absences = 0;
    const text = JSON.stringify(roster);
    if (text === this.#text) return;
    this.#text = text;
    this.#roster = roster;
    this.#role = groupRoles[place] ?? 'spare-3';
    onRole(this.#role, roster);
  }

  #lost(): void {
    const roster = this.#roster;
    const { selfId, clock, onLost } = this.#options;
    if (!roster) return;
    this.#lostSinceMs ??= clock.monotonicMs();
    const place = roster.members.findIndex(({ id }) => id === selfId);
    if (place < 0 || clock.monotonicMs() - this.#lostSinceMs < (place + 1) * restoreStepMs) return;
    this.#lostSinceMs = clock.monotonicMs();
    onLost(roster);
  }
}
