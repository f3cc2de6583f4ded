/** The two doors of a hub: TLS on the network for accounts, and a local socket that only tells its status. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { fromErrno } from '../adapters/errno.ts';
import { createFrameReader, encodeFrame } from './protocol/codec.ts';
import { type HubStatus, helloBytesMax, statusRequestSchema } from './protocol/schema.ts';
import { type Session, type SessionContext, serveSession } from './session.ts';

const connectionsMax = 512;
/** Connections without a right key yet. */
const strangersMax = 64;
const handshakeTimeoutMs = 5_000;
const keepAliveMs = 15_000;

export interface NetworkDoor {
  /** `host:port` as bound. */
  address: string;
  /** Accounts of the open connections, null for those without one yet. */
  accounts(): (string | null)[];
  close(): Promise<void>;
}

export async function listenForAccounts(
  options: { host: string; port: number; certPem: string; keyPem: string },
  context: SessionContext,
): Promise<NetworkDoor> {
  const { host, port, certPem, keyPem } = options;
  const sessions = new Map<Socket, Session>();
  const raw = new Set<Socket>();
  const strangers = () => raw.size - [...sessions.values()].filter((each) => each.account() !== null).length;
  const server = createTlsServer(
    { cert: certPem, key: keyPem, minVersion: 'TLSv1.3', handshakeTimeout: handshakeTimeoutMs },
    (socket) => {
      sessions.set(socket, serveSession(socket, socket.remoteAddress ?? '', context));
      socket.on('close', () => sessions.delete(socket));
    },
  );
  server.on('connection', (socket: Socket) => {
    const known = context.doorkeeper.admits(socket.remoteAddress ?? '', context.clock.monotonicMs());
    if (!known || raw.size >= connectionsMax || strangers() >= strangersMax) return socket.destroy();
    raw.add(socket);
    socket.setKeepAlive(true, keepAliveMs);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => raw.delete(socket));
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listening(server, { host, port }, `listen on ${host}:${port}`);
  return {
    address: boundAddress(server),
    accounts: () => [...sessions.values()].map((session) => session.account()),
    close: () => closed(server, raw),
  };
}

/** Answers `status` on a socket of mode 0600. */
export async function listenForStatus(
  path: string,
  status: () => HubStatus,
): Promise<{ close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    const frames = createFrameReader(helloBytesMax);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const message of frames.push(bytes)) {
          const { id } = statusRequestSchema.parse(message);
          socket.write(encodeFrame({ kind: 'status', id, status: status() }));
        }
      } catch {
        socket.destroy();
      }
    });
  });
  // The lock of the data folder is held: a socket that lies there is of a hub that is gone.
  if (process.platform !== 'win32') await rm(path, { force: true });
  await listening(server, { path }, `listen on ${path}`);
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return { close: () => closed(server, open) };
}

function listening(server: Server, where: object, doing: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(fromErrno(error, doing)));
    server.listen(where, () => resolve());
  });
}

function boundAddress(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return String(bound);
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/** Requests are answered in one go, so none is cut in half. */
function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroySoon();
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, 500).unref();
  });
}
