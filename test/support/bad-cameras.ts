/** RTSP servers on loopback that do what no camera should: scripted answers, garbage, silence, and a proxy that spoils a good stream. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export interface BadCamera {
  readonly url: string;
  /** Connections so far. */
  connections(): number;
  /** Requests so far, of scripted ones. */
  requests(): number;
}

/** Answers of a scripted camera to one request; null answers nothing. */
export type Answer = (
  request: { method: string; cseq: string; head: string },
  socket: Socket,
) => string | null;

export const ok = (cseq: string, headers = '', body = '') =>
  `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\n${headers}${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;

export const refuse = (cseq: string, status: string, headers = '') =>
  `RTSP/1.0 ${status}\r\nCSeq: ${cseq}\r\n${headers}\r\n`;

export const describe264 = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track1\r\n';

/** A camera that agrees to everything up to PLAY, and describes itself with these media. */
export const agreeing =
  (media: string, onPlay: (socket: Socket) => void = () => {}): Answer =>
  ({ method, cseq }, socket) => {
    if (method === 'DESCRIBE') {
      return ok(cseq, 'Content-Type: application/sdp\r\n', `v=0\r\ns=bad\r\nt=0 0\r\n${media}`);
    }
    if (method === 'SETUP') {
      return ok(cseq, 'Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n');
    }
    if (method === 'PLAY') setImmediate(onPlay, socket);
    return ok(cseq);
  };

/** Everything that was started, to be ended together. */
export class BadCameras {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #workers: Worker[] = [];
  readonly #ends: (() => void)[] = [];

  /** Whatever `onSocket` does with each connection. */
  async raw(onSocket: (socket: Socket) => void): Promise<BadCamera> {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      this.#hold(socket);
      onSocket(socket);
    });
    this.#servers.push(server);
    return {
      url: `rtsp://127.0.0.1:${await listening(server)}/stream`,
      connections: () => connections,
      requests: () => 0,
    };
  }

  async scripted(answer: Answer): Promise<BadCamera> {
    let requests = 0;
    const camera = await this.raw((socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
          const head = text.slice(0, end);
          text = text.slice(end + 4);
          requests += 1;
          const method = /^(\w+) /.exec(head)?.[1] ?? '';
          const reply = answer({ method, cseq: /CSeq: *(\d+)/i.exec(head)?.[1] ?? '0', head }, socket);
          if (reply !== null && socket.writable) socket.write(reply);
        }
      });
    });
    return { ...camera, requests: () => requests };
  }

  /** Passes everything on; what the camera sends goes through `spoil` first, from its first PLAY answer on when `afterPlay`. */
  async proxy(
    target: string,
    options: {
      spoil: (chunk: Buffer, out: (bytes: Buffer) => void) => void;
      afterPlay: boolean;
      /** Sees what the node sends. */
      watch?: (chunk: Buffer) => void;
    },
  ): Promise<BadCamera> {
    const { hostname, port, pathname } = new URL(target);
    const camera = await this.raw((socket) => {
      const far = connect(Number(port), hostname);
      this.#hold(far);
      let stage: 'intact' | 'answering' | 'spoilt' = options.afterPlay ? 'intact' : 'spoilt';
      socket.on('data', (chunk: Buffer) => {
        options.watch?.(chunk);
        if (stage === 'intact' && chunk.includes('PLAY ')) stage = 'answering';
        if (far.writable) far.write(chunk);
      });
      const out = (bytes: Buffer) => {
        // Nobody may make us hold more than a little.
        if (socket.writable && socket.writableLength < 1024 * 1024) socket.write(bytes);
      };
      far.on('data', (chunk: Buffer) => {
        if (stage === 'spoilt') return options.spoil(chunk, out);
        if (stage === 'answering') stage = 'spoilt';
        out(chunk);
      });
      socket.on('close', () => far.destroy());
      far.on('close', () => socket.destroy());
    });
    return { ...camera, url: camera.url.replace('/stream', pathname) };
  }

  /** A good camera over UDP, but somebody else throws `datagram()` at the port of its picture every few milliseconds. */
  async besieged(target: string, datagram: () => Buffer): Promise<BadCamera> {
    const enemy = createSocket('udp4').on('error', () => {});
    let timer: NodeJS.Timeout | null = null;
    this.#ends.push(() => {
      clearInterval(timer ?? undefined);
      enemy.close();
    });
    const watch = (chunk: Buffer) => {
      const port = Number(/client_port=(\d+)/.exec(chunk.toString('latin1'))?.[1] ?? 0);
      if (port > 0) timer ??= setInterval(() => enemy.send(datagram(), port, '127.0.0.1'), 3);
    };
    return this.proxy(target, { spoil: (chunk, out) => out(chunk), afterPlay: false, watch });
  }

  /** Nobody is home: the kernel's queue is full, so not even a connection comes about. */
  async blackHole(): Promise<string> {
    const worker = new Worker(
      `const { createServer } = require('node:net');
       const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         require('node:worker_threads').parentPort.postMessage(server.address().port);
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       });`,
      { eval: true },
    );
    this.#workers.push(worker);
    const [port] = await once(worker, 'message');
    for (let count = 0; count < 4; count += 1) this.#hold(connect(Number(port), '127.0.0.1'));
    return `rtsp://127.0.0.1:${port}/stream`;
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Writes this again and again until the connection ends. */
export function pour(socket: Socket, everyMs: number, bytes: () => Buffer | string): void {
  const timer = setInterval(() => {
    if (socket.writableLength < 1024 * 1024) socket.write(bytes());
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}

/** Flips, drops, doubles, cuts and inserts bytes, by chance. */
export function spoiler(random: () => number): (chunk: Buffer, out: (bytes: Buffer) => void) => void {
  const below = (limit: number) => Math.floor(random() * limit);
  return (chunk, out) => {
    const kind = random();
    const bytes = Buffer.from(chunk);
    if (kind < 0.03) return;
    if (kind < 0.4)
      for (let count = 1 + below(8); count > 0; count -= 1) bytes[below(bytes.length)] = below(256);
    if (kind > 0.9) out(Buffer.from(Array.from({ length: 1 + below(2_000) }, () => below(256))));
    out(kind > 0.85 && kind < 0.9 ? bytes.subarray(0, below(bytes.length)) : bytes);
    if (kind > 0.8 && kind < 0.85) out(bytes);
  };
}
