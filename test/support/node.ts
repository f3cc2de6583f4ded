/** A real node for tests: an agent process from the sources, with its own data folder, and a client on its local socket. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Connection, openConnection } from '../../src/client/connect.ts';
import type { Camera, NodeStatus } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';

export interface TestNode {
  readonly dataDir: string;
  readonly connection: Connection;
  readonly client: Connection['client'];
  /** Everything the agent printed so far. */
  output(): string;
  pid(): number;
  /** Starts the agent again, after it was stopped or killed. */
  start(): Promise<void>;
  /** Ends it the polite way and waits. */
  stop(): Promise<void>;
  /** Stops it and removes its data folder. */
  remove(): Promise<void>;
}

const entry = new URL('../../agent/main.ts', import.meta.url).pathname;

/** `parentDir`: where the data folder is made; short, as the path of a Unix socket is limited to 108 bytes. */
export async function startNode(
  options: {
    listen?: string;
    parentDir?: string;
    peerListen?: string;
    name?: string;
    env?: Readonly<Record<string, string>>;
  } = {},
): Promise<TestNode> {
  const dataDir = mkdtempSync(join(options.parentDir ?? tmpdir(), 'hf-'));
  const listen = options.listen ?? `127.0.0.1:${await freePort()}`;
  let child: ChildProcess | null = null;
  let text = '';
  const start = async () => {
    const { peerListen, name, env } = options;
    const extra = [
      ...(peerListen === undefined ? [] : ['--peer-listen', peerListen]),
      ...(name === undefined ? [] : ['--name', name]),
    ];
    const args = ['--no-warnings', entry, '--data', dataDir, '--listen', listen, ...extra];
    const started = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    child = started;
    started.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: started.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        text += `${line}\n`;
        if (line.trim() === 'ready') resolve();
      });
      started.once('exit', (code, signal) =>
        reject(new Error(`the agent ended with ${code ?? signal}:\n${text}`)),
      );
    });
  };
  const stop = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  };
  await start();
  const connection = openConnection({ kind: 'local', dataDir });
  return {
    dataDir,
    connection,
    client: connection.client,
    output: () => text,
    pid: () => child?.pid ?? 0,
    start,
    stop,
    async remove() {
      connection.close();
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Polls the status until it is as wanted. Rejects after `timeoutMs`, saying what it was. */
export async function statusUntil(
  client: Connection['client'],
  wanted: (status: NodeStatus) => boolean,
  timeoutMs = 30_000,
): Promise<NodeStatus> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const status = await client.node.status().catch(unlessAway);
    if (status && wanted(status)) return status;
    if (Date.now() > deadlineMs)
      throw new Error(`not in ${timeoutMs} ms: ${JSON.stringify(status, null, 1)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** An agent that is being started again is not there for a moment. */
function unlessAway(error: unknown): null {
  if (error instanceof AppError && (error.code === 'unavailable' || error.code === 'timeout')) return null;
  throw error;
}

/** A space and a pool `video` of all its capacity, ready to record. */
export async function addStorage(
  node: Pick<TestNode, 'client'>,
  path: string,
  quotaBytes = 256 * 1024 * 1024,
): Promise<void> {
  mkdirSync(path, { recursive: true });
  const space = await node.client.space.add({ path, quotaBytes, allowSystemDisk: true });
  const ready = await statusUntil(node.client, (status) =>
    status.spaces.some((seen) => seen.id === space.id && seen.state === 'normal'),
  );
  const bytes = ready.spaces.find((seen) => seen.id === space.id)?.quotaBytes ?? 0;
  await node.client.pool.add({ name: 'video', shares: [{ spaceId: space.id, bytes }] });
}

/** Adds a camera to the pool `video`. */
export function addCamera(
  node: Pick<TestNode, 'client'>,
  name: string,
  url: string,
  extra: { transport?: 'tcp' | 'udp' } = {},
): Promise<Camera> {
  return node.client.camera.add({ name, url, pool: 'video', ...extra });
}
