/** Brings failures of the wire back to the AppError they were on the node; message text is never matched. */
import { ORPCError } from '@orpc/client';
import { z } from 'zod';
import { errorDataSchema } from '../contract/index.ts';
import { AppError, type ErrorCode, exitCodes } from '../errors.ts';

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_input',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  413: 'invalid_input',
  415: 'unsupported',
  422: 'invalid_input',
  429: 'unavailable',
  501: 'unsupported',
  502: 'unavailable',
  503: 'unavailable',
  504: 'timeout',
};

const issuesSchema = z.object({
  issues: z.array(
    z.object({ message: z.string(), path: z.array(z.union([z.string(), z.number()])).optional() }),
  ),
});

const httpBodySchema = errorDataSchema.extend({ message: z.string() });

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(exitCodes, code);
}

/** The closed code for an HTTP status; `internal` for what no caller can act on. */
function codeOfStatus(status: number): ErrorCode {
  return codeByStatus[status] ?? 'internal';
}

function fromData(data: z.infer<typeof errorDataSchema>, message: string, status: number): AppError {
  const code = isErrorCode(data.code) ? data.code : codeOfStatus(status);
  return new AppError(code, message, {
    ...(data.hint === undefined ? {} : { hint: data.hint }),
    ...(data.details === undefined ? {} : { details: data.details }),
  });
}

/** Whatever a call threw, as an AppError. Failures of the transport itself become `unavailable`. */
export function fromWire(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (!(thrown instanceof ORPCError)) {
    return new AppError('unavailable', 'the connection to the node broke while it was working', {
      hint: 'try again; what was asked may have been done: look before repeating',
      cause: thrown,
    });
  }
  const data = errorDataSchema.safeParse(thrown.data);
  if (data.success) return fromData(data.data, thrown.message, thrown.status);
  const issues = issuesSchema.safeParse(thrown.data);
  const message = issues.success
    ? issues.data.issues.map((issue) => `${issue.path?.join('.') || 'input'}: ${issue.message}`).join('; ')
    : thrown.message;
  return new AppError(codeOfStatus(thrown.status), message, { cause: thrown });
}

/** The AppError in the body of an HTTP answer, or one made of its status. */
export function fromHttp(status: number, body: string): AppError {
  const parsed = httpBodySchema.safeParse(parseJson(body));
  if (parsed.success) return fromData(parsed.data, parsed.data.message, status);
  return new AppError(codeOfStatus(status), `the node answered ${status}`, {
    ...(status === 401 ? { hint: 'log in: holdfast login URL' } : {}),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
