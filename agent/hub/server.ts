/** The two doors of a hub: TLS on the network for accounts, and a local socket that only tells its status. */
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { AppError } from '../../src/errors.ts';
import { fromErrno } from '../adapters/errno.ts';
import { createFrameReader, encodeFrame } from './protocol/codec.ts';
import { type HubStatus, helloBytesMax, statusRequestSchema } from './protocol/schema.ts';
import { type Session, type SessionContext, serveSession } from './session.ts';

const connectionsMax = 512;
/** More than its 64 registers give 64 pairs to do; no account can take the places of the others. */
const connectionsPerAccountMax = 192;
/** Connections without a right key yet, in all and from one address. */
const strangersMax = 64;
const strangersPerAddressMax = 16;
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
  const sockets = new Set<Socket>();
  /** Peers without a right key yet, also those still in the TLS handshake, the oldest first. */
  const strangers = new Map<string, { address: string; socket: Socket }>();
  const server = createTlsServer(
    { cert: certPem, key: keyPem, minVersion: 'TLSv1.3', handshakeTimeout: handshakeTimeoutMs },
    (socket) => {
      const peer = peerOf(socket);
      const admit = (account: string) => {
        const open = [...sessions.values()].filter((session) => session.account() === account).length;
        if (open >= connectionsPerAccountMax) throw tooManyConnections();
        strangers.delete(peer);
      };
      sessions.set(socket, serveSession(socket, context, admit));
      socket.on('close', () => sessions.delete(socket));
    },
  );
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    const address = socket.remoteAddress ?? '';
    const ofAddress = [...strangers.values()].filter((each) => each.address === address).length;
    if (sockets.size >= connectionsMax || ofAddress >= strangersPerAddressMax) return socket.destroy();
    // Who has a key shows it at once: the oldest waits without one, and would keep a node from its lease for seconds.
    const [oldest] = strangers;
    if (oldest && strangers.size >= strangersMax) {
      strangers.delete(oldest[0]);
      oldest[1].socket.destroy();
    }
    sockets.add(socket);
    strangers.set(peer, { address, socket });
    socket.setKeepAlive(true, keepAliveMs);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      strangers.delete(peer);
    });
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listening(server, { host, port }, `listen on ${host}:${port}`);
  return {
    address: boundAddress(server),
    accounts: () => [...sessions.values()].map((session) => session.account()),
    close: () => closed(server, sockets),
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

function tooManyConnections(): AppError {
  return new AppError('unavailable', `the account has ${connectionsPerAccountMax} connections already`, {
    hint: 'See who else uses its key: holdfast hub status shows the connections of each account.',
  });
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
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
