/** The demonstration: test cameras of its own and a small space, made through the API; a second start finds it all there. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import type { NodeClient } from '../client/connect.ts';
import type { Camera, Space } from '../contract/index.ts';
import { AppError } from '../errors.ts';
import { builtProgram } from './installation.ts';
import { launchProgram } from './supervise.ts';
import { pause } from './watch.ts';

const quotaBytesMax = 2 ** 30;
const quotaBytesMin = 256 * 2 ** 20;
const cameraNames = ['Entrance', 'Yard', 'Loading bay', 'Server room'];

export interface DemoCameras {
  /** Address of the n-th camera, from 1. */
  url(number: number): string;
  stop(): void;
}

/** Starts the test cameras on `preferredPort` when it is free, else on any free port. */
export async function startDemoCameras(preferredPort: number | undefined): Promise<DemoCameras> {
  const port = await freePort(preferredPort);
  const args = [
    '--port',
    String(port),
    '--count',
    String(cameraNames.length),
    '--mbps',
    '1',
    '--codec',
    'mixed',
  ];
  const child = launchProgram(builtProgram('agent/test-camera/main'), args, ['ignore', 'ignore', 'inherit']);
  await untilListening(port, child);
  return { url: (number) => `rtsp://127.0.0.1:${port}/cam${number}`, stop: () => child.kill('SIGTERM') };
}

/** The preferred port of 127.0.0.1 when nobody listens on it, else any free one. */
export async function freePort(preferred: number | undefined): Promise<number> {
  for (const wanted of preferred === undefined ? [0] : [preferred, 0]) {
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(wanted, '127.0.0.1');
    const free = await listening;
    const address = server.address();
    server.close();
    if (free && address !== null && typeof address === 'object') return address.port;
  }
  throw new AppError('unavailable', 'no free port for the test cameras');
}

const listenPollMs = 50;
const listenAttemptsMax = 200;

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < listenAttemptsMax; attempt += 1) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await accepts(port)) return;
    await pause(listenPollMs);
  }
  child.kill('SIGTERM');
  throw new AppError('unavailable', 'the test cameras do not start', {
    hint: 'try them alone: holdfast test-camera',
  });
}

async function accepts(port: number): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Port of the test cameras at the last start, from the settings of the node. */
export async function demoPort(client: NodeClient): Promise<number | undefined> {
  for (const { id, url } of await client.camera.list()) {
    const port = Number(URL.parse(url)?.port);
    if (id.startsWith('demo-') && port > 0) return port;
  }
  return undefined;
}

/** Makes what is missing: a space in the data folder, a pool, and the cameras. */
export async function furnishDemo(client: NodeClient, dataDir: string, cameras: DemoCameras): Promise<void> {
  const space = await demoSpace(client, dataDir);
  const pools = await client.pool.list();
  const shares = [{ spaceId: space.id, bytes: space.quotaBytes }];
  const pool = pools.find(({ name }) => name === 'demo') ?? (await client.pool.add({ name: 'demo', shares }));
  const existing = await client.camera.list();
  for (const [at, name] of cameraNames.entries()) {
    const url = cameras.url(at + 1);
    const id = `demo-${at + 1}`;
    await ensureCamera(client, existing, { id, name, channel: at + 1, url, pool: pool.id });
  }
}

async function ensureCamera(
  client: NodeClient,
  existing: readonly Camera[],
  wanted: { id: string; name: string; channel: number; url: string; pool: string },
): Promise<void> {
  const found = existing.find(({ id }) => id === wanted.id);
  if (!found) await client.camera.add(wanted);
  else if (found.url !== wanted.url) await client.camera.edit({ id: found.id, url: wanted.url });
}

async function demoSpace(client: NodeClient, dataDir: string): Promise<Space> {
  const path = join(dataDir, 'video');
  const find = async () => (await client.space.list()).find((space) => space.path === path);
  const found = (await find()) ?? (await addSpace(client, path));
  for (let space: Space | undefined = found; space; space = await find()) {
    if (space.state === 'normal') return space;
    if (space.state === 'waiting-for-recovery') await client.space.restore({ id: space.id });
    else if (space.state === 'lost' || space.state === 'error') {
      throw new AppError(
        'unavailable',
        `the demo's space is ${space.state}: ${space.problem ?? 'no reason known'}`,
        {
          hint: `to begin anew remove ${dataDir}`,
        },
      );
    }
    await pause(100);
  }
  throw new AppError('internal', "the demo's space has vanished", {
    hint: `to begin anew remove ${dataDir}`,
  });
}

async function addSpace(client: NodeClient, path: string): Promise<Space> {
  mkdirSync(path, { recursive: true });
  const disk = await statfs(path);
  const quarterBytes = Math.floor((disk.bavail * disk.bsize) / 4);
  const quotaBytes = Math.max(quotaBytesMin, Math.min(quotaBytesMax, quarterBytes));
  return client.space.add({ path, name: 'demo', quotaBytes, allowSystemDisk: true });
}
