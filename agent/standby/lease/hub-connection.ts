/** One TLS connection to a hub: no byte leaves before the certificate was checked, and replies find their request. */
import { connect, type TLSSocket } from 'node:tls';
import { AppError } from '../../../src/errors.ts';
import { createFrameReader, encodeFrame } from '../../hub/protocol/codec.ts';
import {
  frameBytesMax,
  type Hello,
  hubDefaultPort,
  hubProtocolVersion,
  type Reply,
  type Request,
  replySchema,
} from '../../hub/protocol/schema.ts';

export interface HubAddress {
  /** `host:port`, `tls://host:port`, `https://host:port`; port 6070 when none is given. */
  url: string;
  account: string;
  key: string;
  /** SHA-256 of the certificate, hex pairs with or without colons. */
  fingerprint: string;
}

export interface HubConnection {
  /** The run of the hub that this connection leads to. */
  readonly boot: string;
  isOpen(): boolean;
  /** Rejects with what the hub says, or `unavailable` when the connection ends before. */
  request(request: Unnumbered<Request>): Promise<Reply>;
  destroy(): void;
}

type Unnumbered<R> = R extends unknown ? Omit<R, 'id'> : never;

/** Requests that wait for their reply. */
const pendingMax = 256;
/** Short, so that a lost SYN or a hub that hung does not hold up the next try. */
const openTimeoutMs = 1_000;

/** @throws AppError `unavailable`, `timeout`, `forbidden` (another certificate), `unauthorized`, `data_loss`. */
export function openHubConnection(address: HubAddress, seen: Hello['seen']): Promise<HubConnection> {
  const { host, port } = parseHubUrl(address.url);
  // The certificate is self-signed by design; its fingerprint takes the place of the chain.
  const socket = connect({ host, port, servername: '', rejectUnauthorized: false, minVersion: 'TLSv1.3' });
  return new Promise((resolve, reject) => {
    const connection = new Connection(socket, address.url, (error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve(connection);
    });
    const timer = setTimeout(
      () => connection.fail(new AppError('timeout', `the hub at ${address.url} does not answer`, { hint })),
      openTimeoutMs,
    );
    socket.once('secureConnect', () => {
      if (plain(socket.getPeerCertificate().fingerprint256 ?? '') !== plain(address.fingerprint)) {
        return connection.fail(wrongCertificate(address.url));
      }
      const { account, key } = address;
      connection.hello({ op: 'hello', version: hubProtocolVersion, account, key, seen });
    });
  });
}

const hint = 'Check that the hub runs (holdfast hub status there), its address and port, and the firewall.';

class Connection implements HubConnection {
  boot = '';
  readonly #socket: TLSSocket;
  readonly #where: string;
  readonly #pending = new Map<
    number,
    { resolve: (reply: Reply) => void; reject: (error: AppError) => void }
  >();
  readonly #onGreeted: (error: AppError | null) => void;
  #nextId = 1;
  #ended: AppError | null = null;

  constructor(socket: TLSSocket, where: string, onGreeted: (error: AppError | null) => void) {
    this.#socket = socket;
    this.#where = where;
    this.#onGreeted = onGreeted;
    const frames = createFrameReader(frameBytesMax);
    socket.setNoDelay(true);
    socket.on('error', (cause) => this.fail(unreachable(where, cause)));
    socket.on('close', () => this.fail(unreachable(where, null)));
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const message of frames.push(bytes)) this.#take(replySchema.parse(message));
      } catch (cause) {
        this.fail(new AppError('protocol', `${where} is not a hub of this release`, { hint, cause }));
      }
    });
  }

  isOpen(): boolean {
    return this.#ended === null;
  }

  hello(hello: Hello): void {
    this.#socket.write(encodeFrame(hello));
  }

  request(request: Unnumbered<Request>): Promise<Reply> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#pending.size >= pendingMax) {
      return Promise.reject(new AppError('unavailable', `${pendingMax} requests wait for the hub`, { hint }));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.write(encodeFrame({ ...request, id }));
    });
  }

  destroy(): void {
    this.fail(unreachable(this.#where, null));
  }

  fail(error: AppError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#socket.on('error', () => {});
    this.#socket.destroy();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#onGreeted(error);
  }

  #take(reply: Reply): void {
    if (reply.kind === 'welcome') {
      this.boot = reply.boot;
      this.#onGreeted(null);
      return;
    }
    if (reply.kind === 'refused') {
      const error = new AppError(reply.code, reply.message, reply.hint === null ? {} : { hint: reply.hint });
      if (reply.id === null) this.fail(error);
      else this.#settle(reply.id)?.reject(error);
      return;
    }
    this.#settle(reply.id)?.resolve(reply);
  }

  #settle(id: number) {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    return waiting;
  }
}

/** @throws AppError `invalid_input`. */
function parseHubUrl(text: string): { host: string; port: number } {
  const match = /^(?:[a-z]+:\/\/)?(?:\[([0-9a-f:.%a-z]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? hubDefaultPort : Number(match[3]);
  if (!host || port < 1 || port > 65_535) {
    throw new AppError('invalid_input', `not the address of a hub: ${text.slice(0, 80)}`, {
      hint: `Write it like hub.example:${hubDefaultPort}.`,
    });
  }
  return { host, port };
}

const plain = (fingerprint: string) => fingerprint.replaceAll(':', '').toUpperCase();

function wrongCertificate(url: string): AppError {
  return new AppError('forbidden', `the hub at ${url} shows another certificate than the pinned one`, {
    hint: 'Compare with holdfast hub status on the hub; if it was set up anew, enter its new fingerprint.',
  });
}

function unreachable(where: string, cause: unknown): AppError {
  const errno = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new AppError('unavailable', `the hub at ${where} cannot be reached${errno}`, {
    hint,
    ...(cause === null ? {} : { cause }),
  });
}
