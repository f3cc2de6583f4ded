/**
 * What all sessions of a process share: one read buffer, one timer. Sockets that were drained rest until their turn, so
 * that the kernel gathers several packets for one read; that is what makes many cameras cheap.
 */

/** Large enough that a read empties the socket of any camera. */
const bufferBytes = 512 * 1024;
const batchMsDefault = 40;
/** Sessions take turns in so many groups, so that their reads do not come all at once. */
const groups = 4;
const houseKeepingMs = 200;
const tickMsMin = 5;

export interface ReaderMember {
  /** Go on reading, if it rests. */
  resumeReading(): void;
  /** Look at time-outs, keep-alives, reports. */
  houseKeeping(): void;
}

export interface RtspReaderOptions {
  /** How long a drained socket rests; 0 reads at once. */
  readonly readBatchMs?: number;
}

export interface RtspReader {
  /** A read is consumed before the next one of any session begins. */
  readonly buffer: Uint8Array;
  readonly readBatchMs: number;
  add(member: ReaderMember): void;
  remove(member: ReaderMember): void;
}

/** One per process; its timer runs only while sessions are open. */
export function createRtspReader(options: RtspReaderOptions = {}): RtspReader {
  return new SharedReader(Math.max(0, options.readBatchMs ?? batchMsDefault));
}

class SharedReader implements RtspReader {
  readonly buffer = new Uint8Array(bufferBytes);
  readonly readBatchMs: number;
  readonly #tickMs: number;
  readonly #members: Set<ReaderMember>[] = Array.from({ length: groups }, () => new Set());
  #timer: NodeJS.Timeout | null = null;
  #ticks = 0;

  constructor(readBatchMs: number) {
    this.readBatchMs = readBatchMs;
    this.#tickMs = readBatchMs === 0 ? houseKeepingMs / groups : Math.max(tickMsMin, readBatchMs / groups);
  }

  add(member: ReaderMember): void {
    const smallest = this.#members.reduce((least, group) => (group.size < least.size ? group : least));
    smallest.add(member);
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs);
  }

  remove(member: ReaderMember): void {
    for (const group of this.#members) group.delete(member);
    if (this.#timer === null || this.#members.some((group) => group.size > 0)) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    this.#ticks += 1;
    const group = this.#members[this.#ticks % groups];
    for (const member of group ?? []) member.resumeReading();
    const rounds = Math.max(1, Math.round(houseKeepingMs / (this.#tickMs * groups)));
    if (Math.floor(this.#ticks / groups) % rounds !== 0) return;
    for (const member of group ?? []) member.houseKeeping();
  }
}
