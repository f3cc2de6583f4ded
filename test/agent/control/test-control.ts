/** Control with everything real but the recorder, the disks and the reader: real sockets, real settings, real accounts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createORPCClient } from '@orpc/client';
import { type LinkWebsocketClientOptions, RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import { systemClock } from '../../../agent/adapters/clock.ts';
import { connectLocal } from '../../../agent/adapters/service-process.ts';
import { createSettingsDisk } from '../../../agent/adapters/settings-disk.ts';
import { createPasswords } from '../../../agent/control/accounts/passwords.ts';
import { type Listener, listenLocally, listenOnNetwork } from '../../../agent/control/api/listeners.ts';
import { loadCertificate } from '../../../agent/control/certificate.ts';
import { type Control, createControl } from '../../../agent/control/control.ts';
import type { Folders } from '../../../agent/control/ports.ts';
import type { ExportStream, Reader } from '../../../agent/inspection/types.ts';
import { type Journal, openJournal } from '../../../agent/journal/journal.ts';
import { openNodeSettings } from '../../../agent/settings/open.ts';
import { createSealer } from '../../../agent/settings/seal.ts';
import type { SettingsStore } from '../../../agent/settings/store.ts';
import { planSpace } from '../../../agent/storage/space/plan.ts';
import { fromWire } from '../../../src/client/wire-errors.ts';
import type { contract, FolderEntry } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { FakeReceiver } from './fake-receiver.ts';
import { FakeRecorder } from './fake-recorder.ts';

export type Client = ContractRouterClient<typeof contract>;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Connected {
  client: Client;
  socket: WebSocket;
  closed: Promise<number>;
}

export const goodPassword = 'horse-battery-9';

export class TestControl {
  readonly folder = mkdtempSync(join(tmpdir(), 'hf-ctl-'));
  readonly recorder = new FakeRecorder();
  readonly receiver = new FakeReceiver();
  readonly folders = new Map<string, Partial<FolderEntry>>();
  readonly unexpected: unknown[] = [];
  /** What an export gives, and the signal it was given at last. */
  exportSignal: AbortSignal | null = null;
  exported: ExportStream | Promise<ExportStream> = {
    totalBytes: 0,
    fileName: 'x.mp4',
    gaps: [],
    stream: (async function* () {})(),
  };
  settings!: SettingsStore;
  journal!: Journal;
  control!: Control;
  oneTimePassword = '';
  port = 0;
  readonly #sockets: WebSocket[] = [];
  #listeners: Listener[] = [];

  static async start(limits: { connectionsPerAddressMax?: number } = {}): Promise<TestControl> {
    const test = new TestControl();
    await test.#start(limits);
    return test;
  }

  get socketPath(): string {
    return join(this.folder, 'agent.sock');
  }

  async #start(limits: { connectionsPerAddressMax?: number }): Promise<void> {
    const disk = createSettingsDisk();
    const { folder, recorder, receiver } = this;
    this.settings = await openNodeSettings({
      disk,
      folder,
      fileName: 'settings.json',
      nodeName: 'test',
      clock: systemClock,
      onFallback: () => {},
      backupFolder: join(folder, 'backups'),
    });
    this.journal = openJournal({ path: ':memory:', clock: systemClock, entriesMax: 10_000 });
    const recorderPath = join(folder, 'recorder.sock');
    const receiverPath = join(folder, 'receiver.sock');
    const certificate = await loadCertificate({
      folder: join(folder, 'tls'),
      disk,
      nodeName: 'test',
      hosts: ['127.0.0.1'],
      nowMs: Date.now(),
      given: null,
    });
    this.control = createControl({
      settings: this.settings,
      journal: this.journal,
      sealer: createSealer(Buffer.alloc(32, 7)),
      passwords: createPasswords({ cost: 1024 }),
      clock: systemClock,
      reader: this.#reader(),
      folders: this.#folders(),
      recorder: {
        spawn: () => {
          void recorder.listen(recorderPath);
          return { pid: 1, exited: recorder.ended.promise, kill: () => recorder.die() };
        },
        connect: () => connectLocal(recorderPath),
        killPid: () => {},
        isAlive: () => false,
      },
      standby: {
        guard: {
          spawn: () => ({ pid: 2, exited: Promise.resolve('it was not asked for'), kill: () => {} }),
          connect: () => Promise.reject(new Error('no guard')),
          killPid: () => {},
          isAlive: () => false,
        },
        peerListen: { host: '127.0.0.1', port: 0 },
        peerCertificate: () => Promise.resolve(certificate),
        ownAddresses: () => [],
        recorderSocketPath: recorderPath,
      },
      receiver: {
        spawn: () => {
          void receiver.listen(receiverPath);
          return { pid: 3, exited: receiver.ended.promise, kill: () => void receiver.die() };
        },
        connect: () => connectLocal(receiverPath),
        killPid: () => {},
        isAlive: () => false,
      },
      machineFacts: () => Promise.reject(new Error('not asked for')),
      freeBytes: async () => 10e9,
      dataDir: folder,
      version: '9.9.9',
      platform: 'test',
      osUser: 'tester',
      certificate,
      onUnexpected: (thrown) => this.unexpected.push(thrown),
    });
    this.oneTimePassword = (await this.control.accounts.add('admin', 'admin')).oneTimePassword;
    this.control.start();
    const ways = { ...this.control, clock: systemClock };
    const local = await listenLocally(this.socketPath, ways);
    const network = await listenOnNetwork({
      ...ways,
      ...certificate,
      host: '127.0.0.1',
      port: 0,
      connectionsMax: 100,
      connectionsPerAddressMax: limits.connectionsPerAddressMax ?? 64,
    });
    this.#listeners = [local, network];
    this.port = Number(network.address.split(':').at(-1));
    this.control.setListen(network.address);
    while (this.recorder.config === null) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate();
    this.control.close();
    for (const listener of this.#listeners) await listener.close();
    await this.control.standby.stop();
    await this.control.receivers.stop();
    await this.control.supervisor.stop();
    await this.settings.close();
    this.journal.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A client over the local socket, or over TLS with a token. */
  async connect(options: { token?: string; local?: boolean } = {}): Promise<Connected> {
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const url = options.local ? `ws+unix:${this.socketPath}:/ws` : `wss://127.0.0.1:${this.port}/ws`;
    const socket = new WebSocket(url, { rejectUnauthorized: false, headers });
    this.#sockets.push(socket);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) =>
        reject(new Error(`status ${response.statusCode}`)),
      );
      socket.once('error', reject);
    });
    socket.on('error', () => {});
    const websocket = socket as unknown as LinkWebsocketClientOptions['websocket'];
    return { client: createORPCClient(new RPCLink({ websocket })), socket, closed };
  }

  /** The local console. */
  local(): Promise<Connected> {
    return this.connect({ local: true });
  }

  /** A logged-in client of a role, its password changed. */
  async as(role: 'viewer' | 'operator' | 'admin'): Promise<Connected & { token: string; name: string }> {
    const name = `${role}-${Math.random().toString(36).slice(2, 8)}`;
    const { oneTimePassword } = await (await this.local()).client.user.add({ name, role });
    const connected = await this.connect();
    const { token } = await connected.client.session.login({ user: name, password: oneTimePassword });
    await connected.client.session.changePassword({ current: oneTimePassword, next: goodPassword });
    return { ...connected, token, name };
  }

  rest(
    method: string,
    path: string,
    options: {
      token?: string;
      body?: unknown;
      raw?: string | Buffer;
      local?: boolean;
      headers?: Record<string, string>;
    } = {},
  ): Promise<Answer> {
    const raw = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const headers = {
      ...options.headers,
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(raw === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(raw) }),
    };
    const common = { method, path, headers, agent: false as const };
    return new Promise((resolve, reject) => {
      const request = options.local
        ? httpRequest({ ...common, socketPath: this.socketPath })
        : httpsRequest({ ...common, host: '127.0.0.1', port: this.port, rejectUnauthorized: false });
      request.once('error', reject);
      request.once('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('close', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      request.end(raw);
    });
  }

  /** A space, initialised, with a pool of all of it. */
  async addStorage(): Promise<{ spaceId: string; poolId: string }> {
    const { client } = await this.local();
    const path = `/srv/${Math.random().toString(36).slice(2)}`;
    this.folders.set(path, {});
    const space = await client.space.add({ path, quotaBytes: 256 * 2 ** 20 });
    const name = `pool of ${space.id}`;
    const pool = await client.pool.add({ name, shares: [{ spaceId: space.id, bytes: 128 * 2 ** 20 }] });
    return { spaceId: space.id, poolId: pool.id };
  }

  #folders(): Folders {
    return {
      browse: async (path) => ({ path: path ?? null, parent: null, entries: [] }),
      makeFolder: async () => {},
      layout: planSpace,
      inspect: async (path) => {
        const found = this.folders.get(path);
        if (!found) throw new AppError('not_found', `there is no ${path}`);
        const entry: FolderEntry = {
          path,
          name: path,
          kind: 'folder',
          totalBytes: 100e9,
          freeBytes: 50e9,
          deviceType: 'ssd',
          systemDisk: false,
          writable: true,
          empty: true,
          holdfast: null,
          ...found,
        };
        return { entry, marked: entry.holdfast ? planSpace(512 * 2 ** 20) : null };
      },
    };
  }

  #reader(): Reader {
    const missing = () => Promise.reject(new AppError('not_found', 'nothing is recorded here'));
    return {
      day: async () => ({ day: '2026-11-20', timeZone: 'UTC', checkedToMs: 1, cameras: [] }),
      month: missing,
      hour: missing,
      gaps: async () => [],
      exportPlan: missing,
      exportStream: async (_input, signal) => {
        this.exportSignal = signal ?? null;
        return this.exported;
      },
      close: async () => {},
    };
  }
}

/** The AppError that a call of the client failed with. */
export async function failureOf(call: Promise<unknown>): Promise<AppError> {
  try {
    await call;
  } catch (thrown) {
    return fromWire(thrown);
  }
  throw new Error('the call succeeded');
}

export async function until(condition: () => boolean, what: string, limitMs = 5_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
