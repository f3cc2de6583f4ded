/** The TCP or TLS connection of a session: reads into the shared buffer, rests between reads when batching, closes once. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { RtspReader } from './reader.ts';

/** So much at once means that more waits: reading goes on. TLS reads 16 KiB and hands out one record after the other. */
const readOnBytes = { tcp: 64 * 1024, tls: 8 * 1024 } as const;
/** Requests and reports that a camera does not take; beyond, reports are left out. */
const writeQueueBytesMax = 64 * 1024;

export interface ConnectionOptions {
  readonly reader: RtspReader;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly localAddress: string | undefined;
  /**
   * SHA-256 of the certificate as hex, colons or not. Cameras come with self-signed certificates for no name at all, so
   * the chain proves nothing and is not checked; whoever wants to be sure of the camera pins its certificate.
   */
  readonly tlsFingerprint: string | undefined;
  readonly onConnected: () => void;
  /** The bytes are valid during the call. */
  readonly onRead: (bytes: Uint8Array, length: number) => void;
  /** Once. `code`: errno name, `CERTIFICATE` for one that is not the pinned one, null after an orderly close. */
  readonly onClosed: (code: string | null) => void;
}

export const certificateRejected = 'CERTIFICATE';

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  #code: string | null = null;
  #resting = false;
  #burstBytes = 0;
  /** From now on a drained socket rests until `resume`. */
  batching = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = this.#open();
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#code ??= error.code ?? 'ERROR';
    });
    this.#socket.once('close', () => options.onClosed(this.#code));
  }

  get remoteAddress(): string | null {
    return this.#socket.remoteAddress ?? null;
  }

  get localAddress(): string | null {
    return this.#socket.localAddress ?? null;
  }

  /** True when it was taken. */
  write(bytes: string | Uint8Array): boolean {
    if (this.#socket.destroyed || this.#socket.writableLength > writeQueueBytesMax) return false;
    this.#socket.write(bytes);
    return true;
  }

  resume(): void {
    if (!this.#resting || this.#socket.destroyed) return;
    this.#resting = false;
    this.#burstBytes = 0;
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #open(): Socket {
    const { host, port, localAddress, secure, reader } = this.#options;
    const onread = { buffer: reader.buffer, callback: (length: number) => this.#read(length) };
    const common = { host, port, onread, ...(localAddress === undefined ? {} : { localAddress }) };
    if (!secure) return connectTcp(common, () => this.#options.onConnected());
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ ...common, ...servername, rejectUnauthorized: false }, () =>
      this.#checkCertificate(socket),
    );
    return socket;
  }

  #read(length: number): boolean {
    this.#options.onRead(this.#options.reader.buffer, length);
    this.#burstBytes += length;
    if (!this.batching || this.#burstBytes >= readOnBytes[this.#options.secure ? 'tls' : 'tcp']) {
      this.resume();
      this.#burstBytes = 0;
      return true;
    }
    this.#resting = true;
    return false;
  }

  #checkCertificate(socket: TLSSocket): void {
    const wanted = this.#options.tlsFingerprint;
    if (wanted !== undefined && plain(socket.getPeerCertificate().fingerprint256 ?? '') !== plain(wanted)) {
      this.#code = certificateRejected;
      socket.destroy();
      return;
    }
    this.#options.onConnected();
  }
}

function plain(fingerprint: string): string {
  return fingerprint.replace(/[^0-9a-f]/gi, '').toLowerCase();
}
