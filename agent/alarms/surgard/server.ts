/**
 * Sur-Gard as a server: the automation connects to us. One connection serves, the newest: an automation that started anew
 * must not wait until its old connection is found dead. A receiver that does not work does not listen. Nobody is let in who is
 * not named; while nobody is, an automation on this machine may connect.
 */
import { createServer, isIP, type Server, type Socket } from 'node:net';
import type { AlarmOutput } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { LaneHandlers } from '../forward/lane.ts';
import type { OutputDeps } from '../forward/notes.ts';
import type { ArcOutput } from '../types.ts';
import { type SurgardClients, surgardClients } from './clients.ts';
import { type SurgardLink, SurgardOutput } from './output.ts';

type ServerConfig = Extract<AlarmOutput, { kind: 'surgard-server' }>;

export function createSurgardServer(config: ServerConfig, { clock, convert, onNote }: OutputDeps): ArcOutput {
  const note = (level: 'info' | 'warning', event: string, text: string) =>
    onNote({ level, event, subject: config.name, text });
  return new SurgardOutput(config, {
    clock,
    convert,
    openLink: (handlers) => new ListeningLink(config, clock, handlers, note),
  });
}

/** So long an event waits for the automation to connect before its attempt has failed. */
const waitMs = 5_000;
const connectionsMax = 8;
/** Foreign addresses that were told. */
const toldMax = 64;

class ListeningLink implements SurgardLink {
  readonly #config: ServerConfig;
  readonly #clock: Clock;
  readonly #handlers: LaneHandlers;
  readonly #note: (level: 'info' | 'warning', event: string, text: string) => void;
  readonly #clients: SurgardClients;
  readonly #told = new Set<string>();
  /** Was turned away last, since somebody was let in. */
  #refused: string | null = null;
  #server: Server | null = null;
  #socket: Socket | null = null;
  #problem: string | null = null;
  #waiting: (() => void)[] = [];

  constructor(
    config: ServerConfig,
    clock: Clock,
    handlers: LaneHandlers,
    note: (level: 'info' | 'warning', event: string, text: string) => void,
  ) {
    this.#config = config;
    this.#clients = surgardClients(config.clients);
    this.#clock = clock;
    this.#handlers = handlers;
    this.#note = note;
  }

  isOpen(): boolean {
    return this.#socket !== null;
  }

  async open(): Promise<void> {
    this.#listen();
    if (this.#socket === null) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(waitMs, resolve);
        this.#waiting.push(() => {
          cancel();
          resolve();
        });
      });
      this.#waiting = [];
    }
    if (this.#socket !== null) return;
    throw new AppError('unavailable', this.#problem ?? this.#missing(), {
      hint: `Let the automation connect to this receiver at ${this.#config.listenHost}:${this.#config.port}.`,
    });
  }

  #missing(): string {
    const { port } = this.#config;
    const none = `no automation is connected to port ${port}`;
    if (this.#refused !== null) return `${none}; ${this.#refused} was refused: ${this.#who()}`;
    return this.#clients.isLocal ? `${none}: ${this.#who()}` : none;
  }

  #who(): string {
    return this.#clients.isLocal
      ? 'no client is named, so only this machine may connect'
      : 'it is not among the clients';
  }

  write(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  stuckBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.resetAndDestroy();
  }

  rest(): void {
    this.drop();
    this.#server?.close();
    this.#server = null;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #listen(): void {
    if (this.#server !== null) return;
    const { listenHost, port } = this.#config;
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#take(socket));
    server.maxConnections = connectionsMax;
    this.#server = server;
    this.#problem = null;
    server.on('error', (cause) => {
      const errno = 'code' in cause ? ` (${String(cause.code)})` : '';
      this.#problem = `cannot listen on ${listenHost}:${port}${errno}`;
      if (this.#server === server) this.#server = null;
      for (const wake of this.#waiting.splice(0)) wake();
    });
    server.listen(port, listenHost);
  }

  #take(socket: Socket): void {
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    socket.on('error', () => {});
    if (this.#server === null) return void socket.destroy();
    if (!this.#clients.mayConnect(from)) {
      socket.destroy();
      this.#tellForeign(from);
      return;
    }
    this.#refused = null;
    const before = this.#socket;
    this.#socket = socket;
    if (before !== null) {
      this.#note('info', 'alarm.automation-replaced', `the automation connected anew from ${from}`);
      before.destroy();
      this.#handlers.onDown('the automation connected anew');
    }
    this.#handlers.onOpen();
    socket.on('data', (bytes) => {
      if (this.#socket === socket) this.#handlers.onBytes(bytes);
    });
    socket.on('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#handlers.onDown('the automation closed the connection');
    });
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #tellForeign(from: string): void {
    const shown = isIP(from) === 0 ? 'an unknown address' : from;
    this.#refused = shown;
    if (this.#told.has(from) || this.#told.size >= toldMax) return;
    this.#told.add(from);
    const text = `${shown} may not connect as an automation: ${this.#who()}`;
    this.#note('warning', 'alarm.automation-foreign', text);
  }
}
