/** A small alarm receiving centre over DC-09: takes events, counts what comes twice, and can be made to fail in each way that ARCs fail. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { decodeFrame, encodeAck, encodeDuh, encodeNak, openFrame } from '../../agent/alarms/dc09/codec.ts';
import { createFrameCipher } from '../../agent/alarms/dc09/crypt.ts';
import type { Dc09Frame } from '../../agent/alarms/dc09/frame.ts';
import { createFrameSplitter } from '../../agent/alarms/dc09/splitter/codec.ts';

/** `lost`: taken down, and the answer does not arrive. `silent`: as if it had never come. */
export type ArcFault =
  | 'silent'
  | 'lost'
  | 'duh'
  | 'nak'
  | 'close'
  | 'bad-crc'
  | 'plain-ack'
  | { slowMs: number };

export interface ArcEvent {
  readonly account: string;
  readonly data: string;
  readonly extended: readonly string[];
  readonly sequence: string;
  readonly format: string;
  readonly encrypted: boolean;
  readonly timeMs: number | null;
  readonly receiver: string | null;
  readonly line: string | null;
}

export interface Arc {
  readonly port: number;
  /** Each event once, in order of its first arrival. */
  readonly events: readonly ArcEvent[];
  /** Data by account, in order of first arrival. */
  readonly byAccount: ReadonlyMap<string, readonly string[]>;
  /** Frames with events, with those that came again. */
  received(): number;
  /** Events that came again after they had been acknowledged. */
  duplicates(): number;
  heartbeats(): readonly ArcEvent[];
  connections(): number;
  /** Of each frame with an event; null: none. */
  setFault(fault: ArcFault | null | ((event: ArcEvent) => ArcFault | null)): void;
  /** The same for heartbeats. */
  setHeartbeatFault(fault: ArcFault | null): void;
  /** Milliseconds that its clock is ahead, for NAK. */
  setClockAhead(ms: number): void;
  /** Ends all connections and takes no more, until `open`. */
  shut(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface ArcOptions {
  /** 0 or left out: any that is free. */
  readonly port?: number;
  readonly key?: Uint8Array;
  readonly host?: string;
}

type Reply = (bytes: Uint8Array) => void;

export async function startArc({ port = 0, key, host = '127.0.0.1' }: ArcOptions = {}): Promise<Arc> {
  const cipher = key === undefined ? undefined : createFrameCipher(key, randomBytes);
  const events: ArcEvent[] = [];
  const byAccount = new Map<string, string[]>();
  const acknowledged = new Map<string, boolean>();
  const heartbeats: ArcEvent[] = [];
  const sockets = new Set<Socket>();
  let received = 0;
  let duplicates = 0;
  let aheadMs = 0;
  let faultOf: (event: ArcEvent) => ArcFault | null = () => null;
  let heartbeatFault: ArcFault | null = null;
  let closed = false;

  const take = (event: ArcEvent, lost: boolean): void => {
    received += 1;
    const id = [event.account, event.data, ...event.extended].join(' ');
    const known = acknowledged.get(id);
    if (known === undefined) {
      events.push(event);
      const line = byAccount.get(event.account);
      if (line) line.push(event.data);
      else byAccount.set(event.account, [event.data]);
    } else if (known) duplicates += 1;
    acknowledged.set(id, known === true || !lost);
  };
  const respond = (
    frame: Dc09Frame,
    fault: ArcFault | null,
    event: ArcEvent,
    reply: Reply,
    end: () => void,
  ) => {
    const nowMs = Date.now() + aheadMs;
    const ack = () => encodeAck(frame, cipher === undefined ? {} : { nowMs, cipher });
    const isEvent = frame.id !== 'NULL';
    if (fault === 'silent') return;
    if (fault === 'close') return end();
    if (fault === 'nak') return reply(encodeNak(frame, nowMs));
    if (fault === 'duh') return reply(encodeDuh(frame));
    if (isEvent) take(event, fault === 'lost' || fault === 'bad-crc');
    else heartbeats.push(event);
    if (fault === 'lost') return;
    if (fault === 'plain-ack') return reply(encodeAck({ ...frame, encrypted: false }));
    if (fault === 'bad-crc') return reply(ack().map((byte, at) => (at === 12 ? byte ^ 1 : byte)));
    if (fault === null) return reply(ack());
    setTimeout(() => reply(ack()), fault.slowMs);
  };
  const hear = (raw: Uint8Array, reply: Reply, end: () => void): void => {
    const read = decodeFrame(raw);
    if (!read.ok) return;
    const opened = cipher === undefined ? read : openFrame(read.frame, cipher);
    if (!opened.ok) return;
    const { frame } = opened;
    const event = eventOf(frame);
    respond(frame, frame.id === 'NULL' ? heartbeatFault : faultOf(event), event, reply, end);
  };

  const server = createServer({ noDelay: true }, (socket) => {
    const splitter = createFrameSplitter();
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    const reply: Reply = (bytes) => {
      if (!socket.destroyed) socket.write(bytes);
    };
    socket.on('data', (bytes) => {
      for (const raw of splitter.push(bytes).frames) hear(raw, reply, () => socket.destroy());
    });
  });
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  const shut = async (): Promise<void> => {
    if (!server.listening) return;
    const ended = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await ended;
  };
  await listen();
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : port;
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, from) => {
    const reply: Reply = (answer) => udp.send(answer, from.port, from.address);
    for (const raw of createFrameSplitter().push(bytes).frames) hear(raw, reply, () => {});
  });
  await new Promise<void>((resolve) => udp.bind(port, host, resolve));

  return {
    port,
    events,
    byAccount,
    received: () => received,
    duplicates: () => duplicates,
    heartbeats: () => heartbeats,
    connections: () => sockets.size,
    setFault(fault) {
      faultOf = typeof fault === 'function' ? fault : () => fault;
    },
    setHeartbeatFault(fault) {
      heartbeatFault = fault;
    },
    setClockAhead(ms) {
      aheadMs = ms;
    },
    shut,
    open: listen,
    async close() {
      await shut();
      if (closed) return;
      closed = true;
      await new Promise<void>((resolve) => udp.close(() => resolve()));
    },
  };
}

function eventOf(frame: Dc09Frame): ArcEvent {
  return {
    account: frame.account,
    data: frame.data,
    extended: frame.extended.map(({ type, value }) => type + value),
    sequence: frame.sequence,
    format: frame.id,
    encrypted: frame.encrypted,
    timeMs: frame.timestamp?.utcMs ?? null,
    receiver: frame.receiver,
    line: frame.line,
  };
}
