/** One connection to a recorder: requests answered once, each with a deadline; every line checked both ways. */
import type { Duplex } from 'node:stream';
import { AppError, type ErrorCode, exitCodes } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { createLineSplitter } from '../../recorder/protocol/lines.ts';
import {
  messageSchema,
  type RecorderMessage,
  type RecorderRequest,
  requestSchema,
} from '../../recorder/protocol/schema.ts';

/** A request without its id, which the link gives. */
export type RecorderCall = RecorderRequest extends infer R
  ? R extends RecorderRequest
    ? Omit<R, 'id'>
    : never
  : never;
export type Reply = Extract<RecorderMessage, { kind: 'reply' }>;
export type StatusMessage = Extract<RecorderMessage, { kind: 'status' }>;
export type EventMessage = Extract<RecorderMessage, { kind: 'event' }>;

const pendingMax = 256;
const timeoutMs: Readonly<Record<RecorderRequest['method'], number>> = {
  configure: 60_000,
  initializeSpace: 60_000,
  restoreSpace: 60_000,
  cancelJob: 60_000,
  probe: 20_000,
  status: 10_000,
  stop: 10_000,
};

interface Pending {
  resolve: (reply: Reply) => void;
  reject: (error: AppError) => void;
  cancel: Cancel;
}

export interface LinkOptions {
  socket: Duplex;
  clock: Clock;
  onStatus: (message: StatusMessage) => void;
  onEvent: (message: EventMessage) => void;
  /** Once, when the connection has ended; `detail` says why, in words. */
  onClosed: (detail: string) => void;
}

export class RecorderLink {
  readonly #options: LinkOptions;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #closed: string | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { socket } = options;
    const split = createLineSplitter((line) => this.#receive(line));
    socket.on('data', (chunk: Buffer) => {
      try {
        split(chunk);
      } catch (error) {
        this.#close(error instanceof Error ? error.message : String(error));
      }
    });
    socket.on('error', (error) => this.#close(`its connection failed: ${error.message}`));
    socket.on('close', () => this.#close('its connection ended'));
  }

  /** @throws AppError as the recorder answered, `unavailable` when it is gone, `timeout` when it does not answer. */
  request(call: RecorderCall): Promise<Reply> {
    if (this.#closed !== null) return Promise.reject(gone());
    if (this.#pending.size >= pendingMax) {
      return Promise.reject(
        new AppError('unavailable', 'too many requests wait for the recorder', {
          hint: 'Try again in a moment.',
        }),
      );
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const request = requestSchema.parse({ ...call, id });
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(timeoutMs[call.method], () => {
        this.#pending.delete(id);
        reject(
          new AppError('timeout', `the recorder did not answer "${call.method}" in time`, {
            hint: 'Look at its state on the Home page and at the log.',
          }),
        );
      });
      this.#pending.set(id, { resolve, reject, cancel });
      this.#options.socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  close(): void {
    this.#close('control closed it');
  }

  #receive(line: string): void {
    const parsed = messageSchema.safeParse(parseJson(line));
    if (!parsed.success) {
      const where = parsed.error.issues[0]?.path.join('.') ?? '';
      this.#close(`it sent a line that is no message (${where || 'not JSON'})`);
      return;
    }
    const message = parsed.data;
    if (message.kind === 'status') this.#options.onStatus(message);
    else if (message.kind === 'event') this.#options.onEvent(message);
    else this.#settle(message);
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    this.#pending.delete(reply.id);
    pending.cancel();
    if (reply.error) pending.reject(toError(reply.error));
    else pending.resolve(reply);
  }

  #close(detail: string): void {
    if (this.#closed !== null) return;
    this.#closed = detail;
    this.#options.socket.destroy();
    for (const pending of this.#pending.values()) {
      pending.cancel();
      pending.reject(gone());
    }
    this.#pending.clear();
    this.#options.onClosed(detail);
  }
}

function gone(): AppError {
  return new AppError('unavailable', 'the recorder is not running', {
    hint: 'It is restarted by itself: try again in a few seconds, and look at the log when it stays so.',
  });
}

function toError(error: { code: string; message: string; hint?: string | undefined }): AppError {
  const code: ErrorCode = isErrorCode(error.code) ? error.code : 'internal';
  return new AppError(code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(exitCodes, code);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
