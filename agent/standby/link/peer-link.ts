/**
 * The link between the agents of a pair: TLS both ways with pinned certificates. A stranger may do nothing but pair, and
 * that only while a code is shown.
 */
import { connect as connectTls, createServer, type Server, type TLSSocket } from 'node:tls';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { limitPerAddress, plainAddress } from '../../adapters/connection-limit.ts';
import { fromErrno } from '../../adapters/errno.ts';
import { type PeerMethod, PeerMethods, peerMethod } from './methods.ts';
import {
  beginPairing,
  confirmPairing,
  joinWithCode,
  type PairedPeer,
  PairingDesk,
  type PairingNode,
  type PairingVisitor,
} from './pairing.ts';
import { answerRequests, away, PeerAsker, pairedLineBytesMax, strangerLineBytesMax } from './wire.ts';

export const peerPortDefault = 7330;

const connectionsMax = 64;
/** The peer needs one, and another for a moment: strangers elsewhere cannot take its place. */
const connectionsPerAddressMax = 4;
const anyHosts: ReadonlySet<string> = new Set(['0.0.0.0', '::']);
const handshakeTimeoutMs = 5_000;
/** A stranger is sent away after this long. */
const strangerMsMax = 30_000;
const redialMinMs = 250;
const redialMaxMs = 5_000;
const pingIntervalMs = 2_000;
/** How long a question waits for a connection that is just being made. */
const connectWaitMs = 1_500;
const connectPollMs = 50;

const ping = peerMethod({ name: 'ping', input: z.object({}), output: z.object({}), timeoutMs: 3_000 });

export interface PeerAddress {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of its certificate as Node prints it. */
  readonly fingerprint: string;
}

export interface PeerLinkOptions {
  clock: Clock;
  listen: { host: string; port: number };
  certificate: { certPem: string; keyPem: string; fingerprint: string };
  self: () => Omit<PairingNode, 'port' | 'host'>;
  /** Another node has proven to know the code. @throws AppError when this node has a pair already. */
  admit: (peer: PairedPeer) => Promise<void>;
  /** Connected to the peer, or lost it. */
  onChange: () => void;
  /** For the journal, at most one of a kind a minute. */
  onEvent: (event: { level: 'info' | 'warning'; event: string; text: string }) => void;
}

const repeatEventMs = 60_000;

export class PeerLink {
  readonly methods = new PeerMethods();
  readonly #options: PeerLinkOptions;
  readonly #desk: PairingDesk;
  /** Accepted connections with the certificate behind each. */
  readonly #sockets = new Map<TLSSocket, string | null>();
  /** Certificate of the node that is being joined. */
  #joining: string | null = null;
  readonly #toldAtMs = new Map<string, number>();
  #server: Server | null = null;
  #peer: PeerAddress | null = null;
  #asker: PeerAsker | null = null;
  #dialled: TLSSocket | null = null;
  #cancel: Cancel = () => {};
  #redialMs = redialMinMs;
  #closed = false;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.methods.serve(ping, () => ({}));
    this.#desk = new PairingDesk({
      clock: options.clock,
      self: () => this.#self(),
      fingerprint: options.certificate.fingerprint,
      admit: options.admit,
      onRefused: (from, locked) =>
        this.#tell(
          locked ? 'standby.pairing-locked' : 'standby.pairing-refused',
          `a node at ${from} tried to pair with a wrong code${locked ? '; the code is void' : ''}`,
        ),
    });
  }

  get connected(): boolean {
    return this.#asker !== null;
  }

  /** `host:port` as bound; null while it does not listen. */
  get listens(): string | null {
    const address = this.#server?.address();
    if (!address || typeof address === 'string') return null;
    return address.family === 'IPv6'
      ? `[${address.address}]:${address.port}`
      : `${address.address}:${address.port}`;
  }

  /** Opens the port, once. @throws AppError when it is taken. */
  async listen(): Promise<void> {
    if (this.#server) return;
    const { certificate, listen } = this.#options;
    const server = createServer({
      cert: certificate.certPem,
      key: certificate.keyPem,
      requestCert: true,
      // Self-signed by design: the fingerprint decides, below.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      handshakeTimeout: handshakeTimeoutMs,
    });
    server.maxConnections = connectionsMax;
    limitPerAddress(server, connectionsPerAddressMax);
    server.on('secureConnection', (socket) => this.#accept(socket));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(listen.port, listen.host, resolve);
      });
    } catch (error) {
      this.#server = null;
      throw fromErrno(error, `listen for the other node on ${listen.host}:${listen.port}`);
    }
    server.on('error', (error) =>
      this.#tell('standby.link-failed', `the peer link failed: ${error.message}`),
    );
  }

  /** @throws AppError when the port cannot be opened. */
  async showCode(): Promise<{ code: string; expiresAtMs: number }> {
    await this.listen();
    return this.#desk.show();
  }

  /** Pairs with the node at an address by the code that it shows; the caller keeps the result. */
  async join(target: { host: string; port: number }, code: string): Promise<PairedPeer> {
    await this.listen();
    const { certificate, clock } = this.#options;
    const socket = await this.#dial(target);
    const otherFingerprint = fingerprintOf(socket) ?? '';
    this.#joining = otherFingerprint;
    try {
      const asker = new PeerAsker(socket, clock);
      return await joinWithCode({
        code,
        self: this.#self(),
        fingerprint: certificate.fingerprint,
        otherFingerprint,
        host: target.host,
        ask: (method, input) => asker.ask(method, input),
      });
    } finally {
      socket.destroy();
    }
  }

  /** Keeps a connection to the pinned peer from now on; null for none. */
  connectTo(peer: PeerAddress | null): void {
    if (JSON.stringify(peer) === JSON.stringify(this.#peer)) return;
    const before = this.#peer;
    this.#peer = peer;
    this.#hangUp();
    this.#cancel();
    for (const [socket, fingerprint] of this.#sockets) {
      if (fingerprint === before?.fingerprint && fingerprint !== peer?.fingerprint) socket.destroy();
    }
    if (peer) void this.#keepConnected();
  }

  /** @throws AppError as the peer answered, `unavailable` while it is away. */
  async ask<Input, Output>(method: PeerMethod<Input, Output>, input: Input): Promise<Output> {
    const deadlineMs = this.#options.clock.monotonicMs() + connectWaitMs;
    while (!this.#asker && this.#peer && this.#options.clock.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => this.#options.clock.after(connectPollMs, resolve));
    }
    if (!this.#asker) throw away();
    return this.#asker.ask(method, input);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#hangUp();
    for (const socket of this.#sockets.keys()) socket.destroy();
    const server = this.#server;
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #self(): PairingNode {
    const address = this.#server?.address();
    const port = address && typeof address === 'object' ? address.port : this.#options.listen.port;
    const { host } = this.#options.listen;
    return { ...this.#options.self(), host: anyHosts.has(host) ? null : host, port };
  }

  #accept(socket: TLSSocket): void {
    const fingerprint = fingerprintOf(socket);
    const host = plainAddress(socket.remoteAddress);
    this.#sockets.set(socket, fingerprint);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const isPeer = fingerprint !== null && fingerprint === this.#peer?.fingerprint;
    if (fingerprint === null || !(isPeer || this.#desk.open)) {
      // The node that we are pairing with at this moment dials a little before its certificate is on our disk.
      if (fingerprint === null || fingerprint !== this.#joining)
        this.#tell(
          'standby.stranger-refused',
          `${host} claimed to be of this pair with the certificate ${fingerprint ?? '(none)'}; it was sent away`,
        );
      socket.destroy();
      return;
    }
    if (!isPeer)
      socket.once(
        'close',
        this.#options.clock.after(strangerMsMax, () => socket.destroy()),
      );
    const visits = this.#visitsOf({ fingerprint, host, begun: null });
    const bytesMax = isPeer ? pairedLineBytesMax : strangerLineBytesMax;
    answerRequests(socket, bytesMax, (method, input) =>
      isPeer && !visits.serves(method) ? this.methods.answer(method, input) : visits.answer(method, input),
    );
  }

  /** What a node may ask before it is known; also one that is, to pair anew. */
  #visitsOf(visitor: PairingVisitor): PeerMethods {
    const visits = new PeerMethods();
    visits.serve(beginPairing, (input) => this.#desk.begin(visitor, input));
    visits.serve(confirmPairing, (input) => this.#desk.confirm(visitor, input));
    return visits;
  }

  async #keepConnected(): Promise<void> {
    const peer = this.#peer;
    if (!peer || this.#closed) return;
    try {
      const socket = await this.#dial(peer);
      if (this.#peer !== peer || this.#closed) {
        socket.destroy();
        return;
      }
      if (fingerprintOf(socket) !== peer.fingerprint) {
        socket.destroy();
        throw new AppError('unauthorized', `the node at ${peer.host} shows another certificate`);
      }
      const asker = new PeerAsker(socket, this.#options.clock);
      this.#dialled = socket;
      socket.once('close', () => this.#lost(socket));
      await asker.ask(ping, {});
      this.#asker = asker;
      this.#redialMs = redialMinMs;
      this.#options.onChange();
      this.#schedulePing(asker, socket);
    } catch (error) {
      this.#dialled?.destroy();
      if (error instanceof AppError && error.code === 'unauthorized') {
        this.#tell('standby.peer-certificate', `${error.message}; it is not spoken to`);
      }
      this.#redial();
    }
  }

  /** A peer that vanished without a word is noticed. */
  #schedulePing(asker: PeerAsker, socket: TLSSocket): void {
    this.#cancel = this.#options.clock.after(pingIntervalMs, () => {
      void asker.ask(ping, {}).then(
        () => this.#asker === asker && this.#schedulePing(asker, socket),
        () => socket.destroy(),
      );
    });
  }

  #lost(socket: TLSSocket): void {
    if (this.#dialled !== socket) return;
    this.#dialled = null;
    if (!this.#asker) return;
    this.#asker = null;
    this.#options.onChange();
    this.#redial();
  }

  #redial(): void {
    if (this.#closed || !this.#peer) return;
    this.#cancel();
    this.#cancel = this.#options.clock.after(this.#redialMs, () => void this.#keepConnected());
    this.#redialMs = Math.min(redialMaxMs, this.#redialMs * 2);
  }

  #hangUp(): void {
    const socket = this.#dialled;
    this.#dialled = null;
    this.#asker = null;
    socket?.destroy();
  }

  #dial(target: { host: string; port: number }): Promise<TLSSocket> {
    const { certificate, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        host: target.host,
        port: target.port,
        cert: certificate.certPem,
        key: certificate.keyPem,
        rejectUnauthorized: false,
        minVersion: 'TLSv1.3',
        checkServerIdentity: () => undefined,
      });
      const cancel = clock.after(handshakeTimeoutMs, () => socket.destroy(new Error('no answer in time')));
      socket.once('secureConnect', () => {
        cancel();
        resolve(socket);
      });
      socket.once('error', (cause) => {
        cancel();
        reject(
          new AppError('unavailable', `no node answers at ${target.host}:${target.port}: ${cause.message}`, {
            hint: 'Is the agent there running with a peer link, and TCP port 7330 open in its firewall?',
            cause,
          }),
        );
      });
      socket.on('error', () => socket.destroy());
    });
  }

  #tell(event: string, text: string): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - (this.#toldAtMs.get(event) ?? Number.NEGATIVE_INFINITY) < repeatEventMs) return;
    this.#toldAtMs.set(event, nowMs);
    this.#options.onEvent({ level: 'warning', event, text });
  }
}

function fingerprintOf(socket: TLSSocket): string | null {
  return socket.getPeerX509Certificate()?.fingerprint256 ?? null;
}
