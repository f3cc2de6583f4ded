/** The oRPC link over a connection that comes and goes: waits for it, bounds each call, and maps every failure. */
import type { ClientContext, ClientLink, ClientOptions } from '@orpc/client';
import { AppError } from '../errors.ts';
import { fromWire } from './wire-errors.ts';

export interface ReconnectingLinkOptions {
  /** The link of the present connection, waiting for one; rejects with the AppError that says why there is none. */
  current(): Promise<ClientLink<ClientContext>>;
  callTimeoutMs: number;
}

export class ReconnectingLink implements ClientLink<ClientContext> {
  readonly #options: ReconnectingLinkOptions;

  constructor(options: ReconnectingLinkOptions) {
    this.#options = options;
  }

  async call(
    path: readonly string[],
    input: unknown,
    options: ClientOptions<ClientContext>,
  ): Promise<unknown> {
    const controller = new AbortController();
    const forward = () => controller.abort(options.signal?.reason);
    if (options.signal?.aborted) forward();
    options.signal?.addEventListener('abort', forward, { once: true });
    const timer = setTimeout(() => {
      controller.abort(
        new AppError('timeout', `${path.join('.')} had no answer within ${this.#options.callTimeoutMs} ms`, {
          hint: 'the node is busy or the line is bad: try again',
        }),
      );
    }, this.#options.callTimeoutMs);
    try {
      const link = await this.#options.current();
      const output = await link.call(path, input, { ...options, signal: controller.signal });
      return isAsyncIterable(output) ? mapErrors(output) : output;
    } catch (error) {
      const reason: unknown = controller.signal.reason;
      throw fromWire(reason instanceof AppError ? reason : error);
    } finally {
      clearTimeout(timer);
    }
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function* mapErrors(source: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  try {
    yield* source;
  } catch (error) {
    throw fromWire(error);
  }
}
