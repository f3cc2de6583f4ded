/** The gap ledger: each stretch that the plan wanted and the store lacks, with its reason, durable soon and never lost in order. */
import type { Gap } from '../../src/contract/index.ts';
import type { GapRow, IndexClient } from './index/rows.ts';
import type { GapLedger } from './types.ts';

const mergeMs = 2_000;
/** Changes held back while the catalog cannot be written; beyond that the oldest go. */
const waitingMax = 10_000;

export class Gaps implements GapLedger {
  readonly #index: IndexClient;
  readonly #gapMinMs: number;
  readonly #open = new Map<string, GapRow>();
  /** The newest closed gap of each camera, which a neighbour may extend. */
  readonly #last = new Map<string, GapRow>();
  readonly #waiting = new Map<number, GapRow | null>();
  #nextId: number;
  #flushing: Promise<void> | null = null;

  constructor(index: IndexClient, options: { gapMinMs: number; nextId: number; open: readonly GapRow[] }) {
    this.#index = index;
    this.#gapMinMs = options.gapMinMs;
    this.#nextId = options.nextId;
    for (const gap of options.open) this.#open.set(gap.cameraId, gap);
  }

  open(gap: { cameraId: string; fromMs: number; reason: Gap['reason']; detail: string }): void {
    if (this.#open.has(gap.cameraId)) return;
    const row: GapRow = { ...gap, id: this.#nextId++, toMs: null, state: 'open' };
    this.#open.set(gap.cameraId, row);
    this.#wait(row.id, row);
  }

  close(cameraId: string, toMs: number): void {
    const gap = this.#open.get(cameraId);
    if (gap === undefined) return;
    this.#open.delete(cameraId);
    const closed = { ...gap, toMs };
    const counts = toMs - gap.fromMs >= this.#gapMinMs;
    if (counts) this.#last.set(cameraId, closed);
    this.#wait(gap.id, counts ? closed : null);
  }

  add(gap: { cameraId: string; fromMs: number; toMs: number; reason: Gap['reason']; detail: string }): void {
    if (gap.toMs <= gap.fromMs) return;
    const last = this.#last.get(gap.cameraId);
    const row: GapRow = isNeighbour(last, gap)
      ? { ...last, fromMs: Math.min(last.fromMs, gap.fromMs), toMs: Math.max(last.toMs ?? 0, gap.toMs) }
      : { ...gap, id: this.#nextId++, state: 'open' };
    this.#last.set(gap.cameraId, row);
    this.#wait(row.id, row);
  }

  openCameras(): string[] {
    return [...this.#open.keys()];
  }

  openGap(cameraId: string): Gap | null {
    const found = this.#open.get(cameraId);
    if (found === undefined) return null;
    const { id: _, ...gap } = found;
    return gap;
  }

  /** Also asked for every second, which tries again what the catalog did not take. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    // All that this turn of the event loop still adds goes into the same transaction.
    await Promise.resolve();
    let ok = true;
    while (ok && this.#waiting.size > 0) ok = await this.#flushOnce();
  }

  async #flushOnce(): Promise<boolean> {
    const taken = [...this.#waiting];
    this.#waiting.clear();
    try {
      await this.#index.commitGaps({
        put: taken.flatMap(([, row]) => row ?? []),
        remove: taken.flatMap(([id, row]) => (row === null ? [id] : [])),
      });
      return true;
    } catch {
      for (const [id, row] of taken) if (!this.#waiting.has(id)) this.#waiting.set(id, row);
      return false;
    }
  }

  #wait(id: number, row: GapRow | null): void {
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size >= waitingMax && oldest !== undefined) this.#waiting.delete(oldest);
    this.#waiting.set(id, row);
    void this.flush();
  }
}

function isNeighbour(
  last: GapRow | undefined,
  gap: { fromMs: number; toMs: number; reason: Gap['reason'] },
): last is GapRow {
  if (last === undefined || last.reason !== gap.reason || last.toMs === null) return false;
  return gap.fromMs <= last.toMs + mergeMs && gap.toMs >= last.fromMs - mergeMs;
}
