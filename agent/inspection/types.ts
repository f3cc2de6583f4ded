/** What the control process asks of inspection and export, and what it must tell them about the node. */
import type {
  ExportPlan,
  Gap,
  InspectionDay,
  InspectionHourDetail,
  InspectionMonth,
  RecordingPlan,
} from '../../src/contract/index.ts';

export interface ReaderCamera {
  readonly id: string;
  readonly name: string;
  readonly channel: number;
  readonly plan: RecordingPlan;
  /** The plan counts from here on; without it, for ever. */
  readonly createdAtMs?: number;
}

/** The settings that grids and exports depend on. Hand out a new object when something changed, and only then. */
export interface ReaderConfig {
  /** IANA name. */
  readonly timeZone: string;
  readonly cameras: readonly ReaderCamera[];
  /** Spaces whose blocks may hold video, with the folder of each. */
  readonly spaces: readonly { readonly id: string; readonly path: string }[];
}

export interface GridFilter {
  /** Camera id or name; if no camera is called so, a part of either. Case does not matter. */
  readonly camera?: string | undefined;
  readonly exceptionsOnly?: boolean | undefined;
  readonly worstFirst?: boolean | undefined;
}

export interface DayInput extends GridFilter {
  /** YYYY-MM-DD; without it, today. */
  readonly day?: string | undefined;
  readonly detail?: 'hours' | 'minutes' | undefined;
}

export interface MonthInput extends GridFilter {
  /** YYYY-MM */
  readonly month: string;
}

export interface HourInput {
  readonly cameraId: string;
  /** Any moment of the local hour. */
  readonly startMs: number;
}

export interface GapsInput {
  readonly camera?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly limit?: number | undefined;
}

export interface ExportInput {
  /** Camera id or name. */
  readonly camera: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ExportStream {
  /** Exactly the bytes that `stream` yields. */
  readonly totalBytes: number;
  /** Harmless in a header and on any file system. */
  readonly fileName: string;
  /** What the range lacks: the ledger's gaps, holes it does not know, and parts left out because they are damaged. */
  readonly gaps: Gap[];
  /** Chunks of at most 1 MiB; fails with `data_loss` when a block is overwritten while it is read. Leaving the loop early frees everything. */
  readonly stream: AsyncIterable<Uint8Array>;
}

/**
 * Read-only view of what is recorded. Every call runs in a worker thread and rejects with an AppError: `unavailable`
 * (too many calls at once, or the worker died), `timeout`, `not_found`, `invalid_input`, `data_loss`.
 */
export interface Reader {
  day(input: DayInput): Promise<InspectionDay>;
  month(input: MonthInput): Promise<InspectionMonth>;
  hour(input: HourInput): Promise<InspectionHourDetail>;
  /** Newest first. */
  gaps(input: GapsInput): Promise<Gap[]>;
  exportPlan(input: ExportInput): Promise<ExportPlan>;
  /** Reads the range through before it answers; `signal` gives that up, and the stream too. */
  exportStream(input: ExportInput, signal?: AbortSignal): Promise<ExportStream>;
  close(): Promise<void>;
}
