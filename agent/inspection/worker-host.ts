/** Keeps one worker thread alive: a bounded number of calls, a deadline for each, a fresh thread after a death. */
import { Worker } from 'node:worker_threads';
import { AppError } from '../../src/errors.ts';
import { type Calls, fromWire, type Method, type Reply } from './protocol.ts';
import type { ReaderConfig } from './types.ts';

const heapMiBMax = 512;

export interface WorkerHostOptions {
  readonly url: URL;
  readonly workerData: Readonly<Record<string, unknown>>;
  readonly callsMax: number;
  /** A call that neither ends nor reports progress for this long takes its worker down. */
  readonly deadlineMs: number;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
  readonly timer: NodeJS.Timeout;
}

export class WorkerHost {
  readonly #options: WorkerHostOptions;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | null = null;
  #sentConfig: ReaderConfig | null = null;
  #nextId = 1;
  #isClosed = false;

  constructor(options: WorkerHostOptions) {
    this.#options = options;
  }

  call<M extends Method>(
    method: M,
    input: Calls[M]['input'],
    context: { config: ReaderConfig; nowMs: number },
  ): Promise<Calls[M]['output']> {
    if (this.#isClosed) return Promise.reject(unavailable('inspection is closed', 'The agent is stopping.'));
    if (this.#pending.size >= this.#options.callsMax) {
      const text = `${this.#pending.size} inspections and exports are already under way`;
      return Promise.reject(unavailable(text, 'Try again in a few seconds.'));
    }
    const worker = this.#ensureWorker();
    const id = this.#nextId++;
    const config = context.config === this.#sentConfig ? null : context.config;
    this.#sentConfig = context.config;
    return new Promise<Calls[M]['output']>((resolve, reject) => {
      const timer = setTimeout(() => this.#expire(worker, method), this.#options.deadlineMs);
      this.#pending.set(id, { resolve: (value) => resolve(value as Calls[M]['output']), reject, timer });
      worker.ref();
      worker.postMessage({ id, method, input, nowMs: context.nowMs, config });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    this.#drop(unavailable('inspection is closed', 'The agent is stopping.'));
    await worker?.terminate();
  }

  #ensureWorker(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#options.url, {
      workerData: this.#options.workerData,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapMiBMax },
    });
    worker.on('message', (reply: Reply) => this.#take(worker, reply));
    worker.on('error', (error) => this.#lose(worker, error));
    worker.on('exit', (code) => this.#lose(worker, new Error(`it ended with code ${code}`)));
    this.#worker = worker;
    return worker;
  }

  #take(worker: Worker, reply: Reply): void {
    const pending = worker === this.#worker ? this.#pending.get(reply.id) : undefined;
    if (!pending) return;
    if (reply.kind === 'progress') {
      pending.timer.refresh();
      return;
    }
    clearTimeout(pending.timer);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) worker.unref();
    if (reply.kind === 'done') pending.resolve(reply.value);
    else pending.reject(fromWire(reply.error));
  }

  #lose(worker: Worker, cause: unknown): void {
    if (worker !== this.#worker) return;
    const text = `the inspection worker died: ${cause instanceof Error ? cause.message : String(cause)}`;
    this.#drop(unavailable(text, 'Try again: a new worker starts by itself.'));
  }

  #expire(worker: Worker, method: Method): void {
    if (worker !== this.#worker) return;
    const text = `${method} made no progress for ${this.#options.deadlineMs / 1_000} s`;
    const hint = 'A storage space may hang: look at its state with `holdfast space list`.';
    this.#drop(new AppError('timeout', text, { hint }));
    void worker.terminate();
  }

  /** Forget the worker and fail what it still owes. */
  #drop(error: AppError): void {
    this.#worker = null;
    this.#sentConfig = null;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of pending) {
      clearTimeout(call.timer);
      call.reject(error);
    }
  }
}

function unavailable(message: string, hint: string): AppError {
  return new AppError('unavailable', message, { hint });
}
