/** Lets at most so many cameras connect at once, so that a start with hundreds of them does not flood network and CPU. */

export interface Gate {
  /** Runs `enter` now or when a place is free; it must call the given `leave` exactly once. Returns a way to give up waiting. */
  pass(enter: (leave: () => void) => void): () => void;
}

export function createGate(placesMax: number): Gate {
  const waiting = new Set<(leave: () => void) => void>();
  let taken = 0;
  const next = () => {
    for (const enter of waiting) {
      if (taken >= placesMax) return;
      waiting.delete(enter);
      admit(enter);
    }
  };
  const admit = (enter: (leave: () => void) => void) => {
    taken++;
    let left = false;
    enter(() => {
      if (left) return;
      left = true;
      taken--;
      next();
    });
  };
  return {
    pass(enter) {
      if (taken < placesMax) admit(enter);
      else waiting.add(enter);
      return () => waiting.delete(enter);
    },
  };
}
