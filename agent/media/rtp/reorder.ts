/** Puts RTP packets of a UDP port back in order, bounded in packets and time; what does not come is left to the track to count. */
import { u16 } from './big-endian.ts';

const packetsMax = 64;
const waitMaxMs = 200;
/** Packets that far behind are no latecomers but a restarted sender. */
const lateMax = 1000;

export interface ReorderBounds {
  readonly packetsMax: number;
  readonly waitMaxMs: number;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly sequence: number;
  readonly arrivalMs: number;
}

export class ReorderBuffer {
  readonly #deliver: (bytes: Uint8Array, arrivalMs: number) => void;
  readonly #bounds: ReorderBounds;
  readonly #waiting: Waiting[] = [];
  #next: number | null = null;

  constructor(
    deliver: (bytes: Uint8Array, arrivalMs: number) => void,
    bounds: ReorderBounds = { packetsMax, waitMaxMs },
  ) {
    this.#deliver = deliver;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Takes ownership of a packet of at least an RTP header. */
  push(bytes: Uint8Array, arrivalMs: number): void {
    const sequence = u16(bytes, 2);
    const ahead = this.#next === null ? 0 : distance(sequence, this.#next);
    if (ahead < 0 && ahead > -lateMax) return;
    if (ahead === 0 || ahead <= -lateMax || ahead >= lateMax) {
      if (ahead !== 0) this.#drain();
      this.#pass(bytes, sequence, arrivalMs);
      this.#release();
      return;
    }
    this.#insert({ bytes, sequence, arrivalMs });
    if (this.#waiting.length > this.#bounds.packetsMax) this.#skip();
    this.tick(arrivalMs);
  }

  /** Gives up on packets that were waited for long enough. */
  tick(nowMs: number): void {
    while (this.#waiting.length > 0 && this.#oldestMs() <= nowMs - this.#bounds.waitMaxMs) this.#skip();
  }

  #oldestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) oldest = Math.min(oldest, waiting.arrivalMs);
    return oldest;
  }

  #insert(packet: Waiting): void {
    let at = this.#waiting.length;
    while (at > 0) {
      const before = this.#waiting[at - 1];
      if (before === undefined) break;
      const order = distance(packet.sequence, before.sequence);
      if (order === 0) return;
      if (order > 0) break;
      at -= 1;
    }
    this.#waiting.splice(at, 0, packet);
  }

  #skip(): void {
    this.#next = this.#waiting[0]?.sequence ?? this.#next;
    this.#release();
  }

  #release(): void {
    let head = this.#waiting[0];
    while (head !== undefined && head.sequence === this.#next) {
      this.#waiting.shift();
      this.#pass(head.bytes, head.sequence, head.arrivalMs);
      head = this.#waiting[0];
    }
  }

  #drain(): void {
    for (const waiting of this.#waiting.splice(0)) this.#deliver(waiting.bytes, waiting.arrivalMs);
  }

  #pass(bytes: Uint8Array, sequence: number, arrivalMs: number): void {
    this.#next = (sequence + 1) & 0xffff;
    this.#deliver(bytes, arrivalMs);
  }
}

function distance(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}
