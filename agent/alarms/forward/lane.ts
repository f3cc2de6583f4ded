/** One line to the ARC, over TCP or UDP: opened when it is needed, kept, and gone at once when it must be. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { AppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';

export interface LaneHandlers {
  /** A new connection: what came before belongs to no answer any more. */
  onOpen(): void;
  onBytes(bytes: Uint8Array): void;
  /** An open one ended, not by `drop`. */
  onDown(problem: string): void;
}

export interface LaneOptions extends LaneHandlers {
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  /** A line without traffic for so long is closed; null keeps it. */
  readonly idleMs: number | null;
}

export interface Lane {
  isOpen(): boolean;
  /** @throws AppError `unavailable`, `timeout`. */
  open(): Promise<void>;
  write(bytes: Uint8Array): void;
  /** Bytes that the other end has not even taken into its buffers. */
  stuckBytes(): number;
  /** At once and without a farewell: what the system has not sent yet is thrown away. */
  drop(): void;
}

const connectTimeoutMs = 5_000;

export function openTcpLane(options: LaneOptions): Lane {
  return new TcpLane(options);
}

export function openUdpLane(options: LaneOptions): Lane {
  return new UdpLane(options);
}

function unreachable({ host, port }: LaneOptions, cause: unknown): AppError {
  const errno = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new AppError('unavailable', `${host}:${port} cannot be reached${errno}`, {
    hint: 'Check the address of the ARC and the firewalls on the way.',
  });
}

/** Opened once at a time, whoever asks for it. */
abstract class OpenedLane<AnySocket> {
  protected readonly options: LaneOptions;
  protected socket: AnySocket | null = null;
  #opening: Promise<void> | null = null;

  constructor(options: LaneOptions) {
    this.options = options;
  }

  isOpen(): boolean {
    return this.socket !== null && this.#opening === null;
  }

  open(): Promise<void> {
    if (this.isOpen()) return Promise.resolve();
    this.#opening ??= this.connect().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  protected abstract connect(): Promise<void>;
}

class TcpLane extends OpenedLane<Socket> implements Lane {
  write(bytes: Uint8Array): void {
    this.socket?.write(bytes);
  }

  stuckBytes(): number {
    return this.socket?.writableLength ?? 0;
  }

  drop(): void {
    const socket = this.socket;
    this.socket = null;
    // A reset of one that is connecting would wait until it is connected.
    if (socket?.connecting) socket.destroy();
    else socket?.resetAndDestroy();
  }

  protected connect(): Promise<void> {
    const { host, port, clock, idleMs, onOpen, onBytes, onDown } = this.options;
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
    this.socket = socket;
    return new Promise((resolve, reject) => {
      let cancel: Cancel = () => {};
      let opened = false;
      let problem = 'the ARC closed the connection';
      const fail = (error: AppError) => {
        if (this.socket === socket) this.socket = null;
        cancel();
        reject(error);
        socket.destroy();
      };
      cancel = clock.after(connectTimeoutMs, () =>
        fail(
          new AppError('timeout', `${host}:${port} does not take the connection`, {
            hint: 'Check the firewalls on the way.',
          }),
        ),
      );
      socket.on('connect', () => {
        cancel();
        opened = true;
        onOpen();
        resolve();
      });
      socket.on('data', onBytes);
      socket.on('error', (cause) => {
        problem = unreachable(this.options, cause).message;
        if (!opened) fail(unreachable(this.options, cause));
      });
      socket.on('close', () => {
        // Dropped before it was open.
        if (!opened) fail(unreachable(this.options, null));
        if (this.socket !== socket) return;
        this.socket = null;
        onDown(problem);
      });
      if (idleMs !== null) socket.setTimeout(idleMs, () => socket.end());
    });
  }
}

class UdpLane extends OpenedLane<UdpSocket> implements Lane {
  write(bytes: Uint8Array): void {
    this.socket?.send(bytes, (error) => {
      if (error) this.#down(unreachable(this.options, error).message);
    });
  }

  stuckBytes(): number {
    return 0;
  }

  drop(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.removeAllListeners('message').close();
  }

  #down(problem: string): void {
    if (this.socket === null) return;
    this.drop();
    this.options.onDown(problem);
  }

  protected connect(): Promise<void> {
    const { host, port, onOpen, onBytes } = this.options;
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.socket = socket;
    return new Promise((resolve, reject) => {
      let opened = false;
      socket.on('error', (cause) => {
        if (opened) {
          if (this.socket === socket) this.#down(unreachable(this.options, cause).message);
          return;
        }
        if (this.socket === socket) this.drop();
        reject(unreachable(this.options, cause));
      });
      socket.on('close', () => reject(unreachable(this.options, null)));
      // Each datagram stands for itself: none makes another's rest whole.
      socket.on('message', (bytes) => {
        onOpen();
        onBytes(bytes);
      });
      socket.on('connect', () => {
        opened = true;
        onOpen();
        resolve();
      });
      socket.connect(port, host);
    });
  }
}
