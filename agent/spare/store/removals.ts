/** When settled events may leave the stream: once they have been settled for so long that no duplicate of them counts any more. */

export interface Removals {
  /** Told how far everything is settled; returns how far to remove now, null for nothing. */
  due(base: number, nowMs: number): number | null;
  /** It was not removed; it comes again with what is due next. */
  failed(upTo: number): void;
}

/** How often it is noted, and so how much is removed at once. */
const noteEveryMs = 5_000;

export function createRemovals(keepMs: number): Removals {
  let notes: { base: number; atMs: number }[] = [];
  let removed = 0;
  return {
    due(base, nowMs) {
      const last = notes.at(-1);
      if (last === undefined || nowMs - last.atMs >= noteEveryMs) notes.push({ base, atMs: nowMs });
      const old = notes.filter(({ atMs }) => nowMs - atMs >= keepMs + noteEveryMs).at(-1);
      if (old === undefined || old.base <= removed) return null;
      notes = notes.filter(({ atMs }) => atMs >= old.atMs);
      removed = old.base;
      return old.base;
    },
    failed(upTo) {
      if (removed === upTo) removed = 0;
    },
  };
}
