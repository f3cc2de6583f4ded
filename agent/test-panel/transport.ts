/** One socket of a panel, TCP or UDP: sends frames, and hands back each whole frame that comes. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createFrameSplitter } from '../alarms/dc09/splitter/codec.ts';
import type { Target } from './options.ts';

/** What may wait in a socket before it counts as stuck. */
const unsentBytesMax = 1024 * 1024;
const connectTimeoutMs = 3_000;
/** One byte each so often, as an attacker does who wants to hold a connection. */
const slowByteMs = 250;

export interface Wire {
  send(bytes: Uint8Array): void;
  close(): void;
}

export interface WireEvents {
  opened(): void;
  frame(bytes: Uint8Array): void;
  /** Once; also when it could not be opened. */
  closed(): void;
}

/** `slow`: dribbles a byte at a time (TCP). */
export function openWire(
  kind: 'tcp' | 'udp',
  target: Target,
  events: WireEvents,
  { slow = false }: { slow?: boolean } = {},
): Wire {
  const wire = kind === 'tcp' ? openTcp(target, events) : openUdp(target, events);
  return slow ? dribbling(wire) : wire;
}

function openTcp(target: Target, events: WireEvents): Wire {
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  const splitter = createFrameSplitter();
  socket.setTimeout(connectTimeoutMs, () => socket.destroy());
  socket.on('connect', () => {
    socket.setTimeout(0);
    events.opened();
  });
  socket.on('data', (chunk) => {
    for (const frame of splitter.push(chunk).frames) events.frame(frame);
  });
  socket.on('end', () => socket.destroy());
  // `close` follows and says it.
  socket.on('error', () => undefined);
  socket.on('close', () => events.closed());
  return {
    send(bytes) {
      socket.write(bytes);
      if (socket.writableLength > unsentBytesMax) socket.destroy();
    },
    close: () => void socket.destroy(),
  };
}

function openUdp(target: Target, events: WireEvents): Wire {
  const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4');
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    socket.close();
    events.closed();
  };
  socket.on('message', (datagram) => {
    for (const frame of createFrameSplitter().push(datagram).frames) events.frame(frame);
  });
  socket.on('error', close);
  socket.connect(target.port, target.host, () => open && events.opened());
  return {
    // An error of a datagram (nobody listens there) comes as `error`.
    send: (bytes) => open && socket.send(bytes, () => undefined),
    close,
  };
}

function dribbling(wire: Wire): Wire {
  const queue: number[] = [];
  const timer = setInterval(() => {
    const byte = queue.shift();
    if (byte !== undefined) wire.send(Uint8Array.of(byte));
  }, slowByteMs);
  return {
    send(bytes) {
      if (queue.length < unsentBytesMax) queue.push(...bytes);
    },
    close() {
      clearInterval(timer);
      wire.close();
    },
  };
}
