/** An error as the person at the screen should read it: what happened, and what to do. */
import { toAppError } from '../../src/errors.ts';

export interface Problem {
  code: string;
  text: string;
  hint: string | null;
}

export function problemOf(thrown: unknown): Problem {
  const error = toAppError(thrown);
  return { code: error.code, text: error.message, hint: error.hint ?? null };
}
