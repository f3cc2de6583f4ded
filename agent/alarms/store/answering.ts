/** The two halves of the store as functions from a request to its answer; the same in a worker and in a test without one. */
import type { StoreRequest, StoreWorkerData } from './messages.ts';
import { AlarmReader } from './reader.ts';
import { AlarmWriter } from './writer.ts';

export type StoreAnswering = (request: StoreRequest) => unknown;

/** Opens the file. @throws AppError as `openSqlite`. */
export function startAnswering({ role, path }: StoreWorkerData): StoreAnswering {
  if (role === 'writer') return writing(new AlarmWriter(path));
  const reader = new AlarmReader(path);
  return (request) => reader.answer(request);
}

function writing(writer: AlarmWriter): StoreAnswering {
  return (request) => {
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
