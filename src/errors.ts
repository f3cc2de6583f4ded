/** AppError: the one error of Holdfast, with a closed list of codes that also are CLI exit codes. */

/** Every failure a caller can tell apart, with its CLI exit code. 1 is left to unexpected crashes, 2 to usage errors. */
export const exitCodes = {
  invalid_input: 2,
  unauthorized: 3,
  forbidden: 4,
  not_found: 5,
  conflict: 6,
  not_active: 7,
  unavailable: 8,
  timeout: 9,
  disk_full: 10,
  data_loss: 11,
  protocol: 12,
  unsupported: 13,
  internal: 14,
} as const;

export type ErrorCode = keyof typeof exitCodes;

export interface AppErrorOptions {
  /** What the person at the console should do next, one sentence. */
  hint?: string;
  /** Facts for programs; never secrets. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }
}

/** Narrow anything thrown to an AppError; what is not one becomes `internal` with the original as cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('internal', message, { cause: thrown });
}
