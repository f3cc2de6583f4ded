/** Entry of the store's two workers: SQLite and its syncs live here, so that no commit and no search ever holds up a socket. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { toAppError } from '../../../src/errors.ts';
import { fromSqlite } from '../../adapters/sqlite.ts';
import { type StoreAnswering, startAnswering } from './answering.ts';
import type { StoreReply, StoreRequest } from './messages.ts';

const data = z.object({ role: z.enum(['writer', 'reader']), path: z.string() }).parse(workerData);

/** Opened by the first request, so that what is wrong with the file is an answer. */
let answer: StoreAnswering | null = null;

parentPort?.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  parentPort?.postMessage(reply(id, request));
  if (request.method === 'close') parentPort?.close();
});

function reply(id: number, request: StoreRequest): StoreReply {
  try {
    answer ??= startAnswering(data);
    return { id, fault: null, answer: answer(request) };
  } catch (thrown) {
    const { code, message, hint } = toAppError(fromSqlite(thrown, request.method));
    return { id, fault: { code, message, hint: hint ?? null }, answer: null };
  }
}
