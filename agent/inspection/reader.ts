/** The control process's view of inspection and export; all reading happens in two worker threads, never in its loop. */
import { AppError } from '../../src/errors.ts';
import { entryUrl } from '../adapters/entry-url.ts';
import { dayOf, monthOf } from './columns.ts';
import { ExportChunks } from './export-chunks.ts';
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

export function createReader(options: ReaderOptions): Reader {
  const url = entryUrl(new URL('./worker.ts', import.meta.url));
  const host = (callsMax: number): WorkerHost =>
    new WorkerHost({ url, workerData: { dataDir: options.dataDir }, callsMax, deadlineMs });
  const questions = host(questionsMax);
  const exports = host(exportCallsMax);
  const context = () => ({ config: options.config(), nowMs: options.clock.utcMs() });

  let nextSession = 1;
  const closeSession = async (session: number): Promise<void> => {
    await exports.call('exportClose', { session }, context()).catch(ignoreLost);
  };

  async function exportStream(input: ExportInput, signal?: AbortSignal): Promise<ExportStream> {
    refuseAborted(signal);
    const session = nextSession++;
    signal?.addEventListener('abort', () => void closeSession(session), { once: true });
    const { totalBytes, fileName, gaps } = await exports.call('exportOpen', { ...input, session }, context());
    refuseAborted(signal);
    const read = () => exports.call('exportRead', { session }, context());
    return { totalBytes, fileName, gaps, stream: new ExportChunks(read, () => closeSession(session)) };
  }

  return {
    day: async (input) => dayOf(await questions.call('day', input, context())),
    month: async (input) => monthOf(await questions.call('month', input, context())),
    hour: (input) => questions.call('hour', input, context()),
    gaps: (input) => questions.call('gaps', input, context()),
    exportPlan: (input) => exports.call('exportPlan', input, context()),
    exportStream,
    async close() {
      await Promise.all([questions.close(), exports.close()]);
    },
  };
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new AppError('unavailable', 'the export was given up', { hint: 'Start it again when it is wanted.' });
}

/** A session whose worker is gone is closed already. */
function ignoreLost(thrown: unknown): void {
  if (!(thrown instanceof AppError)) throw thrown;
}
