/** A recorder that only answers: takes settings, reports spaces and cameras as normal, and does what a test tells it. */
import { createServer, type Server, type Socket } from 'node:net';
import { createLineSplitter } from '../../../agent/adapters/line-splitter.ts';
import {
  type LockUse,
  type RecorderConfig,
  type RecorderMessage,
  type RecorderRequest,
  type RecorderStatus,
  requestSchema,
} from '../../../agent/recorder/protocol/schema.ts';

export class FakeRecorder {
  readonly requests: RecorderRequest[] = [];
  config: RecorderConfig | null = null;
  /** Answer to a method instead of success. */
  readonly errors = new Map<string, { code: string; message: string }>();
  /** Methods that are never answered. */
  readonly silent = new Set<string>();
  /** What each lock holds; nothing, until a test says something. */
  held: LockUse['weights'][number]['held'] = [];
  shares: LockUse['shares'] = [];
  readonly initialized = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  /** How the process would have ended. */
  readonly ended = Promise.withResolvers<string>();

  async listen(path: string): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      const split = createLineSplitter((line) => this.#answer(socket, requestSchema.parse(JSON.parse(line))));
      socket.on('data', split);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  }

  send(message: RecorderMessage): void {
    this.sendRaw(`${JSON.stringify(message)}\n`);
  }

  sendRaw(text: string): void {
    for (const socket of this.#sockets) socket.write(text);
  }

  report(): void {
    this.send({ kind: 'status', status: this.status() });
  }

  status(): RecorderStatus {
    const config = this.config;
    return {
      pid: process.pid,
      startedAtMs: 1,
      rssBytes: 1,
      cpuPercent: 1,
      bitsPerSecond: 2_000_000,
      partsLost: 0,
      spaces: (config?.spaces ?? []).map((space) => ({
        ...space,
        deviceType: 'ssd',
        state: this.initialized.has(space.id) ? 'normal' : 'waiting-for-recovery',
        progress: null,
        blocks: { total: space.quotaBytes / space.blockBytes, free: 0, open: 0, sealed: 0, bad: 0 },
        usedBytes: 0,
        allocatedBytes: 0,
        latencyMs: 1,
        checkedAtMs: 1,
        problem: null,
        hint: null,
      })),
      pools: (config?.pools ?? []).map((pool) => ({
        ...pool,
        status: 'normal',
        problem: null,
        shares: pool.shares.map((share) => ({ ...share, blocks: 1, free: 1 })),
        totalBytes: 1,
        freeBytes: 1,
        usedBytes: 0,
        lockedBytes: 0,
        reserveBytes: 0,
        cameras: 0,
        writeBytesPerSecond: 0,
        oldestVideoMs: null,
        retentionSeconds: null,
      })),
      cameras: (config?.cameras ?? []).map((camera) => ({
        id: camera.id,
        connection: 'connected',
        recording: 'normal',
        reason: null,
        problem: null,
        sinceMs: null,
        media: null,
        bitsPerSecond: 2_000_000,
        recordedBytes: 0,
        packetsLost: 0,
        partsLost: 0,
        reconnects: 0,
        lastFrameMs: null,
      })),
    };
  }

  /** Ends like a killed process. */
  die(detail = 'it was ended by SIGKILL'): void {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    this.ended.resolve(detail);
  }

  #answer(socket: Socket, request: RecorderRequest): void {
    this.requests.push(request);
    if (this.silent.has(request.method)) return;
    const error = this.errors.get(request.method) ?? null;
    if (!error) this.#apply(request);
    this.report();
    const probe =
      request.method === 'probe'
        ? { ok: true, media: null, reason: null, problem: null, hint: null, elapsedMs: 5 }
        : undefined;
    const lockUse = request.method === 'weighLocks' ? this.#weigh(request.locks) : undefined;
    socket.write(`${JSON.stringify({ kind: 'reply', id: request.id, error, probe, lockUse })}\n`);
    if (request.method === 'stop') setImmediate(() => this.die('it ended with code 0'));
  }

  #weigh(locks: readonly { id: string }[]): LockUse {
    const { held, shares } = this;
    const presentMs = held.length === 0 ? 0 : 60_000;
    return { weights: locks.map(({ id }) => ({ id, presentMs, held })), shares };
  }

  #apply(request: RecorderRequest): void {
    if (request.method === 'configure') this.config = request.config;
    if (request.method === 'initializeSpace') this.initialized.add(request.spaceId);
  }
}
