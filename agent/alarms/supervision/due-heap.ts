/** Entries in order of when they fall due: a binary heap, so that looking at what is due costs only what is due. */

export interface Due {
  readonly dueMs: number;
}

export interface DueHeap<Entry extends Due> {
  push(entry: Entry): void;
  /** The earliest one, when it is due by then; it is taken out. */
  take(nowMs: number): Entry | null;
  size(): number;
}

export function createDueHeap<Entry extends Due>(): DueHeap<Entry> {
  const entries: Entry[] = [];
  const dueAt = (at: number) => entries[at]?.dueMs ?? Number.POSITIVE_INFINITY;

  const swap = (one: number, other: number) => {
    const first = entries[one];
    const second = entries[other];
    if (first === undefined || second === undefined) return;
    entries[one] = second;
    entries[other] = first;
  };
  const rise = (from: number) => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (dueAt(parent) <= dueAt(at)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = () => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const child = dueAt(left + 1) < dueAt(left) ? left + 1 : left;
      if (dueAt(at) <= dueAt(child)) return;
      swap(at, child);
      at = child;
    }
  };

  return {
    push(entry) {
      entries.push(entry);
      rise(entries.length - 1);
    },
    take(nowMs) {
      const first = entries[0];
      if (first === undefined || first.dueMs > nowMs) return null;
      const last = entries.pop();
      if (last !== undefined && entries.length > 0) {
        entries[0] = last;
        sink();
      }
      return first;
    },
    size: () => entries.length,
  };
}
