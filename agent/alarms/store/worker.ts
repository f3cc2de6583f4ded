/** Entry of the store's two workers: SQLite and its syncs live here, so that no commit and no search ever holds up a socket. */
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { toAppError } from '../../../src/errors.ts';
import { fromSqlite } from '../../adapters/sqlite.ts';
import type { StoreReply, StoreRequest } from './messages.ts';
import { AlarmReader } from './reader.ts';
import { AlarmWriter } from './writer.ts';

const { role, path } = z.object({ role: z.enum(['writer', 'reader']), path: z.string() }).parse(workerData);

/** Opened by the first request, so that what is wrong with the file is an answer. */
let answer: ((request: StoreRequest) => unknown) | null = null;

parentPort?.on('message', ({ id, request }: { id: number; request: StoreRequest }) => {
  parentPort?.postMessage(reply(id, request));
  if (request.method === 'close') parentPort?.close();
});

function reply(id: number, request: StoreRequest): StoreReply {
  try {
    answer ??= role === 'writer' ? writing(new AlarmWriter(path)) : reading(new AlarmReader(path));
    return { id, fault: null, answer: answer(request) };
  } catch (thrown) {
    const { code, message, hint } = toAppError(fromSqlite(thrown, request.method));
    return { id, fault: { code, message, hint: hint ?? null }, answer: null };
  }
}

function reading(reader: AlarmReader) {
  return (request: StoreRequest) => reader.answer(request);
}

function writing(writer: AlarmWriter) {
  return (request: StoreRequest): unknown => {
    switch (request.method) {
      case 'commit':
        return writer.commit(request.ask);
      case 'counts':
        return writer.counts();
      case 'fold':
        return writer.fold();
      case 'close':
        return writer.close();
      default:
        throw new Error(`the writer does not do ${request.method}`);
    }
  };
}
