/** Entry of the index worker: SQLite and its syncs live here, so that no commit ever stops the media loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { handleIndexRequest } from './handle.ts';
import type { IndexReply, IndexRequest } from './messages.ts';
import { IndexStore } from './store.ts';

const store = new IndexStore(String(workerData));

parentPort?.on('message', ({ id, request }: { id: number; request: IndexRequest }) => {
  parentPort?.postMessage(reply(id, request));
  if (request.kind === 'close') parentPort?.close();
  else store.foldLogs();
});

function reply(id: number, request: IndexRequest): IndexReply {
  try {
    return { id, error: null, answer: handleIndexRequest(store, request) };
  } catch (thrown) {
    return { id, error: thrown instanceof Error ? thrown.message : String(thrown), answer: null };
  }
}
