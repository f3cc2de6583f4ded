/** Asks one of the store's workers; a worker that died answers everybody with an error, once and for all. */
import { Worker } from 'node:worker_threads';
import { AppError } from '../../../src/errors.ts';
import { entryUrl } from '../../adapters/entry-url.ts';
import type { StoreMethod, StoreReply, StoreRequests, StoreWorkerData, WireFault } from './messages.ts';

export type AskStore = <Method extends StoreMethod>(
  method: Method,
  ask: StoreRequests[Method]['ask'],
) => Promise<StoreRequests[Method]['answer']>;

interface Waiter {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** `onDeath`: it ended without having been asked to. */
export function startStoreWorker(data: StoreWorkerData, onDeath: (error: AppError) => void): AskStore {
  const worker = new Worker(entryUrl(new URL('./worker.ts', import.meta.url)), { workerData: data });
  const waiters = new Map<number, Waiter>();
  let nextId = 1;
  let dead: AppError | null = null;
  let closing = false;
  const fail = (text: string) => {
    if (dead !== null) return;
    const error = unavailable(text);
    dead = error;
    for (const waiter of waiters.values()) waiter.reject(error);
    waiters.clear();
    if (!closing) onDeath(error);
  };
  worker.on('message', ({ id, fault, answer }: StoreReply) => {
    const waiter = waiters.get(id);
    waiters.delete(id);
    if (fault === null) waiter?.resolve(answer);
    else waiter?.reject(errorOf(fault));
  });
  worker.on('error', (thrown) => fail(String(thrown)));
  worker.on('exit', () => fail('its worker has ended'));
  return async (method, ask) => {
    if (dead !== null) throw dead;
    if (method === 'close') closing = true;
    const answer = await new Promise<unknown>((resolve, reject) => {
      const id = nextId++;
      waiters.set(id, { resolve, reject });
      worker.postMessage({ id, request: { method, ask } });
    });
    // The worker is of this release and this file's other half: its answers have the shape of their requests.
    return answer as StoreRequests[typeof method]['answer'];
  };
}

function errorOf({ code, message, hint }: WireFault): AppError {
  return new AppError(code, message, hint === null ? {} : { hint });
}

function unavailable(text: string): AppError {
  return new AppError('unavailable', `alarms cannot be stored: ${text}`, {
    hint: 'Check that the disk of the data folder has room and works.',
  });
}
