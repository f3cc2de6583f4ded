/** Peer link on the wire: JSON lines over TLS, a request answered once; bounded in size, number and time. */
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { AppError, exitCodes, toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { createLineSplitter } from '../../adapters/line-splitter.ts';
import type { PeerMethod } from './methods.ts';

/** Settings of 2,000 cameras are about 2 MB. */
export const pairedLineBytesMax = 8 * 1024 * 1024;
/** What a node may send before it is known. */
export const strangerLineBytesMax = 4 * 1024;
const pendingMax = 64;
const servingMax = 32;

const requestSchema = z.object({ id: z.number().int(), method: z.string().max(64), input: z.unknown() });
const replySchema = z.object({
  id: z.number().int(),
  output: z.unknown(),
  error: z
    .object({ code: z.string(), message: z.string().max(2_048), hint: z.string().max(2_048).nullable() })
    .nullable(),
});

interface Waiting {
  settle: (reply: z.infer<typeof replySchema>) => void;
  fail: (error: AppError) => void;
  cancel: Cancel;
}

/** The asking end of a connection. */
export class PeerAsker {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #closed = false;

  constructor(socket: Duplex, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    readLines(socket, pairedLineBytesMax, (line) => this.#receive(line));
    socket.on('close', () => this.#fail());
  }

  /** @throws AppError as the other node answered, `unavailable` when it is gone, `timeout` when it does not answer. */
  async ask<Input, Output>(method: PeerMethod<Input, Output>, input: Input): Promise<Output> {
    if (this.#closed) throw away();
    if (this.#waiting.size >= pendingMax) {
      throw new AppError('unavailable', 'too many requests wait for the other node', {
        hint: 'Try again in a moment.',
      });
    }
    const id = this.#nextId;
    this.#nextId += 1;
    const reply = await new Promise<z.infer<typeof replySchema>>((resolve, reject) => {
      const cancel = this.#clock.after(method.timeoutMs, () => {
        this.#waiting.delete(id);
        reject(new AppError('timeout', `the other node did not answer "${method.name}" in time`));
      });
      this.#waiting.set(id, { settle: resolve, fail: reject, cancel });
      this.#socket.write(`${JSON.stringify({ id, method: method.name, input })}\n`);
    });
    if (reply.error) throw errorOf(reply.error);
    const output = method.output.safeParse(reply.output);
    if (output.success) return output.data;
    throw new AppError('protocol', `the other node answered "${method.name}" with something else`, {
      hint: 'Install the same version of Holdfast on both nodes.',
    });
  }

  #receive(line: string): void {
    const parsed = replySchema.safeParse(parseJson(line));
    if (!parsed.success) {
      this.#socket.destroy();
      return;
    }
    const waiting = this.#waiting.get(parsed.data.id);
    if (!waiting) return;
    this.#waiting.delete(parsed.data.id);
    waiting.cancel();
    waiting.settle(parsed.data);
  }

  #fail(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) {
      waiting.cancel();
      waiting.fail(away());
    }
    this.#waiting.clear();
  }
}

/** The answering end: requests run side by side, a flood of them ends the connection. */
export function answerRequests(
  socket: Duplex,
  lineBytesMax: number,
  answer: (method: string, input: unknown) => Promise<unknown>,
): void {
  let serving = 0;
  const serve = async (line: string) => {
    const parsed = requestSchema.safeParse(parseJson(line));
    if (!parsed.success || serving >= servingMax) {
      socket.destroy();
      return;
    }
    const { id, method, input } = parsed.data;
    serving += 1;
    const reply = await answer(method, input).then(
      (output) => ({ id, output, error: null }),
      (thrown: unknown) => ({ id, output: null, error: shownError(thrown) }),
    );
    serving -= 1;
    if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
  };
  readLines(socket, lineBytesMax, (line) => void serve(line));
}

function readLines(socket: Duplex, bytesMax: number, onLine: (line: string) => void): void {
  const split = createLineSplitter(onLine, bytesMax);
  socket.on('data', (chunk: Buffer) => {
    try {
      split(chunk);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => socket.destroy());
}

/** What is no AppError is a defect here, and its text is nobody else's business. */
function shownError(thrown: unknown): { code: string; message: string; hint: string | null } {
  if (!(thrown instanceof AppError)) {
    return { code: 'internal', message: 'something failed on the other node', hint: 'See its agent.log.' };
  }
  const { code, message, hint } = toAppError(thrown);
  return { code, message, hint: hint ?? null };
}

function errorOf(error: { code: string; message: string; hint: string | null }): AppError {
  const isKnown = (code: string): code is keyof typeof exitCodes => Object.hasOwn(exitCodes, code);
  const code = isKnown(error.code) ? error.code : 'internal';
  return new AppError(code, error.message, error.hint === null ? {} : { hint: error.hint });
}

export function away(): AppError {
  return new AppError('unavailable', 'the other node of the pair cannot be reached', {
    hint: 'Is its agent running, and TCP port 7330 open? It is tried again by itself.',
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
