/** Locked video on a real node: it outlives turns of a small pool and a killed recorder, byte for byte. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, it, vi } from 'vitest';
import { blockFilePath } from '../../agent/storage/block/codec.ts';
import { startTestCameras } from '../../agent/test-camera/cameras.ts';
import { addCamera, addStorage, startNode, statusUntil, type TestNode } from '../support/node.ts';

const mebibyte = 2 ** 20;
const poolBytes = 24 * mebibyte;
const names = ['door', 'gate', 'yard', 'hall'];
/** A part of a second fills more than half a block, so that one is all that a block takes. */
const mbps = 5;
const turnBytes = (poolBytes / mebibyte) * ((mbps * 1e6) / 8);
const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function exported(node: TestNode, downloadPath: string): Promise<Buffer> {
  const { stream } = await node.connection.download(downloadPath);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The camera's blocks that touch a stretch, as they lie on the disk. */
function blocksOf(node: TestNode, spacePath: string, range: { fromMs: number; toMs: number }): Buffer[] {
  const index = new DatabaseSync(join(node.dataDir, 'index', 's1.db'), { readOnly: true });
  try {
    const rows = index
      .prepare(
        "SELECT number FROM block WHERE camera_id = 'c1' AND first_ms < ? AND last_ms > ? ORDER BY number",
      )
      .all(range.toMs, range.fromMs);
    return rows.map(({ number }) => readFileSync(blockFilePath(spacePath, Number(number))));
  } finally {
    index.close();
  }
}

it('a locked stretch lies on the disk and exports byte for byte after turns of the pool, a kill -9 of the recorder and a new agent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hf-locks-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const cameras = await startTestCameras({ port: 0, count: names.length, mbps });
  ends.push(() => cameras.close());
  const node = await startNode();
  ends.push(() => node.remove());
  const { client } = node;
  await addStorage(node, join(folder, 'space'), 64 * mebibyte);
  const [space] = await client.space.list();
  const pool = (await client.pool.list())[0];
  const poolId = pool?.id ?? '';
  await client.pool.edit({ id: poolId, maxLockedPercent: 75 });
  for (const [at, name] of names.entries()) await addCamera(node, name, cameras.urls[at] ?? '');
  /** Since the recorder started last. */
  const recorded = (turns: number) =>
    statusUntil(
      client,
      (status) => status.cameras.reduce((sum, one) => sum + one.recordedBytes, 0) >= turns * turnBytes,
      60_000,
    );
  const first = await statusUntil(client, ({ pools: [one] }) => (one?.oldestVideoMs ?? 0) > 0);
  const fromMs = (first.pools[0]?.oldestVideoMs ?? 0) + 500;
  const range = { fromMs, toMs: fromMs + 1_500 };
  // Once video behind the stretch is committed, all of the stretch is.
  const behind = { camera: 'door', fromMs: range.toMs + 2_500, toMs: range.toMs + 3_500 };
  const committed = async () =>
    expect((await client.export.plan(behind)).presentSeconds).toBeGreaterThan(0.9);
  await vi.waitFor(committed, { timeout: 60_000, interval: 200 });

  const lock = await client.lock.add({ camera: 'door', ...range, note: 'case 2217' });
  expect(lock.bytes ?? 0).toBeGreaterThan(0);
  const spacePath = join(folder, 'space');
  const before = blocksOf(node, spacePath, range);
  const plan = await client.export.plan({ camera: 'door', ...range });
  expect(plan.presentSeconds).toBeGreaterThan(1.4);
  const file = await exported(node, plan.downloadPath);
  expect(before.length).toBeGreaterThan(1);

  // Until here nothing was overwritten; from here on a turn takes six seconds.
  await client.pool.expand({ id: poolId, share: { spaceId: space?.id ?? '', bytes: poolBytes } });
  await recorded(3);
  const { recorder } = await client.node.status();
  process.kill(recorder.pid ?? 0, 'SIGKILL');
  await statusUntil(
    client,
    (status) => status.recorder.pid !== recorder.pid && status.counts.recording === names.length,
  );
  await recorded(2);
  await node.stop();
  await node.start();
  await statusUntil(client, (status) => status.counts.recording === names.length);

  const after = blocksOf(node, spacePath, range);
  expect(after.map((bytes, at) => bytes.equals(before[at] ?? Buffer.alloc(0)))).toEqual(
    before.map(() => true),
  );
  expect(await client.export.plan({ camera: 'door', ...range })).toEqual(plan);
  expect((await exported(node, plan.downloadPath)).equals(file)).toBe(true);
  expect((await client.lock.list({}))[0]).toMatchObject({ id: lock.id, note: 'case 2217' });
  const status = await client.node.status();
  expect(status.pools[0]?.lockedBytes).toBeGreaterThanOrEqual(lock.bytes ?? 0);
  await client.lock.remove({ id: lock.id });
  await statusUntil(client, ({ pools: [one] }) => (one?.oldestVideoMs ?? 0) > range.toMs, 60_000);
}, 180_000);
