/** Opens the ways in: the local socket for who may open it, and TLS on the network; nothing else answers. */
import { chmodSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { limitPerAddress, plainAddress } from '../../adapters/connection-limit.ts';
import { fromErrno } from '../../adapters/errno.ts';
import type { Sessions } from '../accounts/sessions.ts';
import { bindSession, type Connection } from './context.ts';
import { bearerOf, type HttpApi, pathOf } from './http.ts';
import type { Sockets } from './sockets.ts';

/** `sun_path` of a Unix socket address holds 108 bytes on Linux, 104 on macOS and BSD, with the closing zero. */
const unixPathBytesMax = process.platform === 'linux' ? 107 : 103;
const handshakeTimeoutMs = 10_000;
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 60_000;
const keepAliveTimeoutMs = 10_000;
const localConnectionsMax = 256;
const socketPathPattern = /^\/ws\/?$/;

export interface ListenerOptions {
  http: HttpApi;
  sockets: Sockets;
  sessions: Sessions;
  clock: Clock;
}

export interface Listener {
  /** Where it listens: a path, or `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Mode 0600: the file's permissions are the log-in. */
export async function listenLocally(path: string, options: ListenerOptions): Promise<Listener> {
  const isPipe = process.platform === 'win32';
  if (!isPipe) await makeWay(path);
  const server = createHttpServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs });
  server.maxConnections = localConnectionsMax;
  serve(server, options, () => ({ via: 'local', address: 'local' }));
  // The socket is made within this call: whatever starts later has the usual mask again.
  const before = process.umask(0o177);
  const listening = listen(server, { path }, path);
  process.umask(before);
  await listening;
  if (!isPipe) chmodSync(path, 0o600);
  return { address: path, close: () => closeServer(server) };
}

/** Removes a socket that nobody listens on any more; refuses when somebody does, or when the path is too long. */
async function makeWay(path: string): Promise<void> {
  if (Buffer.byteLength(path) > unixPathBytesMax) {
    throw new AppError('invalid_input', `the path of the local socket is too long: ${path}`, {
      hint: `Choose a data folder with a shorter path: with "agent.sock" it may have ${unixPathBytesMax} bytes.`,
    });
  }
  const taken = await new Promise<boolean>((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('close', () => probe.destroy());
    probe.once('connect', () => probe.destroy());
  });
  if (taken) {
    throw new AppError('conflict', `another agent listens on ${path}`, {
      hint: 'Stop it first, or use another --data.',
    });
  }
  await rm(path, { force: true });
}

export interface TlsOptions extends ListenerOptions {
  host: string;
  port: number;
  certPem: string;
  keyPem: string;
  connectionsMax: number;
  connectionsPerAddressMax: number;
}

export async function listenOnNetwork(options: TlsOptions): Promise<Listener> {
  const server = createHttpsServer({
    cert: options.certPem,
    key: options.keyPem,
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
  });
  server.maxConnections = options.connectionsMax;
  limitPerAddress(server, options.connectionsPerAddressMax);
  serve(server, options, (request) => ({
    via: 'network',
    address: plainAddress(request.socket.remoteAddress),
  }));
  const where = `${options.host}:${options.port}`;
  await listen(server, { host: options.host, port: options.port }, where);
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : options.port;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { address: `${host}:${port}`, close: () => closeServer(server) };
}

function serve(
  server: Server,
  options: ListenerOptions,
  origin: (request: IncomingMessage) => Pick<Connection, 'via' | 'address'>,
): void {
  const { http, sockets, sessions, clock } = options;
  const open = (request: IncomingMessage, close: () => void): Connection => {
    const connection: Connection = {
      ...origin(request),
      session: null,
      inFlight: 0,
      close,
      release: () => {},
    };
    const token = bearerOf(request);
    const session = token === null ? null : sessions.find(token);
    if (session) bindSession(connection, session, clock);
    return connection;
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = open(request, () => response.destroy());
    response.once('close', () => connection.release());
    void http.answer(request, response, connection);
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (!socketPathPattern.test(pathOf(request))) {
      stream.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const connection = open(request, () => stream.destroy());
    stream.once('close', () => connection.release());
    if (request.headers.authorization !== undefined && connection.via === 'network' && !connection.session) {
      stream.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.accept(request, stream, head, connection);
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else socket.destroy();
  });
}

function listen(
  server: Server,
  where: { path: string } | { host: string; port: number },
  shown: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(fromErrno(error, `listen on ${shown}`));
    server.once('error', fail);
    server.listen(where, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
