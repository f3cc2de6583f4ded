/** Bounds what one space may cost: a few disk operations at a time, and none that waits for ever on a hung device (I3). */
import type { DiskError } from '../disk.ts';

/** Operations of one space under way at once: with a hung device that many threads are lost, and no more. */
const slotsMax = 3;
const slotsOfKindMax = { check: 1, write: 3, sync: 2, job: 2 } as const;
/** What goes first. */
const kinds = ['check', 'write', 'sync', 'job'] as const;

export type OperationKind = (typeof kinds)[number];

/** A device that has not answered for this long is hung; jobs (reserving, zero-filling, syncing a whole disk) may take their time. */
const deadlineMs = { check: 5_000, write: 5_000, sync: 20_000, job: Number.POSITIVE_INFINITY } as const;

interface Waiting {
  readonly start: () => void;
  readonly reject: (error: DiskError) => void;
}

interface Running {
  readonly kind: OperationKind;
  readonly startedMs: number;
  readonly reject: (error: DiskError) => void;
}

export class Gate {
  readonly #monotonicMs: () => number;
  readonly #waiting: Record<OperationKind, Waiting[]> = { check: [], write: [], sync: [], job: [] };
  readonly #running = new Set<Running>();
  readonly #counts = { check: 0, write: 0, sync: 0, job: 0 };
  #slots = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Runs `operation` when there is a slot. Rejects early when the space is abandoned; the slot is then taken until it ends. */
  run<T>(kind: OperationKind, operation: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const start = () => this.#start(kind, operation, resolve, reject);
      this.#waiting[kind].push({ start, reject });
      this.#next();
    });
  }

  /** Everything waiting and under way fails with `error` now; what hangs keeps its slot. */
  abandon(error: DiskError): void {
    for (const kind of kinds) {
      for (const waiting of this.#waiting[kind].splice(0)) waiting.reject(error);
    }
    for (const running of this.#running) running.reject(error);
    this.#running.clear();
  }

  /** An operation has been under way for longer than a working device takes. */
  isHung(): boolean {
    const nowMs = this.#monotonicMs();
    for (const running of this.#running) {
      if (nowMs - running.startedMs > deadlineMs[running.kind]) return true;
    }
    return false;
  }

  /** Slots taken, also by operations that were abandoned and have not come back. */
  get busy(): number {
    return this.#slots;
  }

  #start<T>(
    kind: OperationKind,
    operation: () => Promise<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    const running: Running = { kind, startedMs: this.#monotonicMs(), reject };
    this.#running.add(running);
    this.#counts[kind] += 1;
    this.#slots += 1;
    const finish = () => {
      this.#running.delete(running);
      this.#counts[kind] -= 1;
      this.#slots -= 1;
      this.#next();
    };
    operation().then(
      (value) => {
        finish();
        resolve(value);
      },
      (thrown: unknown) => {
        finish();
        reject(thrown);
      },
    );
  }

  #next(): void {
    for (const kind of kinds) {
      const queue = this.#waiting[kind];
      while (queue.length > 0 && this.#slots < slotsMax && this.#counts[kind] < slotsOfKindMax[kind]) {
        queue.shift()?.start();
      }
    }
  }
}
