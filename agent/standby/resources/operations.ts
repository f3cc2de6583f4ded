/** One operation at a time: equal calls share one, a stop overtakes whatever starts or waits to start. */
import { AppError } from '../../../src/errors.ts';

export interface Operation {
  readonly kind: 'start' | 'stop' | 'repair';
  readonly epoch: number;
  /** Fires when it shall end early: overtaken, or failed. */
  readonly abort: AbortController;
  /** A stop, or the drop of the addresses, wants it to end. */
  overtaken: boolean;
  /** The caller has been told; what is under way goes on to its end. */
  tell(outcome: { error: AppError | null }): void;
  readonly isTold: () => boolean;
}

type Work = (operation: Operation) => Promise<void>;

interface Queued {
  readonly operation: Operation;
  readonly result: Promise<void>;
  readonly work: Work;
}

export class Operations {
  readonly #onIdle: () => void;
  #current: Queued | null = null;
  /** At most a stop and a start behind it. */
  #queue: Queued[] = [];

  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  get current(): Operation | null {
    return this.#current?.operation ?? null;
  }

  start(epoch: number, work: Work): Promise<void> {
    const last = this.#last();
    const same = last?.operation.kind === 'start' && last.operation.epoch === epoch;
    if (last !== undefined && same && !last.operation.overtaken && !last.operation.isTold())
      return last.result;
    this.#refuseStarts();
    return this.#add('start', epoch, work);
  }

  stop(work: Work): Promise<void> {
    this.overtake();
    const last = this.#last();
    if (last?.operation.kind === 'stop' && !last.operation.isTold()) return last.result;
    return this.#add('stop', 0, work);
  }

  /** Only when nothing else is going on. */
  repair(work: Work): void {
    if (this.#current === null) void this.#add('repair', 0, work);
  }

  /** What starts or repairs ends as soon as it can. */
  overtake(): void {
    this.#refuseStarts();
    const current = this.current;
    if (current === null || current.kind === 'stop') return;
    current.overtaken = true;
    current.abort.abort();
  }

  #last(): Queued | undefined {
    return this.#queue.at(-1) ?? this.#current ?? undefined;
  }

  #refuseStarts(): void {
    for (const { operation } of this.#queue)
      if (operation.kind === 'start') operation.tell({ error: overtaken() });
    this.#queue = this.#queue.filter(({ operation }) => operation.kind !== 'start');
  }

  #add(kind: Operation['kind'], epoch: number, work: Work): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined);
    let told = false;
    const operation: Operation = {
      kind,
      epoch,
      abort: new AbortController(),
      overtaken: false,
      isTold: () => told,
      tell({ error }) {
        told = true;
        if (error === null) resolve();
        else reject(error);
      },
    };
    this.#queue.push({ operation, result: promise, work });
    this.#next();
    return promise;
  }

  #next(): void {
    if (this.#current !== null) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#current = next;
    const finished = (error: unknown) => {
      if (!next.operation.isTold()) next.operation.tell({ error: toError(error) });
      this.#current = null;
      this.#next();
      if (this.#current === null) this.#onIdle();
    };
    next.work(next.operation).then(() => finished(null), finished);
  }
}

export function overtaken(): AppError {
  return new AppError('conflict', 'the start was overtaken by a stop');
}

function toError(thrown: unknown): AppError | null {
  if (thrown === null || thrown instanceof AppError) return thrown;
  return new AppError('internal', String(thrown), { cause: thrown });
}
