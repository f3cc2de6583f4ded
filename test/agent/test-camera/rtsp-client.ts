/** A bare RTSP client for tests: one request at a time, and the interleaved packets that came in. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RtspAnswer {
  status: number;
  text: string;
  body: string;
}

export interface RtpPacket {
  channel: number;
  marker: boolean;
  payloadType: number;
  sequence: number;
  timestamp: number;
  payload: Buffer;
}

export class TestRtspClient {
  readonly socket: Socket;
  readonly packets: Buffer[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #answers: RtspAnswer[] = [];
  #sequence = 0;
  #changed = Promise.withResolvers<void>();
  closed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => this.#take(bytes));
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  async ask(method: string, uri: string, headers: Record<string, string> = {}): Promise<RtspAnswer> {
    this.#sequence += 1;
    const all = Object.entries({ CSeq: String(this.#sequence), ...headers });
    this.socket.write(
      `${method} ${uri} RTSP/1.0\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    await this.until(() => this.#answers.length > 0 || this.closed);
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error('the connection was closed');
    return answer;
  }

  /** SETUP of both tracks over TCP, and PLAY. */
  async play(uri: string, headers: Record<string, string> = {}): Promise<RtspAnswer> {
    for (const track of [0, 1]) {
      const transport = `RTP/AVP/TCP;unicast;interleaved=${track * 2}-${track * 2 + 1}`;
      await this.ask('SETUP', `${uri}/trackID=${track}`, { Transport: transport, ...headers });
    }
    return this.ask('PLAY', uri, { Session: 'any', ...headers });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  rtp(channel: number): RtpPacket[] {
    return this.packets.filter((packet) => packet[1] === channel).map(parseRtp);
  }

  async close(): Promise<void> {
    this.socket.destroy();
    if (!this.closed) await once(this.socket, 'close');
  }

  #take(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    while (this.#takeOne());
    this.#wake();
  }

  #takeOne(): boolean {
    const pending = this.#pending;
    if (pending.length < 4) return false;
    if (pending[0] === 0x24) {
      const end = 4 + pending.readUInt16BE(2);
      if (pending.length < end) return false;
      this.packets.push(pending.subarray(0, end));
      this.#pending = pending.subarray(end);
      return true;
    }
    const end = pending.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const text = pending.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (pending.length < end + 4 + length) return false;
    const body = pending.toString('latin1', end + 4, end + 4 + length);
    this.#answers.push({ status: Number(text.split(' ')[1]), text, body });
    this.#pending = pending.subarray(end + 4 + length);
    return true;
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

export function parseRtp(packet: Buffer): RtpPacket {
  return {
    channel: packet[1] ?? 0,
    marker: ((packet[5] ?? 0) & 0x80) !== 0,
    payloadType: (packet[5] ?? 0) & 0x7f,
    sequence: packet.readUInt16BE(6),
    timestamp: packet.readUInt32BE(8),
    payload: packet.subarray(16),
  };
}

/** NAL units out of RTP payloads (RFC 6184 FU-A, RFC 7798 FU). */
export function nalsOf(codec: 'h264' | 'h265', packets: readonly RtpPacket[]): Buffer[] {
  const nals: Buffer[] = [];
  const fuHeader = codec === 'h264' ? 1 : 2;
  for (const { payload } of packets) {
    const first = payload[0] ?? 0;
    const fragmented = codec === 'h264' ? (first & 31) === 28 : ((first >> 1) & 63) === 49;
    if (!fragmented) {
      nals.push(payload);
      continue;
    }
    const marks = payload[fuHeader] ?? 0;
    const type = marks & 0x3f;
    const header =
      codec === 'h264' ? [(first & 0xe0) | (type & 31)] : [(first & 0x81) | (type << 1), payload[1] ?? 0];
    const piece = payload.subarray(fuHeader + 1);
    if ((marks & 0x80) !== 0) nals.push(Buffer.concat([Buffer.from(header), piece]));
    else nals.push(Buffer.concat([nals.pop() ?? Buffer.alloc(0), piece]));
  }
  return nals;
}

export function digest(
  method: string,
  uri: string,
  challenge: string,
  account: { user: string; password: string },
): string {
  const field = (name: string) => new RegExp(`${name}="?([^",]*)`).exec(challenge)?.[1] ?? '';
  const strong = challenge.includes('SHA-256');
  const hash = (text: string) =>
    createHash(strong ? 'sha256' : 'md5')
      .update(text)
      .digest('hex');
  const first = hash(`${account.user}:${field('realm')}:${account.password}`);
  const middle = strong ? `${field('nonce')}:00000001:abc:auth` : field('nonce');
  const response = hash(`${first}:${middle}:${hash(`${method}:${uri}`)}`);
  const common = `Digest username="${account.user}", realm="${field('realm')}", nonce="${field('nonce')}", uri="${uri}", response="${response}"`;
  return strong ? `${common}, algorithm=SHA-256, qop=auth, nc=00000001, cnonce="abc"` : common;
}
