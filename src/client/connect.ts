/** A connection to one node that keeps itself alive: typed calls, a visible state, and reconnection with back-off. */
import type { Socket } from 'node:net';
import type { ClientContext, ClientLink } from '@orpc/client';
import { createORPCClient } from '@orpc/client';
import { type LinkWebsocketClientOptions, RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { contract } from '../contract/index.ts';
import { AppError, toAppError } from '../errors.ts';
import { parseNodeUrl, type Target } from './address.ts';
import { reconnectDelayMs } from './backoff.ts';
import { dial } from './dial.ts';
import { type Download, downloadOver } from './download.ts';
import { fileKnownNodes, type KnownNodes } from './known-nodes.ts';
import { ReconnectingLink } from './link.ts';
import { fromHttp } from './wire-errors.ts';

export type NodeClient = ContractRouterClient<typeof contract>;

export interface ConnectionState {
  phase: 'connecting' | 'connected' | 'disconnected' | 'closed';
  /** Wall time since which the phase holds. */
  sinceMs: number;
  /** Failed attempts in a row. */
  attempts: number;
  /** When the next attempt starts; null when none is planned. */
  retryAtMs: number | null;
  /** Why it is not connected; null while all is well. */
  error: AppError | null;
}

export interface Connection {
  /** Typed calls. They wait a moment for the connection, and fail with an AppError only. */
  readonly client: NodeClient;
  /** What people see: the URL, or the data folder of a local node. */
  readonly address: string;
  readonly local: boolean;
  state(): ConnectionState;
  /** Called after each change of state; returns the way to stop. */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** Connects again with another session, or anonymously with undefined. */
  setToken(token: string | undefined): void;
  /** GET a path such as `/v1/export/download?…` with the session of this connection. */
  download(path: string): Promise<Download>;
  /** Ends the connection for good; calls under way fail with `unavailable`. */
  close(): void;
}

export interface ConnectionOptions {
  token?: string | undefined;
  /** Default: the pins in the user's configuration folder. */
  knownNodes?: KnownNodes;
  onFirstContact?: (url: string, fingerprint: string) => void;
  /** False for one-shot commands: the first failure to connect is final. Default true. */
  reconnect?: boolean;
  /** How long dialling and the upgrade may take together, each. Default 5 s. */
  connectTimeoutMs?: number;
  /** How long a call may wait for its first answer. Default 30 s. */
  callTimeoutMs?: number;
  random?: () => number;
}

const pingIntervalMs = 10_000;
const messageBytesMax = 64 * 1024 * 1024;

/** Starts connecting at once and returns without waiting. */
export function openConnection(target: Target, options: ConnectionOptions = {}): Connection {
  return new NodeConnection(target, options);
}

interface Waiter {
  resolve(link: ClientLink<ClientContext>): void;
  reject(error: AppError): void;
}

class NodeConnection implements Connection {
  readonly client: NodeClient;
  readonly address: string;
  readonly local: boolean;
  readonly #target: Target;
  readonly #host: string;
  readonly #options: ConnectionOptions;
  readonly #knownNodes: KnownNodes;
  readonly #listeners = new Set<(state: ConnectionState) => void>();
  readonly #waiters = new Set<Waiter>();
  #token: string | undefined;
  #state: ConnectionState;
  #link: ClientLink<ClientContext> | undefined;
  #socket: WebSocket | undefined;
  #retryTimer: NodeJS.Timeout | undefined;
  /** Counts attempts, so that a late result of an abandoned one is recognised. */
  #generation = 0;

  constructor(target: Target, options: ConnectionOptions) {
    const remote = target.kind === 'remote' ? parseNodeUrl(target.url) : undefined;
    this.#target = target;
    this.#options = options;
    this.#token = options.token;
    this.#knownNodes = options.knownNodes ?? fileKnownNodes();
    this.local = remote === undefined;
    this.address = target.kind === 'remote' ? parseNodeUrl(target.url).url : target.dataDir;
    this.#host = remote ? new URL(remote.url).host : 'localhost';
    this.#state = { phase: 'connecting', sinceMs: Date.now(), attempts: 0, retryAtMs: null, error: null };
    this.client = createORPCClient(
      new ReconnectingLink({
        current: () => this.#currentLink(),
        callTimeoutMs: options.callTimeoutMs ?? 30_000,
      }),
    );
    void this.#attempt();
  }

  state(): ConnectionState {
    return this.#state;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  setToken(token: string | undefined): void {
    this.#token = token;
    if (this.#state.phase === 'closed') return;
    this.#abandon();
    this.#enter({ phase: 'connecting', attempts: 0, retryAtMs: null, error: null });
    void this.#attempt();
  }

  async download(path: string): Promise<Download> {
    const socket = await this.#dial();
    return downloadOver(socket, { path, host: this.#host, token: this.#token });
  }

  close(): void {
    if (this.#state.phase === 'closed') return;
    this.#abandon();
    const error = new AppError('unavailable', 'the connection was closed');
    this.#enter({ phase: 'closed', attempts: 0, retryAtMs: null, error: null });
    this.#rejectWaiters(error);
    this.#listeners.clear();
  }

  /** Forgets the present socket, attempt and timer. */
  #abandon(): void {
    this.#generation += 1;
    clearTimeout(this.#retryTimer);
    this.#link = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #currentLink(): Promise<ClientLink<ClientContext>> {
    if (this.#link) return Promise.resolve(this.#link);
    const { phase, error, retryAtMs } = this.#state;
    if (phase === 'closed') return Promise.reject(new AppError('unavailable', 'the connection was closed'));
    if (phase === 'disconnected' && retryAtMs === null && error) return Promise.reject(error);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (link) => {
          clearTimeout(timer);
          resolve(link);
        },
        reject: (reason) => {
          clearTimeout(timer);
          reject(reason);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(this.#state.error ?? new AppError('timeout', `no connection to ${this.address} yet`));
      }, this.#connectTimeoutMs);
      this.#waiters.add(waiter);
    });
  }

  get #connectTimeoutMs(): number {
    return this.#options.connectTimeoutMs ?? 5_000;
  }

  #dial(): Promise<Socket> {
    return dial(this.#target, {
      knownNodes: this.#knownNodes,
      timeoutMs: this.#connectTimeoutMs,
      onFirstContact: this.#options.onFirstContact,
    });
  }

  async #attempt(): Promise<void> {
    const generation = this.#generation;
    try {
      const socket = await this.#dial();
      if (generation !== this.#generation) return void socket.destroy();
      const webSocket = await this.#upgrade(socket);
      if (generation !== this.#generation) return void webSocket.close();
      this.#adopt(webSocket);
    } catch (thrown) {
      if (generation === this.#generation) this.#failed(toAppError(thrown));
    }
  }

  #upgrade(socket: Socket): Promise<WebSocket> {
    return new Promise((resolve, reject) => {
      const webSocket = new WebSocket(`ws://${this.#host}/ws`, {
        createConnection: () => socket,
        perMessageDeflate: false,
        maxPayload: messageBytesMax,
        handshakeTimeout: this.#connectTimeoutMs,
        headers: this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` },
      });
      webSocket.binaryType = 'arraybuffer';
      webSocket.once('open', () => resolve(webSocket));
      webSocket.once('unexpected-response', (_request, response) => {
        response.resume();
        socket.destroy();
        reject(fromHttp(response.statusCode ?? 500, ''));
      });
      webSocket.on('error', (cause) =>
        reject(new AppError('unavailable', `${this.address} refused the connection`, { cause })),
      );
    });
  }

  #adopt(webSocket: WebSocket): void {
    this.#socket = webSocket;
    // ws follows the DOM's events when it runs; only its types spell the overloads in another way.
    const websocket = webSocket as unknown as LinkWebsocketClientOptions['websocket'];
    const link = new RPCLink({ websocket });
    this.#link = link;
    const stopPinging = keepAlive(webSocket);
    webSocket.once('close', () => {
      stopPinging();
      if (this.#socket !== webSocket) return;
      this.#socket = undefined;
      this.#link = undefined;
      this.#failed(
        new AppError('unavailable', `the connection to ${this.address} was lost`, {
          hint: 'it is tried again by itself; look whether the agent runs',
        }),
      );
    });
    this.#enter({ phase: 'connected', attempts: 0, retryAtMs: null, error: null });
    for (const waiter of this.#waiters) waiter.resolve(link);
    this.#waiters.clear();
  }

  #failed(error: AppError): void {
    const attempts = this.#state.attempts + 1;
    const final =
      this.#options.reconnect === false || error.code === 'unauthorized' || error.code === 'forbidden';
    if (final) {
      this.#enter({ phase: 'disconnected', attempts, retryAtMs: null, error });
      this.#rejectWaiters(error);
      return;
    }
    const delayMs = reconnectDelayMs(attempts, this.#options.random ?? Math.random);
    this.#enter({ phase: 'disconnected', attempts, retryAtMs: Date.now() + delayMs, error });
    this.#retryTimer = setTimeout(() => {
      this.#enter({ ...this.#state, phase: 'connecting', retryAtMs: null });
      void this.#attempt();
    }, delayMs);
  }

  #rejectWaiters(error: AppError): void {
    for (const waiter of this.#waiters) waiter.reject(error);
    this.#waiters.clear();
  }

  #enter(next: Omit<ConnectionState, 'sinceMs'>): void {
    this.#state = { ...next, sinceMs: Date.now() };
    for (const listener of this.#listeners) listener(this.#state);
  }
}

/** Pings, and ends a connection whose last ping was not answered; returns the way to stop. */
function keepAlive(webSocket: WebSocket): () => void {
  let answered = true;
  webSocket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return webSocket.terminate();
    answered = false;
    webSocket.ping();
  }, pingIntervalMs);
  return () => clearInterval(timer);
}
