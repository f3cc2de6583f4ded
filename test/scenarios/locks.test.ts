/** Locked video on a real node: it outlives turns of a small pool and a killed recorder, byte for byte. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
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

async function exported(node: TestNode, range: { fromMs: number; toMs: number }): Promise<Buffer> {
  const { downloadPath } = await node.client.export.plan({ camera: 'door', ...range });
  const { stream } = await node.connection.download(downloadPath);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

it('a locked stretch exports the same bytes after turns of the pool, a kill -9 of the recorder and a new agent', async () => {
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
  await client.pool.expand({ id: poolId, share: { spaceId: space?.id ?? '', bytes: poolBytes } });
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
  const behind = { camera: 'door', fromMs: range.toMs + 1_000, toMs: range.toMs + 2_000 };
  await vi.waitFor(() => client.export.plan(behind), { timeout: 60_000, interval: 200 });

  const lock = await client.lock.add({ camera: 'door', ...range, note: 'case 2217' });
  expect(lock.bytes ?? 0).toBeGreaterThan(0);
  const before = await exported(node, range);
  expect(before.length).toBeGreaterThan(mebibyte / 2);

  await recorded(1);
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

  expect((await exported(node, range)).equals(before)).toBe(true);
  expect((await client.lock.list({}))[0]).toMatchObject({ id: lock.id, note: 'case 2217' });
  const status = await client.node.status();
  expect(status.pools[0]?.lockedBytes).toBeGreaterThanOrEqual(lock.bytes ?? 0);
  for (const { id } of await client.lock.list({})) await client.lock.remove({ id });
  await statusUntil(client, ({ pools: [one] }) => (one?.oldestVideoMs ?? 0) > range.toMs, 60_000);
}, 180_000);
