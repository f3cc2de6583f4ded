/** A scripted RTSP camera on a loopback socket: answers like a plain one, except where a test says otherwise. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { h264, rtp } from '../rtp/packets.ts';

export interface FakeRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
}

export interface FakeReply {
  readonly status?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Sent before and behind the reply in the same write. */
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
}

/** Returns undefined for the plain answer, null for none. */
export type Script = (request: FakeRequest, socket: Socket) => FakeReply | null | undefined;

export const videoSdp = [
  'v=0',
  's=fake',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  `a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${h264.sps.toString('base64')},${h264.pps.toString('base64')}`,
  'a=control:track1',
].join('\r\n');

export const soundSdp = `${videoSdp}\r\nm=audio 0 RTP/AVP 8\r\na=control:track2\r\n`;

export function interleave(channel: number, packet: Uint8Array): Uint8Array {
  return Uint8Array.from([0x24, channel, packet.length >> 8, packet.length & 0xff, ...packet]);
}

/** Whole pictures, one packet each, every fifth an IDR. */
export function pictures(channel: number, count: number, first = 0): Uint8Array {
  const packets = Array.from({ length: count }, (_, i) => {
    const payload = (first + i) % 5 === 0 ? h264.idr : h264.slice;
    return interleave(channel, picturePacket(first + i, payload));
  });
  return Uint8Array.from(packets.flatMap((packet) => [...packet]));
}

export function picturePacket(index: number, payload: Uint8Array): Uint8Array {
  return rtp({ sequence: index, timestamp: index * 3600, payload, marker: true });
}

export class FakeServer {
  readonly requests: FakeRequest[] = [];
  /** Interleaved bytes that the client sent. */
  readonly frames: { channel: number; bytes: Buffer }[] = [];
  /** Replies to requests of this server. */
  readonly replies: string[] = [];
  readonly sockets = new Set<Socket>();
  script: Script;
  readonly #server: Server;
  readonly #secure: boolean;
  readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

  constructor(script: Script = () => undefined, tls?: { key: string; cert: string }) {
    this.script = script;
    this.#secure = tls !== undefined;
    const serve = (socket: Socket) => this.#serve(socket);
    this.#server = tls ? createTlsServer(tls, serve) : createServer(serve);
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#secure ? 'rtsps' : 'rtsp'}://127.0.0.1:${this.port}/live`;
  }

  methods(): string[] {
    return this.requests.map((request) => request.method);
  }

  request(method: string): FakeRequest | undefined {
    return this.requests.findLast((request) => request.method === method);
  }

  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  send(bytes: Uint8Array | string): void {
    for (const socket of this.sockets) socket.write(bytes);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.#did();
    });
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      pending = Buffer.concat([pending, bytes]);
      for (let used = this.#take(pending, socket); used > 0; used = this.#take(pending, socket)) {
        pending = pending.subarray(used);
      }
      this.#did();
    });
  }

  #take(bytes: Buffer, socket: Socket): number {
    if (bytes[0] === 0x24) {
      const end = bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + bytes.readUInt16BE(2);
      if (end > bytes.length) return 0;
      this.frames.push({ channel: bytes[1] ?? 0, bytes: Buffer.from(bytes.subarray(4, end)) });
      return end;
    }
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    const [line = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n');
    if (line.startsWith('RTSP/')) this.replies.push([line, ...lines].join('\n'));
    else this.#answer(line, lines, socket);
    return end + 4;
  }

  #answer(line: string, lines: string[], socket: Socket): void {
    const [method = '', url = ''] = line.split(' ');
    const headers = new Map(
      lines.map((text) => [
        text.split(':')[0]?.toLowerCase() ?? '',
        text.slice(text.indexOf(':') + 1).trim(),
      ]),
    );
    const request = { method, url, headers };
    this.requests.push(request);
    const scripted = this.script(request, socket);
    if (scripted === null) return;
    const reply = { ...plain(request), ...scripted };
    const head = { CSeq: headers.get('cseq') ?? '', ...reply.headers };
    const body = reply.body ?? '';
    const text = [
      `RTSP/1.0 ${reply.status ?? '200 OK'}`,
      ...Object.entries(head).map(([name, value]) => `${name}: ${value}`),
      ...(body === '' ? [] : [`Content-Length: ${body.length}`]),
      '',
      body,
    ].join('\r\n');
    socket.write(
      Buffer.concat([reply.before ?? Buffer.alloc(0), Buffer.from(text), reply.after ?? Buffer.alloc(0)]),
    );
  }

  #did(): void {
    for (const waiting of this.#waiting) if (waiting.test()) waiting.resolve();
  }
}

function plain({ method, headers }: FakeRequest): FakeReply {
  if (method === 'OPTIONS')
    return { headers: { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' } };
  if (method === 'DESCRIBE') return { headers: { 'Content-Type': 'application/sdp' }, body: videoSdp };
  if (method === 'SETUP') {
    return { headers: { Session: 'abc;timeout=60', Transport: headers.get('transport') ?? '' } };
  }
  return {};
}
