/** AppErrors on the wire: code in upper case with a fitting HTTP status; what is not an AppError tells nothing of its inside. */
import { ORPCError } from '@orpc/server';
import { z } from 'zod';
import { errorDataSchema } from '../../../src/contract/index.ts';
import { AppError, type ErrorCode } from '../../../src/errors.ts';
import { describeIssue, fieldOf, issueSchema } from '../../../src/model/issues.ts';
import { maskSecrets } from '../../../src/model/secrets.ts';

const statusByCode: Readonly<Record<ErrorCode, number>> = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  not_active: 421,
  unavailable: 503,
  timeout: 504,
  disk_full: 507,
  data_loss: 500,
  protocol: 502,
  unsupported: 501,
  internal: 500,
};

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_input',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'unsupported',
  413: 'invalid_input',
  415: 'unsupported',
  422: 'invalid_input',
};

const issuesSchema = z.object({ issues: z.array(issueSchema).min(1) });

export function statusOf(code: ErrorCode): number {
  return statusByCode[code];
}

export function toWireError(error: AppError): ORPCError<string, unknown> {
  return new ORPCError(error.code.toUpperCase(), {
    status: statusByCode[error.code],
    message: error.message,
    data: dataOf(error),
  });
}

function dataOf(error: AppError): z.infer<typeof errorDataSchema> {
  return {
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details === undefined ? {} : { details: error.details }),
  };
}

/**
 * Whatever a call threw, as an AppError fit to be shown. `unexpected` is told of what is a defect of ours, whole;
 * the caller only learns that the log has it. `input` is what the call was given.
 */
export function toShownError(
  thrown: unknown,
  input: unknown,
  unexpected: (thrown: unknown) => void,
): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof ORPCError) {
    const validation = fromIssues(thrown, input);
    if (validation) return validation;
    const code = codeByStatus[thrown.status];
    if (code) return new AppError(code, thrown.message);
  }
  unexpected(thrown);
  return new AppError('internal', 'the agent failed to answer this call', {
    hint: "Look into agent.log in the agent's data folder.",
  });
}

function fromIssues(error: ORPCError<string, unknown>, input: unknown): AppError | null {
  const parsed = error.status === 400 ? issuesSchema.safeParse(error.data) : null;
  const issue = parsed?.data?.issues[0];
  if (!issue) return null;
  const field = fieldOf(issue) ?? 'input';
  return new AppError('invalid_input', `${field}: ${describeIssue(issue, maskSecrets(input))}`, {
    hint: `Correct "${field}" and try again.`,
    details: { field },
  });
}

/** Body of a REST error: `{ code, message, hint?, details? }`. */
export function toHttpBody(error: AppError): Record<string, unknown> {
  return { ...dataOf(error), message: error.message };
}

/** The same for an error that is already in wire form, or that oRPC made itself while decoding. */
export function wireErrorToHttpBody(error: ORPCError<string, unknown>): Record<string, unknown> {
  const data = errorDataSchema.safeParse(error.data);
  if (data.success) return { ...data.data, message: error.message };
  return toHttpBody(new AppError(codeByStatus[error.status] ?? 'internal', error.message));
}
