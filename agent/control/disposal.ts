/** What was begun is ended in the opposite order, once, and one failure does not keep the rest from ending. */

export interface Disposal {
  add(end: () => unknown): void;
  dispose(): Promise<void>;
}

export function createDisposal(): Disposal {
  const ends: (() => unknown)[] = [];
  let disposed: Promise<void> | null = null;
  const run = async () => {
    const failures: unknown[] = [];
    for (const end of ends.reverse()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  return {
    add: (end) => {
      ends.push(end);
    },
    dispose: () => {
      disposed ??= run();
      return disposed;
    },
  };
}
