/** What happens when in the simulated world: a heap of things to do, in the order of true time, ties in the order of asking. */

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class Agenda {
  readonly #heap: Entry[] = [];
  #order = 0;
  nowMs = 0;

  at(atMs: number, run: () => void): void {
    const heap = this.#heap;
    this.#order += 1;
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order, run };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || before(parent, entry)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run);
  }

  /** Does the next thing; false when there is nothing before `untilMs`. */
  next(untilMs: number): boolean {
    const first = this.#heap[0];
    if (!first || first.atMs > untilMs) return false;
    this.#removeFirst();
    this.nowMs = first.atMs;
    first.run();
    return true;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = index * 2 + 1;
      const a = heap[left];
      if (!a) break;
      const b = heap[left + 1];
      const [child, at] = b && before(b, a) ? [b, left + 1] : [a, left];
      if (before(last, child)) break;
      heap[index] = child;
      index = at;
    }
    heap[index] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
