/** Keeps the state of the pair on the screen fresh: one question at a time, and the last answer stays when none comes. */
import type { PairStatus } from '../../../src/contract/index.ts';
import { type Problem, problemOf } from '../../format/problem.ts';
import type { Shell } from '../../shell.ts';

export interface PairWatch {
  pair(): PairStatus | null;
  /** Why the last question was not answered; null while all is well. */
  problem(): Problem | null;
  /** How old the answer is. */
  ageMs(): number;
  ask(): void;
}

export function watchPair(shell: Shell): PairWatch {
  let pair: PairStatus | null = null;
  let problem: Problem | null = null;
  let atMs = 0;
  let asking = false;
  const settle = (): void => {
    asking = false;
    shell.changed();
  };
  return {
    pair: () => pair,
    problem: () => problem,
    ageMs: () => Math.max(0, shell.state().nowMs - atMs),
    ask() {
      if (asking || shell.state().connection.phase !== 'connected') return;
      asking = true;
      shell.client.standby
        .status()
        .then(
          (answer) => {
            pair = answer;
            problem = null;
            atMs = shell.state().nowMs;
          },
          (thrown: unknown) => {
            problem = problemOf(thrown);
          },
        )
        .finally(settle);
    },
  };
}
