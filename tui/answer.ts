/** Keeps one answer of the node fresh: one question at a time, and the last answer stays, with its age, when none comes. */
import { type Problem, problemOf } from './format/problem.ts';
import type { Shell } from './shell.ts';

export interface Answer<Value> {
  value(): Value | null;
  /** Why the last question was not answered; null while all is well. */
  problem(): Problem | null;
  ageMs(): number;
  ask(): void;
}

/** Asks nothing by itself: `ask` does, and does nothing while a question is open or the node is away. */
export function keepAsking<Value>(shell: Shell, question: () => Promise<Value>): Answer<Value> {
  let value: Value | null = null;
  let problem: Problem | null = null;
  let atMs = 0;
  let asking = false;
  return {
    value: () => value,
    problem: () => problem,
    ageMs: () => Math.max(0, shell.state().nowMs - atMs),
    ask() {
      if (asking || shell.state().connection.phase !== 'connected') return;
      asking = true;
      question()
        .then(
          (answer) => {
            value = answer;
            problem = null;
            atMs = shell.state().nowMs;
          },
          (thrown: unknown) => {
            problem = problemOf(thrown);
          },
        )
        .finally(() => {
          asking = false;
          shell.changed();
        });
    },
  };
}
