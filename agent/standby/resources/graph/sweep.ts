/** Carries an action through the graph: whatever may run at the same time does, and what waits for a failure is never begun. */
import type { Graph, Progress } from './plan.ts';

export interface Sweep {
  readonly graph: Graph;
  readonly members: ReadonlySet<string>;
  /** `nextStarts` or `nextStops`. */
  readonly next: (graph: Graph, progress: Progress) => string[];
  readonly act: (id: string) => Promise<void>;
  /** Nothing new is begun after it says true. */
  readonly isHalted: () => boolean;
  readonly onFailed: (id: string, thrown: unknown) => void;
}

/** Resolves when nothing is under way any more; never rejects. */
export function sweep({ graph, members, next, act, isHalted, onFailed }: Sweep): Promise<void> {
  const done = new Set<string>();
  const begun = new Set<string>();
  let underWay = 0;
  return new Promise((resolve) => {
    const begin = async (id: string) => {
      begun.add(id);
      underWay += 1;
      try {
        await act(id);
        done.add(id);
      } catch (thrown) {
        onFailed(id, thrown);
      }
      underWay -= 1;
      advance();
    };
    const advance = () => {
      if (!isHalted()) for (const id of next(graph, { members, done, begun })) void begin(id);
      if (underWay === 0) resolve();
    };
    advance();
  });
}
