/** One connection to the hub: nothing is answered before a right key, and nothing is held beyond its bounds. */
import type { Socket } from 'node:net';
import type { z } from 'zod';
import { AppError, toAppError } from '../../src/errors.ts';
import type { HubAccounts } from './accounts.ts';
import { type Desk, type DeskContext, openDesk } from './desk.ts';
import { createFrameReader, encodeFrame } from './protocol/codec.ts';
import { frameBytesMax, helloBytesMax, helloSchema, type Reply, requestSchema } from './protocol/schema.ts';

const helloTimeoutMs = 5_000;
/** A wrong key is answered this late, which bounds how many can be tried. */
const wrongKeyDelayMs = 250;
/** Answers that a client may leave unread. */
const unsentBytesMax = 4 * frameBytesMax;

export interface SessionContext extends DeskContext {
  accounts: HubAccounts;
  /** What is on the disk is unknown: the hub must end and start anew. */
  onFatal(error: AppError): void;
}

export interface Session {
  /** Null until the key was right. */
  account(): string | null;
}

/** Serves a socket until it closes; `admit` is told the account whose key was right, and refuses it by an AppError `unavailable`. */
export function serveSession(
  socket: Socket,
  context: SessionContext,
  admit: (account: string) => void,
): Session {
  const { clock, counts } = context;
  const frames = createFrameReader(helloBytesMax);
  let account: string | null = null;
  let desk: Desk | null = null;
  let turnedAway = false;

  const send = (reply: Reply) => {
    if (socket.destroyed) return;
    if (socket.writableLength > unsentBytesMax) socket.destroy();
    else socket.write(encodeFrame(reply));
  };
  const refuse = (id: number | null, thrown: unknown) => {
    const error = toAppError(thrown);
    if (error.code === 'conflict') counts.conflicts += 1;
    else counts.refused += 1;
    send({ kind: 'refused', id, ...publicFace(error) });
    if (id === null) socket.destroySoon();
    if (error.code === 'internal') context.onFatal(error);
  };
  const handle = (message: unknown) => {
    if (account === null || desk === null) {
      const greeted = greet(message, context);
      admit(greeted);
      account = greeted;
      desk = openDesk(account, context);
      frames.setLimit(frameBytesMax);
      cancelHello();
      send({ kind: 'welcome', boot: context.registers.boot, bootNumber: context.registers.bootNumber });
      return;
    }
    const request = checked(requestSchema, message);
    try {
      if (!context.accounts.exists(account)) throw wrongKey();
      const reply = desk.answer(request);
      // What waits, for alarms or for the disk, holds up nothing else of the connection.
      if (reply instanceof Promise) reply.then(send, (error: unknown) => refuse(request.id, error));
      else send(reply);
    } catch (error) {
      if (toAppError(error).code === 'protocol') throw error;
      refuse(request.id, error);
    }
  };

  const cancelHello = clock.after(helloTimeoutMs, () => socket.destroy());
  socket.setNoDelay(true);
  socket.on('close', () => {
    cancelHello();
    desk?.close();
  });
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => {
    // Still read: unread bytes would make the system reset the connection before the refusal arrives.
    if (turnedAway) return;
    try {
      for (const message of frames.push(bytes)) {
        if (socket.destroyed || turnedAway) return;
        handle(message);
      }
    } catch (error) {
      turnedAway = true;
      const refusal = account === null ? notWelcome(error) : error;
      const isGuess = account === null && toAppError(refusal).code === 'unauthorized';
      socket.on(
        'close',
        clock.after(isGuess ? wrongKeyDelayMs : 0, () => refuse(null, refusal)),
      );
    }
  });
  return { account: () => account };
}

/** The account that a hello names, when its key is right. */
function greet(message: unknown, context: SessionContext): string {
  const hello = checked(helloSchema, message);
  if (!context.accounts.verify(hello.account, hello.key)) throw wrongKey();
  if (hello.seen) context.registers.checkSeen(hello.seen);
  return hello.account;
}

/** Without a right key every failure looks the same from outside; with one a loss and too many connections are told. */
function notWelcome(thrown: unknown): AppError {
  const error = toAppError(thrown);
  const isTold = error.code === 'data_loss' || error.code === 'unavailable' || error.code === 'internal';
  return isTold ? error : wrongKey();
}

/** What a client is told of an error: defects of the hub stay in its own log. */
function publicFace(error: AppError): { code: AppError['code']; message: string; hint: string | null } {
  if (error.code === 'internal') {
    return { code: 'unavailable', message: 'the hub failed and starts anew', hint: 'See its log.' };
  }
  return { code: error.code, message: error.message.slice(0, 512), hint: error.hint?.slice(0, 512) ?? null };
}

function checked<Schema extends z.ZodType>(schema: Schema, message: unknown): z.output<Schema> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw new AppError('protocol', 'not a message that the hub understands', {
    hint: 'Check that a Holdfast of the same release is at the other end.',
  });
}

function wrongKey(): AppError {
  return new AppError('unauthorized', 'the hub does not accept this account and key', {
    hint: 'Check both, or make a new account on the hub: holdfast hub account add NAME.',
  });
}
