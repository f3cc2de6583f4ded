/** The recording of the lab's pair: one space that both nodes reach, as a NAS is, test cameras, and what each node says of their seconds. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Connection, openConnection } from '../../src/client/connect.ts';
import type { Gap } from '../../src/contract/index.ts';
import type { NodeName, TestPair } from './pair.ts';

const launcher = new URL('../../bin/holdfast', import.meta.url).pathname;
/** 127 blocks, the most of a small space: each switch begins one for each camera, and none is to be recycled. */
const quotaBytes = 127 * 16 * 1024 * 1024;

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SharedRecording {
  readonly cameraIds: readonly string[];
  client(node: NodeName): Connection['client'];
  /** Resolves when every camera records on that node, with the time. */
  recordsOn(node: NodeName, timeoutMs?: number): Promise<number>;
  gaps(node: NodeName, cameraId: string, range: Range): Promise<Gap[]>;
  close(): void;
}

/** Gives a pair that was just built its recording; it is brought out meanwhile, and in again on node a. */
export async function recordTogether(pair: TestPair, count: number): Promise<SharedRecording> {
  const { lab } = pair;
  const folder = join(pair.dataDir('a'), '..', 'nas');
  mkdirSync(folder);
  const host = lab.address('client');
  const cameras = lab.start('client', [
    launcher,
    ...['test-camera', '--host', host, '--port', '8554', '--count', String(count), '--mbps', '2'],
  ]);
  const urls = await new Promise<string[]>((resolve, reject) => {
    let text = '';
    cameras.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = text.match(/rtsp:\S+(?=\n)/g) ?? [];
      if (found.length >= count) resolve(found.slice(0, count));
    });
    cameras.once('exit', () => reject(new Error(`the test cameras ended: ${text}`)));
  });
  const connections = {
    a: openConnection({ kind: 'local', dataDir: pair.dataDir('a') }),
    b: openConnection({ kind: 'local', dataDir: pair.dataDir('b') }),
  };
  const client = (node: NodeName) => connections[node].client;
  await pair.settled();
  pair.cli('a', 'standby', 'bring-out');
  for (const node of ['a', 'b'] as const) {
    const space = await client(node).space.add({
      path: folder,
      quotaBytes,
      allowSystemDisk: true,
      confirm: folder,
    });
    if (node === 'a')
      await until(async () => (await client('a').space.list())[0]?.state === 'normal', 'the space');
    const shares = [{ spaceId: space.id, bytes: space.quotaBytes }];
    await client(node).pool.add({ name: 'video', shares });
  }
  pair.cli('a', 'standby', 'resource', 'set', 'cameras', 'kind=recording');
  const cameraIds: string[] = [];
  for (const [at, url] of urls.entries()) {
    cameraIds.push((await client('a').camera.add({ name: `camera ${at + 1}`, url, pool: 'video' })).id);
  }
  await until(async () => pair.status('b').settingsAgree === true, 'agreement on the cameras');
  pair.cli('a', 'standby', 'bring-in');
  await pair.settled();
  return {
    cameraIds,
    client,
    async recordsOn(node, timeoutMs = 20_000) {
      const recording = async () => {
        const { cameras: live } = await client(node).node.status();
        return live.length === count && live.every((camera) => camera.recording === 'normal');
      };
      await until(recording, `recording on ${node}`, timeoutMs);
      return Date.now();
    },
    gaps: (node, camera, range) => client(node).inspection.gaps({ camera, ...range, limit: 1_000 }),
    close() {
      for (const connection of Object.values(connections)) connection.close();
    },
  };
}

export async function until(
  condition: () => Promise<boolean>,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`not in ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What lies in both, in order. */
export function common(some: readonly Range[], others: readonly Range[]): Range[] {
  return some
    .flatMap((one) =>
      others.map((other) => ({
        fromMs: Math.max(one.fromMs, other.fromMs),
        toMs: Math.min(one.toMs, other.toMs),
      })),
    )
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .sort((one, other) => one.fromMs - other.fromMs);
}
