/** A pair of UDP ports for one track, RTP on the even one: packets of the camera in order, of strangers not at all. */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { AppError } from '../../../src/errors.ts';
import { ReorderBuffer } from '../rtp/reorder.ts';
import { rtpHeaderBytes } from '../rtp/track.ts';

const firstPort = 20_000;
const portPairs = 20_000;
const triesMax = 32;
/** A key frame comes in one burst; the kernel may grant less. */
const receiveBufferBytes = 2 * 1024 * 1024;

export interface UdpPortsOptions {
  readonly localAddress: string | undefined;
  /** Only packets from there are taken. */
  readonly remoteAddress: string;
  readonly random: () => number;
  readonly utcMs: () => number;
  /** The bytes are the callee's. */
  readonly onRtp: (bytes: Uint8Array, arrivalMs: number) => void;
  readonly onRtcp: (bytes: Uint8Array, arrivalMs: number) => void;
}

export class UdpPorts {
  readonly ports: readonly [number, number];
  readonly #rtp: Socket;
  readonly #rtcp: Socket;
  readonly #options: UdpPortsOptions;
  readonly #reorder: ReorderBuffer;
  #source: string;
  #serverPorts: readonly [number, number] | null = null;
  #closed = false;

  /** Throws AppError `unavailable` when no pair is free. */
  static async open(options: UdpPortsOptions): Promise<UdpPorts> {
    for (let i = 0; i < triesMax; i++) {
      const port = firstPort + Math.floor(options.random() * portPairs) * 2;
      const rtp = await bind(options, port);
      const rtcp = rtp === null ? null : await bind(options, port + 1);
      if (rtp !== null && rtcp !== null) return new UdpPorts(options, [port, port + 1], rtp, rtcp);
      rtp?.close();
    }
    throw new AppError('unavailable', 'No pair of UDP ports is free for a camera.', {
      hint: 'Set the transport of the camera to TCP.',
    });
  }

  private constructor(options: UdpPortsOptions, ports: readonly [number, number], rtp: Socket, rtcp: Socket) {
    this.#options = options;
    this.ports = ports;
    this.#rtp = rtp;
    this.#rtcp = rtcp;
    this.#source = normal(options.remoteAddress);
    this.#reorder = new ReorderBuffer(options.onRtp);
    rtp.on('message', (bytes, from) => {
      if (bytes.length >= rtpHeaderBytes && this.#known(from))
        this.#reorder.push(view(bytes), options.utcMs());
    });
    rtcp.on('message', (bytes, from) => {
      if (this.#known(from)) options.onRtcp(view(bytes), options.utcMs());
    });
    for (const socket of [rtp, rtcp]) socket.on('error', () => this.close());
  }

  /** The server answered; a first packet to it opens the way through address translators. */
  connect(
    server: { ports: readonly [number, number] | null; source: string | null },
    greeting: Uint8Array,
  ): void {
    if (server.source !== null && !/^0[.0]*$|^::$/.test(server.source)) this.#source = normal(server.source);
    this.#serverPorts = server.ports;
    this.report(greeting);
  }

  /** RTCP to the server. */
  report(bytes: Uint8Array): void {
    const port = this.#serverPorts?.[1];
    if (port === undefined || port === 0 || this.#closed) return;
    this.#rtcp.send(bytes, port, this.#source, () => {
      // Reports are best effort.
    });
  }

  tick(): void {
    this.#reorder.tick(this.#options.utcMs());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rtp.close();
    this.#rtcp.close();
  }

  /** The camera itself, or the source that it named. */
  #known(from: RemoteInfo): boolean {
    const address = normal(from.address);
    return address === this.#source || address === normal(this.#options.remoteAddress);
  }
}

async function bind(options: UdpPortsOptions, port: number): Promise<Socket | null> {
  const socket = createSocket({
    type: isIPv6(options.remoteAddress) && !options.remoteAddress.startsWith('::ffff:') ? 'udp6' : 'udp4',
    recvBufferSize: receiveBufferBytes,
  });
  try {
    socket.bind({ port, ...(options.localAddress === undefined ? {} : { address: options.localAddress }) });
    await once(socket, 'listening');
    return socket;
  } catch {
    socket.close();
    return null;
  }
}

/** Always a plain Uint8Array: one shape of argument keeps the hot path compiled. */
function view(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function normal(address: string): string {
  return address.replace(/^::ffff:/i, '').replace(/%.*$/, '');
}
