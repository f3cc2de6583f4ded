import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { RPCHandler } from '@orpc/server/ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Connection } from '../../../../agent/control/api/context.ts';
import { Sockets } from '../../../../agent/control/api/sockets.ts';
import { FakeClock } from '../fake-clock.ts';

let server: Server;
let sockets: Sockets;
let clock: FakeClock;
let identified: boolean;
/** Resolves when the server has read something after the present moment. */
let ponged: () => Promise<unknown>;

beforeEach(async () => {
  clock = new FakeClock();
  identified = false;
  sockets = new Sockets({ handler: new RPCHandler({}), clock, isIdentified: () => identified });
  server = createServer();
  server.on('upgrade', (request, stream, head) => {
    const connection: Connection = {
      via: 'network',
      address: 'x',
      session: null,
      inFlight: 0,
      close: () => stream.destroy(),
      release: () => {},
    };
    sockets.accept(request, stream, head, connection);
    ponged = () => once(stream, 'data');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  sockets.close();
  server.close();
});

async function connect(autoPong = true): Promise<{ socket: WebSocket; closed: Promise<unknown[]> }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}/ws`, { autoPong });
  const closed = once(socket, 'close');
  await once(socket, 'open');
  return { socket, closed };
}

describe('a WebSocket', () => {
  it('on which nobody logs in is closed after a minute', async () => {
    const { socket, closed } = await connect();
    clock.advance(59_999);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    clock.advance(1);
    expect((await closed)[0]).toBe(1008);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that answers pings stays, and is closed when its session has ended', async () => {
    identified = true;
    const { socket, closed } = await connect();
    clock.advance(60_000);
    for (let ping = 0; ping < 5; ping += 1) {
      const pong = ponged();
      await once(socket, 'ping');
      await pong;
      clock.advance(30_000);
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    identified = false;
    clock.advance(30_000);
    expect((await closed)[0]).toBe(1008);
  });

  it('whose peer is gone without a word is cut off', async () => {
    identified = true;
    const { socket, closed } = await connect(false);
    clock.advance(60_000);
    await once(socket, 'ping');
    clock.advance(30_000);
    expect((await closed)[0]).toBe(1006);
  });
});
