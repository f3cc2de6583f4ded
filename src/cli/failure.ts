/** Ends a failed command the same way everywhere: the message, a hint what to do, and the exit code of the error. */
import { CommanderError } from 'commander';
import { ZodError } from 'zod';
import { AppError, exitCodes, toAppError } from '../errors.ts';
import { describeIssue, fieldOf, issueSchema } from '../model/issues.ts';
import { printable, printableJson } from '../model/printable.ts';
import type { CliIo } from './io.ts';

/** Prints to standard error and returns the exit code. */
export function reportFailure(io: CliIo, thrown: unknown, json: boolean): number {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
  const error = asAppError(thrown);
  if (json) {
    const { code, message, hint, details } = error;
    const body = { code, message, ...(hint ? { hint } : {}), ...(details ? { details } : {}) };
    io.stderr.write(`${printableJson({ error: body })}\n`);
  } else {
    io.stderr.write(`error: ${printable(error.message)}\n`);
    if (error.hint) io.stderr.write(`hint: ${printable(error.hint)}\n`);
  }
  if (error.code === 'internal' && io.env.HOLDFAST_DEBUG && error.cause instanceof Error) {
    io.stderr.write(`${error.cause.stack ?? ''}\n`);
  }
  return exitCodes[error.code];
}

function asAppError(thrown: unknown): AppError {
  if (thrown instanceof CommanderError) {
    // Commander puts its suggestion on a line of its own.
    const [message = '', suggestion] = thrown.message.replace(/^error: /, '').split('\n');
    const meant = suggestion === undefined ? '' : `${suggestion.replace(/^\(D(.*)\)$/, 'd$1')} `;
    return new AppError('invalid_input', message, { hint: `${meant}add --help to see how it is used` });
  }
  if (thrown instanceof ZodError) {
    const issue = issueSchema.parse(thrown.issues[0]);
    return new AppError('invalid_input', `${fieldOf(issue) ?? 'input'}: ${describeIssue(issue, undefined)}`, {
      hint: 'add --help to see how it is used',
    });
  }
  return toAppError(thrown);
}
