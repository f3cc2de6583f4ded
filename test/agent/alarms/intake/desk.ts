/** What tests of intake share: an intake on loopback with a sink that a test holds, and devices that speak to it. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { vi } from 'vitest';
import { type Clock, systemClock } from '../../../../agent/adapters/clock.ts';
import { decodeFrame, encodeFrame, openFrame } from '../../../../agent/alarms/dc09/codec.ts';
import { createFrameCipher } from '../../../../agent/alarms/dc09/crypt.ts';
import type { Dc09Frame, FrameFields } from '../../../../agent/alarms/dc09/frame.ts';
import { createFrameSplitter } from '../../../../agent/alarms/dc09/splitter/codec.ts';
import { timestampAt } from '../../../../agent/alarms/dc09/timestamp.ts';
import { createIntake, type Intake, type IntakeOptions } from '../../../../agent/alarms/intake/intake.ts';
import type { JournalEvent } from '../../../../agent/alarms/intake/teller.ts';
import type { AlarmEvent, IntakeAccount } from '../../../../agent/alarms/types.ts';

export const keyHex = 'ABCD'.repeat(8);
export const key = Buffer.from(keyHex, 'hex');
const noRandom = (size: number) => new Uint8Array(size).fill(7);
export const cipherOf = (secret: Uint8Array) => createFrameCipher(secret, noRandom);

/** Waits until it no longer throws; long enough for a busy machine. */
export const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

/** Time is the machine's own, and is moved on by a test: so that nobody waits for a time-out. */
export class ShiftedClock implements Clock {
  #shiftMs = 0;
  readonly #timers = new Set<{ dueMs: number; run: () => void; cancel: () => void }>();

  nowMs = () => systemClock.nowMs() + this.#shiftMs;
  monotonicMs = () => systemClock.monotonicMs() + this.#shiftMs;

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.monotonicMs() + delayMs, run, cancel: () => {} };
    const fire = () => {
      if (this.#timers.delete(timer)) run();
    };
    timer.cancel = systemClock.after(delayMs, fire);
    this.#timers.add(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  shift(ms: number): void {
    this.#shiftMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.monotonicMs()) continue;
      timer.cancel();
      if (this.#timers.delete(timer)) timer.run();
    }
  }
}

export interface Desk {
  readonly intake: Intake;
  readonly port: number;
  readonly clock: ShiftedClock;
  readonly taken: AlarmEvent[];
  readonly heard: string[];
  readonly told: JournalEvent[];
  readonly accounts: Map<string, IntakeAccount>;
  /** What the sink does; at first it takes everything at once. */
  take: (event: AlarmEvent) => Promise<void>;
  close(): Promise<void>;
}

/** Account 1234 is plain, ABCD has `key`, EEEE must encrypt, DDDD is disabled. */
export async function openDesk(options: Partial<IntakeOptions> = {}): Promise<Desk> {
  const clock = new ShiftedClock();
  const plain = { key: null, requireEncryption: false, enabled: true };
  const accounts = new Map<string, IntakeAccount>(
    [
      { ...plain, account: '1234' },
      { ...plain, account: 'ABCD', key },
      { ...plain, account: 'EEEE', key, requireEncryption: true },
      { ...plain, account: 'DDDD', enabled: false },
    ].map((entry) => [entry.account, entry]),
  );
  const taken: AlarmEvent[] = [];
  const heard: string[] = [];
  const told: JournalEvent[] = [];
  const intake = await createIntake({
    listenHost: '127.0.0.1',
    port: 0,
    clock,
    accounts: { find: (account) => accounts.get(account) ?? null },
    sink: { take: (event) => desk.take(event), heard: (account) => void heard.push(account) },
    takenBy: 'receiver-1',
    way: 'direct',
    checkTime: true,
    forwardUnknown: false,
    categorise: () => ({ category: 'burglary', forward: true }),
    onEvent: (event) => void told.push(event),
    ...options,
  });
  const desk: Desk = {
    intake,
    port: intake.address().port,
    clock,
    taken,
    heard,
    told,
    accounts,
    take: async (event) => void taken.push(event),
    close: () => intake.close(),
  };
  return desk;
}

/** A frame as a device sends it: an alarm of account 1234 unless told otherwise. */
export function frameOf(fields: Partial<FrameFields> = {}, secret: Uint8Array = key): Uint8Array {
  const account = fields.account ?? '1234';
  const all = {
    id: 'SIA-DCS',
    sequence: '0001',
    line: '0',
    account,
    data: `#${account}|Nri1/BA7`,
    ...fields,
  };
  return encodeFrame(all, fields.encrypted === true ? cipherOf(secret) : undefined);
}

/** Encrypted, with a time. */
export function secretFrame(nowMs: number, fields: Partial<FrameFields> = {}, secret: Uint8Array = key) {
  return frameOf({ account: 'ABCD', encrypted: true, timestamp: timestampAt(nowMs), ...fields }, secret);
}

/** A frame that was right until one bit of it turned. */
export function damaged(frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy[copy.length - 3] = (copy[copy.length - 3] ?? 0) ^ 1;
  return copy;
}

export interface Panel {
  readonly socket: Socket;
  /** Every frame that came back, opened. */
  readonly answers: Dc09Frame[];
  send(...frames: readonly Uint8Array[]): void;
  /** Resolves with the answers when there are so many. */
  answered(count: number): Promise<Dc09Frame[]>;
  closed: Promise<void>;
}

export async function openPanel(port: number): Promise<Panel> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const splitter = createFrameSplitter();
  const answers: Dc09Frame[] = [];
  const waiting = new Set<() => void>();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  socket.on('data', (bytes: Buffer) => {
    answers.push(...splitter.push(bytes).frames.map(answerOf));
    for (const look of [...waiting]) look();
  });
  await once(socket, 'connect');
  return {
    socket,
    answers,
    send: (...frames) => void socket.write(Buffer.concat(frames)),
    answered: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (answers.length < count) return;
          waiting.delete(look);
          resolve(answers);
        };
        waiting.add(look);
        look();
      }),
    closed,
  };
}

/** Decoded and opened; throws on what no device could read. */
export function answerOf(bytes: Uint8Array): Dc09Frame {
  const decoded = decodeFrame(bytes);
  if (!decoded.ok) throw new Error(`an answer that no device reads: ${decoded.detail}`);
  const opened = openFrame(decoded.frame, cipherOf(key));
  if (!opened.ok) throw new Error(`an answer that does not open: ${opened.detail}`);
  return opened.frame;
}

/** Sends a datagram and waits for so many answers, each a datagram. */
export async function askByUdp(port: number, bytes: Uint8Array, count: number): Promise<Dc09Frame[]> {
  const socket = createSocket('udp4');
  const answers: Dc09Frame[] = [];
  try {
    await new Promise<void>((resolve) => {
      socket.on('message', (message) => {
        if (answers.push(answerOf(message)) >= count) resolve();
      });
      socket.send(bytes, port, '127.0.0.1', () => {
        if (count === 0) resolve();
      });
    });
    return answers;
  } finally {
    socket.close();
  }
}
