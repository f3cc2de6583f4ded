/** The WebSocket side of the API: bounded messages, bounded answers waiting, and an end to sockets whose session has ended. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Context } from '@orpc/server';
import type { RPCHandler } from '@orpc/server/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../adapters/clock.ts';
import type { CallContext, Connection } from './context.ts';
import { cleanFrame, messageBytesMax } from './frames/codec.ts';

/** Bytes of answers that may wait for a slow client before it is cut off. */
const bufferedBytesMax = 8 * 1024 * 1024;
/** A client that has not logged in by then is cut off. */
const loginTimeoutMs = 60_000;
/** Silence after which a peer is pinged, and after a second silence given up. */
const pingIntervalMs = 30_000;

const closeCodes = { policy: 1008, malformed: 1007, unsupported: 1003, goingAway: 1001 } as const;

export interface SocketsOptions {
  handler: RPCHandler<CallContext & Context>;
  clock: Clock;
  /** Whether somebody is behind the connection now. */
  isIdentified: (connection: Connection) => boolean;
}

export class Sockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
  });
  readonly #options: SocketsOptions;

  constructor(options: SocketsOptions) {
    this.#options = options;
  }

  accept(request: IncomingMessage, stream: Duplex, head: Buffer, connection: Connection): void {
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#serve(socket, connection));
  }

  /** Ends every socket. */
  close(): void {
    for (const socket of this.#server.clients) {
      socket.close(closeCodes.goingAway, 'the agent stops');
      socket.terminate();
    }
    this.#server.close();
  }

  #serve(socket: WebSocket, connection: Connection): void {
    socket.on('error', () => socket.terminate());
    const stopTimers = this.#watch(socket, connection);
    socket.on('close', stopTimers);
    connection.close = () => socket.close(closeCodes.policy, 'the session has ended');
    void this.#options.handler.upgrade(guarded(socket), { context: { connection } });
  }

  /** Pings, and cuts off who never logs in or whose session has ended. */
  #watch(socket: WebSocket, connection: Connection): () => void {
    const { clock, isIdentified } = this.#options;
    let alive = true;
    socket.on('pong', () => {
      alive = true;
    });
    socket.on('message', () => {
      alive = true;
    });
    let cancel = clock.after(loginTimeoutMs, () => tick());
    const tick = () => {
      if (!isIdentified(connection)) return socket.close(closeCodes.policy, 'not logged in');
      if (!alive) return socket.terminate();
      alive = false;
      socket.ping();
      cancel = clock.after(pingIntervalMs, tick);
    };
    return () => cancel();
  }
}

/** The socket as oRPC may see it: only clean frames come in, and a client that does not read is cut off. */
function guarded(socket: WebSocket): WebSocket {
  const send = (data: string | Uint8Array) => {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > bufferedBytesMax) socket.terminate();
    else socket.send(data);
  };
  const listen = (event: string, listener: (event: { data: unknown }) => void) => {
    if (event === 'message') {
      socket.on('message', (data, isBinary) => {
        if (isBinary) return socket.close(closeCodes.unsupported, 'text frames only');
        const clean = cleanFrame(data.toString());
        if (clean === null) return socket.close(closeCodes.malformed, 'malformed frame');
        listener({ data: clean });
      });
    } else {
      socket.on(event, () => listener({ data: null }));
    }
  };
  return new Proxy(socket, {
    get(target, key) {
      if (key === 'addEventListener') return listen;
      if (key === 'send') return send;
      return Reflect.get(target, key);
    },
  });
}
