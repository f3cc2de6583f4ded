/** The thin shell of the session machine: performs its actions on sockets and reports back what happens. */
import { AppError } from '../../../src/errors.ts';
import { type ReceptionReport, writeReceiverReport } from '../rtp/rtcp.ts';
import type { SessionEnd } from '../types.ts';
import { authorization } from './auth.ts';
import type { AuthState } from './auth-state.ts';
import { Connection, certificateRejected } from './connection.ts';
import * as endings from './endings.ts';
import { InterleavedSplitter } from './interleaved.ts';
import { initialState, step } from './machine.ts';
import { MediaRoutes } from './media-routes.ts';
import { MediaTracks, type TrackName } from './media-tracks.ts';
import { type RtspMessage, writeRequest, writeResponse } from './message-codec.ts';
import type {
  Outstanding,
  SessionAction,
  SessionEvent,
  SessionSettings,
  SessionState,
} from './session-state.ts';
import type { RtspSession, RtspSessionOptions, RtspSessionStats } from './session-types.ts';
import { UdpPorts } from './udp-ports.ts';
import { parseRtspUrl } from './url.ts';

const reportEveryMs = 5000;
const teardownWaitMs = 1000;

export type DriverOptions = RtspSessionOptions &
  Required<
    Pick<
      RtspSessionOptions,
      'random' | 'connectTimeoutMs' | 'responseTimeoutMs' | 'mediaTimeoutMs' | 'userAgent'
    >
  >;

export class SessionDriver implements RtspSession {
  readonly ended: Promise<SessionEnd>;
  readonly #options: DriverOptions;
  readonly #settings: SessionSettings;
  readonly #closed: Promise<void>;
  #resolveEnded: (end: SessionEnd) => void = () => {};
  #resolveClosed: () => void = () => {};
  #state: SessionState;
  #connection: Connection | null = null;
  #splitter: InterleavedSplitter | null = null;
  #tracks: MediaTracks | null = null;
  #routes: MediaRoutes | null = null;
  readonly #udp = new Map<TrackName, UdpPorts>();
  /** Our SSRC. */
  readonly #reportSource: number;
  #over = false;
  /** A message came over this connection: whoever is there speaks RTSP. */
  #understood = false;
  #teardownCseq: number | null = null;
  #arrivalMs = 0;
  #bytesReceived = 0;
  #nextReportMs = Number.POSITIVE_INFINITY;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#reportSource = Math.floor(options.random() * 2 ** 32);
    this.#settings = {
      url: options.url,
      hasCredentials: options.user !== null,
      allowBasicAuth: options.allowBasicAuth,
      transport: options.transport,
      connectTimeoutMs: options.connectTimeoutMs,
      responseTimeoutMs: options.responseTimeoutMs,
      mediaTimeoutMs: options.mediaTimeoutMs,
    };
    this.#state = initialState(this.#settings);
    this.#begin();
  }

  stats(): RtspSessionStats {
    return {
      bytesReceived: this.#bytesReceived,
      packetsLost: this.#tracks?.packetsLost ?? 0,
      playing: this.#state.phase === 'playing',
      transport: this.#state.transport,
    };
  }

  stop(): Promise<void> {
    this.#dispatch({ kind: 'stop' });
    return this.#closed;
  }

  resumeReading(): void {
    this.#connection?.resume();
  }

  houseKeeping(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const ports of this.#udp.values()) ports.tick();
    const packets = this.#tracks?.video.packetsReceived ?? 0;
    const skippedBytes = this.#splitter?.skippedBytes ?? 0;
    this.#dispatch({ kind: 'tick', packets, units: this.#tracks?.units ?? 0, skippedBytes });
    if (nowMs < this.#nextReportMs || this.#over) return;
    this.#nextReportMs = nowMs + reportEveryMs;
    this.#sendReports();
  }

  /** A frame of a known channel, a view into the read buffer. */
  frame(channel: number, bytes: Uint8Array, start: number, end: number): void {
    this.#routes?.packet(channel, bytes, start, end, this.#arrivalMs);
  }

  message(message: RtspMessage): void {
    this.#understood = true;
    if (this.#over) this.#afterEnd(message);
    else if (message.kind === 'response') this.#dispatch({ kind: 'response', response: message });
    else this.#dispatch({ kind: 'request', request: message });
  }

  #begin(): void {
    let url: string;
    try {
      url = parseRtspUrl(this.#options.url).text;
    } catch (error) {
      const known = error instanceof AppError ? error : null;
      this.#finish(endings.unusableAddress(known?.message ?? '', known?.hint ?? ''), null);
      return;
    }
    this.#state = { ...this.#state, url };
    this.#options.reader.add(this);
    this.#dispatch({ kind: 'start' });
  }

  #dispatch(event: SessionEvent): void {
    const next = step(this.#settings, this.#state, event, this.#options.clock.monotonicMs());
    this.#state = next.state;
    for (const action of next.actions) this.#perform(action);
  }

  #perform(action: SessionAction): void {
    switch (action.kind) {
      case 'connect':
        this.#connect(action.url);
        return;
      case 'send':
        this.#send(action.request, action.auth);
        return;
      case 'reply':
        this.#connection?.write(writeResponse(action));
        return;
      case 'prepare':
        this.#tracks = new MediaTracks({
          ...action.selection,
          receiver: this.#options.receiver,
          onGoodbye: (isLast) => this.#dispatch({ kind: 'goodbye', isLast }),
        });
        this.#routes = new MediaRoutes(this.#tracks);
        return;
      case 'openPorts':
        void this.#openPorts(action.track);
        return;
      case 'bind':
        this.#bind(action);
        return;
      case 'drop':
        this.#tracks?.dropAudio();
        this.#udp.get(action.track)?.close();
        this.#udp.delete(action.track);
        return;
      case 'note':
        this.#tracks?.note(action.text);
        return;
      case 'playing':
        this.#nextReportMs = this.#options.clock.monotonicMs() + reportEveryMs;
        if (this.#connection) this.#connection.batching = this.#options.reader.readBatchMs > 0;
        return;
      case 'end':
        this.#finish(action.end, action.teardown);
    }
  }

  #connect(text: string): void {
    this.#connection?.destroy();
    const { host, port, secure } = parseRtspUrl(text);
    const splitter = new InterleavedSplitter(this);
    this.#splitter = splitter;
    this.#understood = false;
    try {
      this.#connection = this.#open(splitter, host, port, secure);
    } catch (error) {
      // Node refuses at once what is no address of a network card.
      this.#connection = null;
      this.#dispatch({
        kind: 'failed',
        end: endings.unusableAddress(String(error), endings.checkLocalAddress),
      });
    }
  }

  #open(splitter: InterleavedSplitter, host: string, port: number, secure: boolean): Connection {
    const connection: Connection = new Connection({
      reader: this.#options.reader,
      host,
      port,
      secure,
      localAddress: this.#options.localAddress,
      tlsFingerprint: this.#options.tlsFingerprint,
      onConnected: () => {
        if (this.#connection === connection) this.#dispatch({ kind: 'connected' });
      },
      onRead: (bytes, length) => {
        if (this.#connection !== connection) return;
        this.#read(splitter, bytes, length);
        if (!this.#understood && splitter.skippedBytes > 0 && !this.#over) {
          const first = bytes.subarray(0, length);
          this.#dispatch({ kind: 'failed', end: endings.noRtsp(`${host}:${port}`, first) });
        }
      },
      onClosed: (code) => {
        if (this.#connection === connection) this.#onClosed(code, `${host}:${port}`);
      },
    });
    return connection;
  }

  /** A stream that cannot be taken apart ends its own session, not the process with all the others. */
  #read(splitter: InterleavedSplitter, bytes: Uint8Array, length: number): void {
    this.#bytesReceived += length;
    this.#arrivalMs = this.#options.clock.utcMs();
    this.#guarded(() => splitter.push(bytes, length));
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (this.#over) {
        this.#connection?.destroy();
        return;
      }
      const known = error instanceof AppError;
      // A receiver that failed once is not called again.
      if (!known) this.#tracks = null;
      const end = known ? endings.malformed(error.message) : endings.internalFailure(String(error));
      this.#dispatch({ kind: 'failed', end });
    }
  }

  #onClosed(code: string | null, address: string): void {
    if (this.#over) {
      this.#resolveClosed();
      return;
    }
    this.#connection = null;
    if (code === certificateRejected)
      this.#dispatch({ kind: 'failed', end: endings.certificateMismatch(address) });
    else this.#dispatch({ kind: 'closed', code });
  }

  #send(request: Outstanding, auth: AuthState): void {
    const { user, password, userAgent, random } = this.#options;
    const headers: [string, string][] = [
      ['CSeq', String(request.cseq)],
      ['User-Agent', userAgent],
      ...request.headers.map(([name, value]): [string, string] => [name, value]),
    ];
    if (auth.challenge !== null && user !== null) {
      const clientNonce = Math.floor(random() * 2 ** 48)
        .toString(16)
        .padStart(12, '0');
      const { method, url } = request;
      const answer = { challenge: auth.challenge, user, password: password ?? '', method, url, clientNonce };
      headers.push(['Authorization', authorization({ ...answer, nonceCount: auth.nonceCount })]);
    }
    this.#connection?.write(writeRequest({ method: request.method, url: request.url, headers }));
  }

  async #openPorts(track: TrackName): Promise<void> {
    const { localAddress, random, clock } = this.#options;
    try {
      const ports = await UdpPorts.open({
        localAddress,
        remoteAddress: this.#connection?.remoteAddress ?? '127.0.0.1',
        random,
        utcMs: () => clock.utcMs(),
        onRtp: (bytes, arrivalMs) => this.#datagram(track, bytes, arrivalMs),
        onRtcp: (bytes, arrivalMs) => {
          if (!this.#over) this.#guarded(() => this.#tracks?.rtcp(track, bytes, 0, bytes.length, arrivalMs));
        },
      });
      if (this.#over || this.#state.phase !== 'ports') {
        ports.close();
        return;
      }
      this.#udp.get(track)?.close();
      this.#udp.set(track, ports);
      this.#dispatch({ kind: 'ports', ports: ports.ports });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#dispatch({ kind: 'failed', end: endings.noPorts(text) });
    }
  }

  #datagram(track: TrackName, bytes: Uint8Array, arrivalMs: number): void {
    if (this.#over) return;
    this.#bytesReceived += bytes.length;
    const target = track === 'video' ? this.#tracks?.video : this.#tracks?.audio;
    this.#guarded(() => target?.packet(bytes, 0, bytes.length, arrivalMs));
  }

  #bind(action: Extract<SessionAction, { kind: 'bind' }>): void {
    const { track, answer } = action;
    if (action.transport === 'tcp') {
      const channels = answer.channels ?? action.askedChannels;
      for (const channel of channels) this.#splitter?.know(channel);
      this.#routes?.bind(track, channels);
      return;
    }
    const target = track === 'video' ? this.#tracks?.video : this.#tracks?.audio;
    target?.guardSource();
    if (answer.ssrc !== null) target?.expectSource(answer.ssrc);
    const greeting = writeReceiverReport({ source: this.#reportSource, name: 'holdfast', reports: [] });
    this.#udp.get(track)?.connect({ ports: answer.serverPorts, source: answer.source }, greeting);
  }

  #sendReports(): void {
    const nowMs = this.#options.clock.utcMs();
    for (const name of ['video', 'audio'] as const) {
      const track = name === 'video' ? this.#tracks?.video : this.#tracks?.audio;
      const report = track?.report(nowMs) ?? null;
      if (report !== null) this.#sendReport(name, report);
    }
  }

  #sendReport(name: TrackName, report: ReceptionReport): void {
    const bytes = writeReceiverReport({ source: this.#reportSource, name: 'holdfast', reports: [report] });
    const ports = this.#udp.get(name);
    if (ports !== undefined) {
      ports.report(bytes);
      return;
    }
    const channel = this.#routes?.rtcpChannel(name) ?? null;
    if (channel === null) return;
    const head = Uint8Array.of(0x24, channel, bytes.length >> 8, bytes.length & 0xff);
    this.#connection?.write(Buffer.concat([head, bytes]));
  }

  #finish(end: SessionEnd, teardown: Outstanding | null): void {
    this.#over = true;
    this.#tracks?.close();
    this.#routes = null;
    for (const ports of this.#udp.values()) ports.close();
    this.#options.reader.remove(this);
    this.#resolveEnded(end);
    const connection = this.#connection;
    if (connection === null) {
      this.#resolveClosed();
      return;
    }
    if (teardown === null || this.#state.sessionId === null) {
      connection.destroy();
      return;
    }
    connection.batching = false;
    connection.resume();
    this.#teardownCseq = teardown.cseq;
    this.#send(teardown, this.#state.auth);
    const timer = setTimeout(() => connection.destroy(), teardownWaitMs);
    void this.#closed.then(() => clearTimeout(timer));
  }

  /** Any answer to TEARDOWN is good enough. */
  #afterEnd(message: RtspMessage): void {
    if (
      message.kind === 'response' &&
      message.headers.some(([name, value]) => name === 'cseq' && Number(value) === this.#teardownCseq)
    ) {
      this.#connection?.destroy();
    }
  }
}
