/** What travels between a reader and its worker thread: numbered calls, their progress, and one reply each. */
import type { ExportPlan, Gap, InspectionHourDetail } from '../../src/contract/index.ts';
import { AppError, type ErrorCode, exitCodes, toAppError } from '../../src/errors.ts';
import type { DayColumns, MonthColumns } from './columns.ts';
import type { DayInput, ExportInput, GapsInput, HourInput, MonthInput, ReaderConfig } from './types.ts';

export interface OpenedExport {
  readonly totalBytes: number;
  readonly fileName: string;
  readonly gaps: Gap[];
}

/** Every call with its input and output. */
export interface Calls {
  day: { input: DayInput; output: DayColumns };
  month: { input: MonthInput; output: MonthColumns };
  hour: { input: HourInput; output: InspectionHourDetail };
  gaps: { input: GapsInput; output: Gap[] };
  exportPlan: { input: ExportInput; output: ExportPlan };
  /** The caller numbers its sessions. */
  exportOpen: { input: ExportInput & { session: number }; output: OpenedExport };
  /** The next bytes, at most 1 MiB; null at the end. */
  exportRead: { input: { session: number }; output: Uint8Array | null };
  /** Also gives up one that is still being opened. */
  exportClose: { input: { session: number }; output: null };
}

export type Method = keyof Calls;

export type Request = {
  [M in Method]: {
    readonly id: number;
    readonly method: M;
    readonly input: Calls[M]['input'];
    readonly nowMs: number;
    /** Only with the first call and after a change. */
    readonly config: ReaderConfig | null;
  };
}[Method];

interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Record<string, unknown> | undefined;
}

export type Reply =
  | { readonly id: number; readonly kind: 'done'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly error: WireError }
  /** The call is alive: its deadline starts anew. */
  | { readonly id: number; readonly kind: 'progress' };

export function toWire(thrown: unknown): WireError {
  const { code, message, hint, details } = toAppError(thrown);
  return { code, message, hint, details };
}

export function fromWire(error: WireError): AppError {
  const code = error.code in exitCodes ? error.code : 'internal';
  return new AppError(code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}
