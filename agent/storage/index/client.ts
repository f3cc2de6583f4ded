/** The engine's side of the index: asks the worker, and gathers commits while one is under way into the next transaction. */
import { Worker } from 'node:worker_threads';
import { AppError } from '../../../src/errors.ts';
import { entryUrl } from '../../adapters/entry-url.ts';
import type { IndexAnswers, IndexReply, IndexRequest } from './messages.ts';
import type { IndexClient, SpaceCommit } from './rows.ts';

type Answer = IndexAnswers[keyof IndexAnswers];
/** Carries one request to the index and brings its answer. */
export type IndexTransport = (request: IndexRequest) => Promise<Answer>;

interface Gathered {
  readonly commits: SpaceCommit[];
  readonly done: Promise<void>;
}

/** Starts the worker on the index files of `dataDir`. */
export function startIndexWorker(dataDir: string): IndexClient {
  const worker = new Worker(entryUrl(new URL('./worker.ts', import.meta.url)), { workerData: dataDir });
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: AppError) => void }>();
  let nextId = 1;
  let dead: AppError | null = null;
  let answered = false;
  const fail = (error: AppError) => {
    dead ??= error;
    for (const waiter of waiting.values()) waiter.reject(error);
    waiting.clear();
  };
  worker.on('message', (reply: IndexReply) => {
    const waiter = waiting.get(reply.id);
    waiting.delete(reply.id);
    answered = true;
    if (reply.error === null) waiter?.resolve(reply.answer);
    else waiter?.reject(indexError(reply.error));
  });
  worker.on('error', (thrown) => {
    fail(indexError(String(thrown)));
    // Without an index nothing can be recorded: this process ends, and its successor recovers in seconds.
    if (answered) throw thrown;
  });
  worker.on('exit', () => fail(indexError('its worker has ended')));
  return createIndexClient((request) => {
    if (dead !== null) return Promise.reject(dead);
    return new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, request });
    });
  });
}

export function createIndexClient(send: IndexTransport): IndexClient {
  const gathering = new Map<string, Gathered>();
  const tails = new Map<string, Promise<unknown>>();
  const ask = async <Kind extends IndexRequest['kind']>(
    request: Extract<IndexRequest, { kind: Kind }>,
  ): Promise<IndexAnswers[Kind]> => (await send(request)) as IndexAnswers[Kind];

  function commit(one: SpaceCommit): Promise<void> {
    const open = gathering.get(one.spaceId);
    if (open) {
      open.commits.push(one);
      return open.done;
    }
    const commits = [one];
    const before = tails.get(one.spaceId) ?? Promise.resolve();
    const done = before.then(async () => {
      gathering.delete(one.spaceId);
      await ask({ kind: 'commit', spaceId: one.spaceId, commits });
    });
    gathering.set(one.spaceId, { commits, done });
    tails.set(
      one.spaceId,
      done.catch(() => undefined),
    );
    return done;
  }

  return {
    commit,
    openSpace: (spaceId) => ask({ kind: 'openSpace', spaceId }),
    createSpace: async (spaceId, blocks) => {
      await ask({ kind: 'createSpace', spaceId, blocks });
    },
    completeSpace: async (spaceId, createdMs) => {
      await tails.get(spaceId);
      await ask({ kind: 'completeSpace', spaceId, createdMs });
    },
    closeSpace: async (spaceId, { remove }) => {
      await tails.get(spaceId);
      await ask({ kind: 'closeSpace', spaceId, remove });
    },
    minutesOf: (spaceId, block, fromMinute) => ask({ kind: 'minutesOf', spaceId, block, fromMinute }),
    presentMs: async (spaceId, range) => {
      // What is being overwritten is not present any more.
      await tails.get(spaceId);
      return ask({ kind: 'presentMs', spaceId, ...range });
    },
    loadGaps: () => ask({ kind: 'loadGaps' }),
    commitGaps: async (one) => {
      await ask({ kind: 'commitGaps', commit: one });
    },
    close: async () => {
      await Promise.all(tails.values());
      await ask({ kind: 'close' });
    },
  };
}

function indexError(text: string): AppError {
  return new AppError('unavailable', `the index cannot be written: ${text}`, {
    hint: 'Check that the disk of the data folder has room and works; recording goes on and is indexed later.',
  });
}
