/**
 * One line of panels to their receivers: keeps a connection, repeats what is not answered with the same sequence, and goes
 * to the next address when one does not answer or cannot be reached.
 */
import type { Clock } from '../adapters/clock.ts';
import { decodeFrame } from '../alarms/dc09/codec.ts';
import type { Dc09Frame } from '../alarms/dc09/frame.ts';
import { sequenceText } from './message.ts';
import type { Target } from './options.ts';
import type { Wire, WireEvents } from './transport.ts';

const checkEveryMs = 50;
/** Before the next address; after all of them have failed in a row the longer one. */
const nextAddressMs = 100;
const roundMs = 500;

export interface LineMessage {
  readonly account: string;
  readonly sequence: number;
  /** What goes out; asked anew at each sending. */
  bytes(): Uint8Array;
  /** Not repeated: when its time is over or its connection is gone it is given up. */
  readonly once: boolean;
}

export interface LineEvents<M extends LineMessage> {
  /** ACK or DUH to it; the line has forgotten it. */
  answered(message: M, frame: Dc09Frame, address: string): void;
  /** A NAK: it names no message; `oldest` is the one that waits longest. */
  nak(frame: Dc09Frame, oldest: M | null): void;
  givenUp(message: M): void;
  repeated(): void;
  reconnected(): void;
}

export interface LineOptions {
  readonly targets: readonly Target[];
  readonly responseTimeoutMs: number;
  readonly attempts: number;
  readonly clock: Clock;
  readonly open: (target: Target, events: WireEvents) => Wire;
}

export interface Line<M extends LineMessage> {
  send(message: M): void;
  address(): string;
  close(): void;
}

export const addressText = ({ host, port }: Target): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

const keyOf = (account: string, sequence: string) => `${account}/${sequence}`;

interface Waiting<M> {
  readonly message: M;
  sentMs: number;
  attempts: number;
}

export function openLine<M extends LineMessage>(options: LineOptions, events: LineEvents<M>): Line<M> {
  const { targets, clock, attempts } = options;
  /** In order of their last sending, so that only the first ones have to be looked at. */
  const waiting = new Map<string, Waiting<M>>();
  let at = 0;
  let failuresInARow = 0;
  let wire: Wire | null = null;
  let ready = false;
  let closed = false;
  let cancelCheck = () => {};
  let cancelOpen = () => {};

  const target = (): Target => targets[at % targets.length] ?? { host: '', port: 0 };

  const open = () => {
    const mine = options.open(target(), {
      opened() {
        if (wire !== mine) return;
        ready = true;
        for (const each of [...waiting.values()]) {
          if (each.attempts > 0) events.repeated();
          transmit({ ...each, attempts: 0 });
        }
      },
      frame: (bytes) => wire === mine && receive(bytes),
      closed: () => wire === mine && lost(),
    });
    wire = mine;
  };

  const lost = () => {
    wire = null;
    ready = false;
    if (closed) return;
    for (const [key, { message }] of waiting) {
      if (!message.once) continue;
      waiting.delete(key);
      events.givenUp(message);
    }
    at += 1;
    failuresInARow += 1;
    events.reconnected();
    cancelOpen = clock.after(failuresInARow % targets.length === 0 ? roundMs : nextAddressMs, open);
  };

  const transmit = (entry: Waiting<M>) => {
    const key = keyOf(entry.message.account, sequenceText(entry.message.sequence));
    waiting.delete(key);
    const sending = ready && wire !== null;
    waiting.set(key, { ...entry, attempts: entry.attempts + (sending ? 1 : 0), sentMs: clock.monotonicMs() });
    if (sending) wire?.send(entry.message.bytes());
  };

  const receive = (bytes: Uint8Array) => {
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) return;
    const { frame } = decoded;
    failuresInARow = 0;
    if (frame.id === 'NAK') {
      const [oldest] = waiting.values();
      events.nak(frame, oldest?.message ?? null);
      return;
    }
    const key = keyOf(frame.account, frame.sequence);
    const found = waiting.get(key);
    if (found === undefined || (frame.id !== 'ACK' && frame.id !== 'DUH')) return;
    waiting.delete(key);
    events.answered(found.message, frame, addressText(target()));
  };

  const check = () => {
    cancelCheck = clock.after(checkEveryMs, check);
    // Between two connections nothing can be answered: the next one is on its way, and has a time of its own.
    if (!ready) return;
    const beforeMs = clock.monotonicMs() - options.responseTimeoutMs;
    // Those that are sent again go to the end, where the walk ends.
    for (const [key, entry] of waiting) {
      if (entry.sentMs > beforeMs) break;
      if (entry.message.once) {
        waiting.delete(key);
        events.givenUp(entry.message);
      } else if (entry.attempts >= attempts) {
        // Nothing comes from there any more: what waits goes to the next address, this one too.
        const gone = wire;
        lost();
        gone?.close();
        return;
      } else {
        if (entry.attempts > 0) events.repeated();
        transmit(entry);
      }
    }
  };

  open();
  cancelCheck = clock.after(checkEveryMs, check);
  return {
    send: (message) => transmit({ message, attempts: 0, sentMs: 0 }),
    address: () => addressText(target()),
    close() {
      closed = true;
      cancelCheck();
      cancelOpen();
      wire?.close();
    },
  };
}
