/** The control process's view of inspection and export; all reading happens in two worker threads, never in its loop. */
import { AppError } from '../../src/errors.ts';
import { dayOf, monthOf } from './columns.ts';
import type { OpenedExport } from './protocol.ts';
import type { ExportInput, ExportStream, Reader, ReaderConfig } from './types.ts';
import { WorkerHost } from './worker-host.ts';

/** Grid questions waiting or under way. */
const questionsMax = 64;
/** Export calls waiting or under way; the sessions themselves are bounded in the worker. */
const exportCallsMax = 16;
const deadlineMs = 30_000;

export interface ReaderOptions {
  /** Holds `catalog.db` and `index/`. */
  readonly dataDir: string;
  readonly config: () => ReaderConfig;
  readonly clock: { utcMs(): number };
}

/** The worker stands beside this file: as source under type stripping, as JavaScript in `dist`. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

export function createReader(options: ReaderOptions): Reader {
  const host = (callsMax: number): WorkerHost =>
    new WorkerHost({ url: workerUrl(), workerData: { dataDir: options.dataDir }, callsMax, deadlineMs });
  const questions = host(questionsMax);
  const exports = host(exportCallsMax);
  const context = () => ({ config: options.config(), nowMs: options.clock.utcMs() });

  async function* chunks(opened: OpenedExport): AsyncGenerator<Uint8Array> {
    const input = { session: opened.session };
    try {
      for (;;) {
        const chunk = await exports.call('exportRead', input, context());
        if (chunk === null) return;
        yield chunk;
      }
    } finally {
      await exports.call('exportClose', input, context()).catch(ignoreLost);
    }
  }

  return {
    day: async (input) => dayOf(await questions.call('day', input, context())),
    month: async (input) => monthOf(await questions.call('month', input, context())),
    hour: (input) => questions.call('hour', input, context()),
    gaps: (input) => questions.call('gaps', input, context()),
    exportPlan: (input) => exports.call('exportPlan', input, context()),
    async exportStream(input: ExportInput): Promise<ExportStream> {
      const opened = await exports.call('exportOpen', input, context());
      const { totalBytes, fileName, gaps } = opened;
      return { totalBytes, fileName, gaps, stream: chunks(opened) };
    },
    async close() {
      await Promise.all([questions.close(), exports.close()]);
    },
  };
}

/** A session whose worker is gone is closed already. */
function ignoreLost(thrown: unknown): void {
  if (!(thrown instanceof AppError)) throw thrown;
}
