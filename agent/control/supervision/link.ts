/** One connection to a process of this node: requests answered once, each with a deadline; every line checked both ways. */
import type { Duplex } from 'node:stream';
import { AppError, type ErrorCode, exitCodes } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { createLineSplitter } from '../../adapters/line-splitter.ts';
import type {
  AnyReply,
  AnyRequest,
  CallOf,
  EventMessage,
  Protocol,
  StatusMessage,
  WireError,
} from './protocol.ts';

const pendingMax = 256;

interface Pending<Reply> {
  resolve: (reply: Reply) => void;
  reject: (error: AppError) => void;
  cancel: Cancel;
}

export interface LinkOptions<Request extends AnyRequest, Reply extends AnyReply, Status> {
  protocol: Protocol<Request, Reply, Status>;
  socket: Duplex;
  clock: Clock;
  onStatus: (message: StatusMessage<Status>) => void;
  onEvent: (message: EventMessage) => void;
  /** Once, when the connection has ended; `detail` says why, in words. */
  onClosed: (detail: string) => void;
}

export class ProcessLink<Request extends AnyRequest, Reply extends AnyReply, Status> {
  readonly #options: LinkOptions<Request, Reply, Status>;
  readonly #pending = new Map<number, Pending<Reply>>();
  #nextId = 1;
  #closed: string | null = null;

  constructor(options: LinkOptions<Request, Reply, Status>) {
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

  /** @throws AppError as the process answered, `unavailable` when it is gone, `timeout` when it does not answer. */
  request(call: CallOf<Request>): Promise<Reply> {
    const { name, requestSchema, timeoutMs } = this.#options.protocol;
    if (this.#closed !== null) return Promise.reject(gone(name));
    if (this.#pending.size >= pendingMax) {
      return Promise.reject(
        new AppError('unavailable', `too many requests wait for the ${name}`, {
          hint: 'Try again in a moment.',
        }),
      );
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const request = requestSchema.parse({ ...call, id });
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(timeoutMs[request.method as Request['method']], () => {
        this.#pending.delete(id);
        reject(
          new AppError('timeout', `the ${name} did not answer "${request.method}" in time`, {
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
    const parsed = this.#options.protocol.messageSchema.safeParse(parseJson(line));
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
      pending.reject(gone(this.#options.protocol.name));
    }
    this.#pending.clear();
    this.#options.onClosed(detail);
  }
}

export function gone(name: string): AppError {
  return new AppError('unavailable', `the ${name} is not running`, {
    hint: 'It is restarted by itself: try again in a few seconds, and look at the log when it stays so.',
  });
}

function toError(error: WireError): AppError {
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
