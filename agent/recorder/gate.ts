/** Lets at most so many cameras connect at once, so that a start with hundreds of them does not flood network and CPU. */

export interface Gate {
  /** Calls `enter` now, or when a place is free. Returns how to leave, inside or still waiting; more than once is harmless. */
  pass(enter: () => void): () => void;
}

export function createGate(placesMax: number): Gate {
  const waiting = new Set<() => void>();
  const inside = new Set<() => void>();
  const next = () => {
    for (const enter of waiting) {
      if (inside.size >= placesMax) return;
      waiting.delete(enter);
      inside.add(enter);
      enter();
    }
  };
  return {
    pass(enter) {
      const visitor = () => enter();
      waiting.add(visitor);
      next();
      return () => {
        waiting.delete(visitor);
        if (inside.delete(visitor)) next();
      };
    },
  };
}
