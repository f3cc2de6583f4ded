/** A connection that is opened when it is needed, once for all who ask at the same time, and thrown away when it fails. */
import { AppError, type ErrorCode } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';

/** After these trying again at once is of no use: the answer is given again for a while. */
const refusals: readonly ErrorCode[] = ['unauthorized', 'forbidden'];
const restMs = 2_000;

export interface OnDemand<T> {
  /** The open one, or a new one. Rejects as `open` does; the next call tries again. */
  get(): Promise<T>;
  /** Throws it away, unless it was replaced already. */
  drop(connection: T): void;
  /** For good: a connection that is still being opened is thrown away too. */
  close(): void;
}

export function createOnDemand<T>(options: {
  open(): Promise<T>;
  isOpen(connection: T): boolean;
  discard(connection: T): void;
  clock: Clock;
}): OnDemand<T> {
  const { open, isOpen, discard, clock } = options;
  let current: T | null = null;
  let opening: Promise<T> | null = null;
  let closed = false;
  let refused: { error: AppError; untilMs: number } | null = null;
  const start = async () => {
    try {
      const opened = await open();
      if (closed) discard(opened);
      else current = opened;
      return opened;
    } catch (error) {
      if (error instanceof AppError && refusals.includes(error.code)) {
        refused = { error, untilMs: clock.monotonicMs() + restMs };
      }
      throw error;
    } finally {
      opening = null;
    }
  };
  return {
    async get() {
      if (current !== null && isOpen(current)) return current;
      current = null;
      if (refused && clock.monotonicMs() < refused.untilMs) throw refused.error;
      opening ??= start();
      return opening;
    },
    drop(connection) {
      if (current === connection) current = null;
      discard(connection);
    },
    close() {
      closed = true;
      if (current !== null) discard(current);
      current = null;
    },
  };
}
