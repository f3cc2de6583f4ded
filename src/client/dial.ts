/** Opens the byte stream to a node: no byte of a request leaves before the certificate's fingerprint was checked. */
import { createConnection, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { AppError } from '../errors.ts';
import { localSocketPath, parseNodeUrl, type Target } from './address.ts';
import { checkPin, type KnownNodes } from './known-nodes.ts';

export interface DialOptions {
  knownNodes: KnownNodes;
  timeoutMs: number;
  /** Called when a node is met for the first time, after its fingerprint was pinned. */
  onFirstContact?: ((url: string, fingerprint: string) => void) | undefined;
}

/** A connected socket: `unavailable` or `timeout` when nobody answers, `forbidden` when the certificate changed. */
export async function dial(target: Target, options: DialOptions): Promise<Socket> {
  return target.kind === 'remote' ? dialRemote(target.url, options) : dialLocal(target.dataDir, options);
}

async function dialLocal(dataDir: string, options: DialOptions): Promise<Socket> {
  const socket = createConnection({ path: localSocketPath(dataDir) });
  await connected(socket, 'connect', dataDir, options.timeoutMs, localHint);
  return socket;
}

async function dialRemote(address: string, options: DialOptions): Promise<Socket> {
  const { host, port, url } = parseNodeUrl(address);
  // The certificate is self-signed by design; the pin below takes the place of the chain check.
  const socket = tlsConnect({ host, port, servername: '', rejectUnauthorized: false });
  await connected(socket, 'secureConnect', url, options.timeoutMs, remoteHint);
  try {
    const presented = socket.getPeerCertificate().fingerprint256;
    if (!presented) throw new AppError('protocol', `${url} presented no certificate`);
    if (checkPin(url, options.knownNodes.get(url), presented) === 'first-contact') {
      options.knownNodes.set(url, presented);
      options.onFirstContact?.(url, presented);
    }
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function connected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  where: string,
  timeoutMs: number,
  hintFor: (errno: string) => string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: AppError) => {
      clearTimeout(timer);
      socket.off(event, succeed);
      socket.off('error', fail);
      if (error) {
        socket.on('error', () => {});
        socket.destroy();
        reject(error);
      } else {
        resolve();
      }
    };
    const succeed = () => finish();
    const fail = (cause: Error & { code?: string }) =>
      finish(
        new AppError('unavailable', `no agent answers at ${where} (${cause.code ?? cause.message})`, {
          hint: hintFor(cause.code ?? ''),
          details: { errno: cause.code ?? null },
          cause,
        }),
      );
    const timer = setTimeout(
      () =>
        finish(
          new AppError('timeout', `no answer from ${where} within ${timeoutMs} ms`, { hint: hintFor('') }),
        ),
      timeoutMs,
    );
    socket.once(event, succeed);
    socket.once('error', fail);
  });
}

function localHint(errno: string): string {
  if (errno === 'EACCES' || errno === 'EPERM') {
    return 'the socket belongs to another user: use sudo, or log in over the network with holdfast login';
  }
  return 'start it with "holdfast agent" or "holdfast up", or name the right folder with --data';
}

function remoteHint(errno: string): string {
  if (errno === 'ENOTFOUND' || errno === 'EAI_AGAIN') return 'check the host name';
  return 'check address and port, the firewall, and that the agent listens there (holdfast agent --listen)';
}
