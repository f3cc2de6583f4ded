/** One RTSP connection of the test camera: answers requests in order, and plays at most one session. */
import { randomUUID } from 'node:crypto';
import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { type Account, challenges, isAuthorised } from './digest.ts';
import type { Faults } from './faults.ts';
import { type CameraCounters, PlayingSession, type UdpPorts } from './listener.ts';
import type { Programme } from './programme.ts';
import { RequestAssembler, type RtspRequest } from './request.ts';
import { describeProgramme } from './sdp.ts';
import type { Station } from './station.ts';

/** A camera that a path names. */
export interface Camera {
  readonly number: number;
  readonly programme: Programme;
  readonly counters: CameraCounters;
}

/** What a connection needs from the server. */
export interface CameraHouse {
  readonly faults: Faults;
  readonly account: Account | null;
  readonly frameMs: number;
  camera(path: string): Camera | null;
  station(camera: Camera): Station;
  udp(): Promise<{ socket: UdpSocket; port: number }>;
}

type Transport = UdpPorts | 'interleaved';
type Header = readonly [string, string];

const methods = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN';

export function serveConnection(socket: Socket, house: CameraHouse): void {
  const connection = new Connection(socket, house);
  socket.setNoDelay(true);
  socket.on('data', (bytes: Buffer) => connection.receive(bytes));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => connection.stop());
}

class Connection {
  readonly #socket: Socket;
  readonly #house: CameraHouse;
  readonly #assembler = new RequestAssembler();
  readonly #nonce = randomUUID();
  readonly #session = randomUUID().slice(0, 8);
  #tracks: { video: Transport | null; audio: Transport | null } = { video: null, audio: null };
  #playing: { station: Station; listener: PlayingSession } | null = null;
  /** Requests are answered one after the other, also where one has to wait. */
  #queue: Promise<void> = Promise.resolve();

  constructor(socket: Socket, house: CameraHouse) {
    this.#socket = socket;
    this.#house = house;
  }

  receive(bytes: Buffer): void {
    try {
      for (const request of this.#assembler.push(bytes)) {
        this.#queue = this.#queue.then(() => this.#answer(request)).catch(() => this.#refuse());
      }
    } catch {
      this.#refuse();
    }
  }

  stop(): void {
    this.#playing?.station.listeners.delete(this.#playing.listener);
    this.#playing = null;
  }

  #refuse(): void {
    this.#socket.end('RTSP/1.0 400 Bad Request\r\n\r\n');
    this.stop();
  }

  async #answer(request: RtspRequest): Promise<void> {
    if (this.#socket.destroyed) return;
    const { account, faults } = this.#house;
    if (request.method === 'OPTIONS') {
      this.#reply(request, '200 OK', [['Public', methods]]);
      return;
    }
    const welcome = account === null || isAuthorised(request, account, this.#nonce);
    if (faults.wrongAuth || !welcome) {
      const headers = challenges(this.#nonce).map((value): Header => ['WWW-Authenticate', value]);
      this.#reply(request, '401 Unauthorized', headers);
      return;
    }
    const camera = this.#house.camera(pathOf(request.uri));
    if (camera === null) this.#reply(request, '404 Not Found');
    else await this.#perform(request, camera);
  }

  async #perform(request: RtspRequest, camera: Camera): Promise<void> {
    const session: Header = ['Session', `${this.#session};timeout=60`];
    switch (request.method) {
      case 'DESCRIBE':
        this.#describe(request, camera);
        return;
      case 'SETUP':
        await this.#setUp(request, session);
        return;
      case 'PLAY':
        await this.#play(request, camera, session);
        return;
      case 'PAUSE':
      case 'TEARDOWN':
        this.stop();
        this.#reply(request, '200 OK', [session]);
        return;
      case 'GET_PARAMETER':
      case 'SET_PARAMETER':
        this.#reply(request, '200 OK', [session]);
        return;
      default:
        this.#reply(request, '501 Not Implemented');
    }
  }

  #describe(request: RtspRequest, camera: Camera): void {
    const body = describeProgramme(camera.programme, this.#house.faults);
    const base: Header = ['Content-Base', `${request.uri.replace(/\/$/, '')}/`];
    const headers: Header[] = [['Content-Type', 'application/sdp']];
    this.#reply(request, '200 OK', this.#house.faults.badSdp ? headers : [base, ...headers], body);
  }

  /** Channels are the server's choice: a client must use those of the answer. */
  async #setUp(request: RtspRequest, session: Header): Promise<void> {
    const track = /trackID=0\/?$/.test(request.uri) ? 'video' : 'audio';
    const asked = request.headers.get('transport') ?? '';
    const client = /client_port=(\d+)(?:-(\d+))?/.exec(asked);
    if (/\/TCP/i.test(asked)) {
      this.#tracks[track] = 'interleaved';
      const channels = track === 'video' ? '0-1' : '2-3';
      this.#reply(request, '200 OK', [['Transport', `RTP/AVP/TCP;unicast;interleaved=${channels}`], session]);
      return;
    }
    if (client === null || /multicast/i.test(asked)) {
      this.#reply(request, '461 Unsupported Transport');
      return;
    }
    const rtp = Number(client[1]);
    const rtcp = Number(client[2] ?? rtp + 1);
    const { port } = await this.#house.udp();
    this.#tracks[track] = { rtp, rtcp };
    const transport = `RTP/AVP;unicast;client_port=${rtp}-${rtcp};server_port=${port}-${port}`;
    this.#reply(request, '200 OK', [['Transport', transport], session]);
  }

  async #play(request: RtspRequest, camera: Camera, session: Header): Promise<void> {
    const { video, audio } = this.#tracks;
    if (video === null && audio === null) {
      this.#reply(request, '455 Method Not Valid in This State');
      return;
    }
    this.stop();
    const overUdp = [video, audio].some((track) => track !== null && track !== 'interleaved');
    const udp = overUdp ? (await this.#house.udp()).socket : null;
    if (this.#socket.destroyed) return;
    const station = this.#house.station(camera);
    const positions = station.positionsAtKey();
    const base = request.uri.replace(/\/$/, '');
    const info = (['video', 'audio'] as const)
      .filter((track) => this.#tracks[track] !== null)
      .map((track) => {
        const { sequence, timestamp } = positions[track];
        return `url=${base}/trackID=${track === 'video' ? 0 : 1};seq=${sequence};rtptime=${timestamp}`;
      });
    this.#reply(request, '200 OK', [session, ['Range', 'npt=0.000-'], ['RTP-Info', info.join(',')]]);
    const { faults, frameMs } = this.#house;
    const listener = new PlayingSession({
      socket: this.#socket,
      udp,
      video,
      audio,
      faults,
      frameMs,
      counters: camera.counters,
      seed: camera.number,
    });
    station.listeners.add(listener);
    this.#playing = { station, listener };
  }

  #reply(request: RtspRequest, status: string, headers: readonly Header[] = [], body = ''): void {
    const all: Header[] = [['CSeq', request.headers.get('cseq') ?? '0'], ...headers];
    if (body !== '') all.push(['Content-Length', String(Buffer.byteLength(body))]);
    const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#socket.write(`RTSP/1.0 ${status}\r\n${lines}\r\n${body}`);
  }
}

/** Without host, query and the track at its end. */
function pathOf(uri: string): string {
  const path = /^rtsp:\/\/[^/]+(\/[^?]*)/i.exec(uri)?.[1] ?? uri;
  return path.replace(/\/trackID=\d+\/?$/, '').replace(/\/$/, '');
}
