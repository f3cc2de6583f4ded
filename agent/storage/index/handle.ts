/** Carries one request out on the index files; the same in the worker and in a test without one. */
import type { IndexAnswers, IndexRequest } from './messages.ts';
import type { IndexStore } from './store.ts';

export function handleIndexRequest(
  store: IndexStore,
  request: IndexRequest,
): IndexAnswers[keyof IndexAnswers] {
  switch (request.kind) {
    case 'openSpace':
      return store.openSpace(request.spaceId);
    case 'minutesOf':
      return store.minutesOf(request.spaceId, request.block, request.fromMinute);
    case 'presentMs':
      return store.presentMs(request.spaceId, request);
    case 'loadGaps':
      return store.loadGaps();
    case 'createSpace':
      store.createSpace(request.spaceId, request.blocks);
      return null;
    case 'completeSpace':
      store.completeSpace(request.spaceId, request.createdMs);
      return null;
    case 'closeSpace':
      store.closeSpace(request.spaceId, { remove: request.remove });
      return null;
    case 'commit':
      store.commit(request.spaceId, request.commits);
      return null;
    case 'commitGaps':
      store.commitGaps(request.commit);
      return null;
    case 'close':
      store.close();
      return null;
  }
}
