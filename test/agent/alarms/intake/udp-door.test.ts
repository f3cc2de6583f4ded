/** The UDP door and senders that nobody can answer. */
import type * as dgram from 'node:dgram';
import { afterEach, expect, it, vi } from 'vitest';
import { type Desk, eventually, frameOf, openDesk } from './desk.ts';

const sockets = vi.hoisted((): dgram.Socket[] => []);
vi.mock('node:dgram', async (importOriginal) => {
  const original = await importOriginal<typeof dgram>();
  const createSocket = (type: dgram.SocketType) => {
    const socket = original.createSocket(type);
    sockets.push(socket);
    return socket;
  };
  return { ...original, createSocket };
});

let desk: Desk | null = null;
afterEach(() => desk?.close());

it('a datagram from port 0, which only a forger sends, is passed over and ends nothing', async () => {
  desk = await openDesk();
  const bytes = Buffer.from(frameOf());
  const from = { address: '127.0.0.1', family: 'IPv4', port: 0, size: bytes.length };
  const [door] = sockets;
  expect(() => door?.emit('message', bytes, from)).not.toThrow();
  door?.emit('message', bytes, { ...from, port: 9 });
  await eventually(() => expect(desk?.taken).toHaveLength(1));
});
