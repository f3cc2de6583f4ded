/** Lets at most so many cameras connect at once, so that a start with hundreds of them does not flood network and CPU. */

export interface Gate {
  /**
   * Calls `enter` now, or when a place is free: first those that wait without having failed, then the others. Returns
   * how to leave, inside or still waiting; more than once is harmless.
   */
  pass(enter: () => void, options: { hasFailed: boolean }): () => void;
  /** Call now and then: who has been inside for too long does not keep others out any more. */
  tick(): void;
}

export interface GateOptions {
  readonly placesMax: number;
  /** A camera that is slow to answer, or whose key frames are far apart, costs nothing while it is waited for. */
  readonly holdMsMax: number;
  readonly monotonicMs: () => number;
}

export function createGate({ placesMax, holdMsMax, monotonicMs }: GateOptions): Gate {
  const fresh = new Set<() => void>();
  const failed = new Set<() => void>();
  const enteredMs = new Map<() => void, number>();
  const next = () => {
    for (const waiting of [fresh, failed]) {
      for (const enter of waiting) {
        if (enteredMs.size >= placesMax) return;
        waiting.delete(enter);
        enteredMs.set(enter, monotonicMs());
        enter();
      }
    }
  };
  return {
    pass(enter, { hasFailed }) {
      const waiting = hasFailed ? failed : fresh;
      const visitor = () => enter();
      waiting.add(visitor);
      next();
      return () => {
        waiting.delete(visitor);
        if (enteredMs.delete(visitor)) next();
      };
    },
    tick() {
      const beforeMs = monotonicMs() - holdMsMax;
      for (const [visitor, atMs] of enteredMs) if (atMs <= beforeMs) enteredMs.delete(visitor);
      next();
    },
  };
}
