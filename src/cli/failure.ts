/** Ends a failed command the same way everywhere: the message, a hint what to do, and the exit code of the error. */
import { CommanderError } from 'commander';
import { ZodError } from 'zod';
import { AppError, exitCodes, toAppError } from '../errors.ts';
import type { CliIo } from './io.ts';

/** Prints to standard error and returns the exit code. */
export function reportFailure(io: CliIo, thrown: unknown, json: boolean): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
  const error = asAppError(thrown);
  if (json) {
    const body = { code: error.code, message: error.message, ...(error.hint ? { hint: error.hint } : {}) };
    io.stderr.write(`${JSON.stringify({ error: body })}\n`);
  } else {
    io.stderr.write(`error: ${error.message}\n`);
    if (error.hint) io.stderr.write(`hint: ${error.hint}\n`);
  }
  if (error.code === 'internal' && io.env.HOLDFAST_DEBUG && error.cause instanceof Error) {
    io.stderr.write(`${error.cause.stack ?? ''}\n`);
  }
  return exitCodes[error.code];
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof CommanderError) {
    return new AppError('invalid_input', thrown.message.replace(/^error: /, ''), {
      hint: 'add --help to see how it is used',
    });
  }
  if (thrown instanceof ZodError) {
    const first = thrown.issues[0];
    return new AppError('invalid_input', `${first?.path.join('.') || 'input'}: ${first?.message ?? 'wrong'}`);
  }
  return toAppError(thrown);
}
