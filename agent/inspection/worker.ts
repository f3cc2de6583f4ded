/** Entry of the worker thread: answers one call after the other with what the catalog, the indexes and the blocks say. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { previewExport } from '../playback/preview.ts';
import { ExportSessions } from '../playback/sessions.ts';
import { PlaybackStore } from '../playback/store.ts';
import { Catalog } from './catalog.ts';
import { dayBuffers, monthBuffers } from './columns.ts';
import { dayColumns } from './day-grid.ts';
import { findGaps } from './gap-list.ts';
import { hourDetail } from './hour-detail.ts';
import { monthColumns } from './month-grid.ts';
import { type Calls, type Method, type Reply, type Request, toWire } from './protocol.ts';
import type { ReaderConfig } from './types.ts';

const { dataDir } = z.object({ dataDir: z.string() }).parse(workerData);
const port = parentPort;
if (!port) throw new AppError('internal', 'the inspection worker was started outside of a worker thread');

interface Context {
  readonly catalog: Catalog;
  readonly store: PlaybackStore;
  readonly config: ReaderConfig;
  readonly nowMs: number;
  readonly progress: () => void;
}

type Handlers = {
  readonly [M in Method]: (
    context: Context,
    input: Calls[M]['input'],
  ) => Calls[M]['output'] | Promise<Calls[M]['output']>;
};

const catalog = new Catalog(dataDir);
const store = new PlaybackStore(dataDir);
const sessions = new ExportSessions();
let config: ReaderConfig = { timeZone: 'UTC', cameras: [], spaces: [] };

const handlers: Handlers = {
  day: dayColumns,
  month: monthColumns,
  hour: hourDetail,
  gaps: findGaps,
  exportPlan: previewExport,
  exportOpen: (context, input) => sessions.open(context, input, context.progress),
  exportRead: (_context, input) => sessions.read(input.session),
  exportClose: (_context, input) => {
    sessions.close(input.session);
    return null;
  },
};

/** What is handed over instead of copied. */
const transfers: { readonly [M in Method]?: (output: Calls[M]['output']) => ArrayBufferLike[] } = {
  day: dayBuffers,
  month: monthBuffers,
  exportRead: (chunk) => (chunk ? [chunk.buffer] : []),
};

async function run<M extends Method>(id: number, method: M, input: Calls[M]['input'], nowMs: number) {
  const progress = (): void => send({ id, kind: 'progress' });
  const value = await handlers[method]({ catalog, store, config, nowMs, progress }, input);
  send({ id, kind: 'done', value }, transfers[method]?.(value));
}

function send(reply: Reply, buffers: ArrayBufferLike[] = []): void {
  port?.postMessage(
    reply,
    buffers.filter((buffer) => buffer instanceof ArrayBuffer),
  );
}

port.on('message', (request: Request) => {
  if (request.config) config = request.config;
  const { id, method, input, nowMs } = request;
  run(id, method, input, nowMs).catch((thrown) => send({ id, kind: 'failed', error: toWire(thrown) }));
});
