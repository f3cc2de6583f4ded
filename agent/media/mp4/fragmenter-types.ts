/** The fragmenter's face towards the recorder: what it is given, and what it hands out. */
import type { InitSegment, MediaReceiver, Part } from '../types.ts';
import type { ChunkPool } from './chunk-pool.ts';

export interface FragmenterOptions {
  readonly chunks: ChunkPool;
  /** A part is cut at the first random access unit, or at the latest soon after this span; 1,000 unless told, 2,000 at most. */
  readonly partSpanMs?: number;
  /** Before the first part, and again whenever the codec parameters changed. */
  readonly onInit: (init: InitSegment) => void;
  /** Ownership passes to the receiver, which calls `release()` once. */
  readonly onPart: (part: Part) => void;
  /** Frames that arrived in [startMs, endMs) were thrown away because the chunk pool was empty. */
  readonly onPartDropped: (startMs: number, endMs: number, reason: 'overloaded') => void;
}

/**
 * Turns one camera stream into parts. Consecutive parts tile the arrival clock: one ends where the next begins, unless
 * frames are really missing between them. Keep one fragmenter over the reconnects of a camera, so that its media time
 * never runs backwards.
 */
export interface Fragmenter extends MediaReceiver {
  /** Call about once a second: hands out a part whose stream has stalled. `nowMs` is on the arrival clock. */
  tick(nowMs: number): void;
  /** The arrival clock was set: hands out what is whole, goes on with the unit that is coming in, and anchors time anew. */
  cut(): void;
  /** End of session: hands out what is whole and gives the rest back. Another session may follow. */
  flush(): void;
}
