import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { logQuerySchema } from '../../../../src/contract/index.ts';
import { type Client, failureOf, TestControl } from '../test-control.ts';

let control: TestControl;
let client: Client;
let spaceId: string;
let poolId: string;
let cameraId: string;
const mebibyte = 2 ** 20;
const fromMs = Date.now() - 3_600_000;
const stretch = () => ({ camera: 'door', fromMs, toMs: fromMs + 600_000 });

beforeAll(async () => {
  control = await TestControl.start();
  ({ client } = await control.local());
  ({ spaceId, poolId } = await control.addStorage());
  cameraId = (await client.camera.add({ name: 'door', url: 'rtsp://10.0.0.1/', pool: poolId })).id;
});
afterAll(() => control.stop());
beforeEach(async () => {
  control.recorder.errors.clear();
  hold(10);
  for (const { id } of await client.lock.list({})) await client.lock.remove({ id });
});

/** Each lock holds so many MiB of the 128 that the pool has, and so much of it is new. */
function hold(mib: number, lockedMib = 0): void {
  const bytes = mib * mebibyte;
  control.recorder.held = mib === 0 ? [] : [{ spaceId, poolId, blocks: mib, bytes, addedBytes: bytes }];
  control.recorder.shares = [
    { poolId, spaceId, totalBytes: 128 * mebibyte, lockedBytes: lockedMib * mebibyte },
  ];
}

describe('a lock', () => {
  it('is on disk and with the recorder when it is answered, and is audited', async () => {
    const operator = await control.as('operator');
    const lock = await operator.client.lock.add({ ...stretch(), note: ' case 2217 ' });
    expect(lock).toMatchObject({
      cameraId,
      cameraName: 'door',
      note: 'case 2217',
      createdBy: operator.name,
      blocks: 10,
      bytes: 10 * mebibyte,
    });
    const { toMs } = stretch();
    expect(control.recorder.config?.locks).toEqual([
      { id: lock.id, cameraId, fromMs, toMs, expiresAtMs: null },
    ]);
    expect(readFileSync(join(control.folder, 'settings.json'), 'utf8')).toContain('case 2217');
    expect(await client.lock.list({})).toEqual([lock]);
    const [entry] = control.journal.search(logQuerySchema.parse({ type: 'audit', text: lock.id })).entries;
    expect(entry).toMatchObject({ event: 'lock.add', user: operator.name, subject: lock.id });
  });

  it('is added by operators, read by viewers, and removed by administrators only', async () => {
    const [viewer, operator] = [await control.as('viewer'), await control.as('operator')];
    expect((await failureOf(viewer.client.lock.add(stretch()))).code).toBe('forbidden');
    const { id } = await operator.client.lock.add(stretch());
    expect((await viewer.client.lock.list({})).map((lock) => lock.id)).toEqual([id]);
    expect((await failureOf(operator.client.lock.remove({ id }))).code).toBe('forbidden');
    const admin = await control.as('admin');
    expect(await admin.client.lock.remove({ id })).toEqual({ ok: true });
    expect(control.recorder.config?.locks).toEqual([]);
    expect((await failureOf(admin.client.lock.remove({ id }))).code).toBe('not_found');
  });

  it('with an end is gone when that has come, for the camera too, and is refused when that is past', async () => {
    const endMs = Date.now() + 400;
    const { id } = await client.lock.add({ ...stretch(), expiresAtMs: endMs });
    expect((await client.lock.list({})).map((lock) => lock.expiresAtMs)).toEqual([endMs]);
    expect(control.recorder.config?.locks).toMatchObject([{ id, expiresAtMs: endMs }]);
    await expect.poll(() => client.lock.list({}), { timeout: 5_000 }).toEqual([]);
    expect((await failureOf(client.lock.add({ ...stretch(), expiresAtMs: endMs }))).message).toContain(
      'expired',
    );
    await client.lock.add(stretch());
    expect(control.recorder.config?.locks).toHaveLength(1);
  });

  it('works over REST', async () => {
    const { token } = await control.as('admin');
    const { toMs } = stretch();
    const made = await control.rest('POST', '/v1/locks', { token, body: { camera: cameraId, fromMs, toMs } });
    expect(made.status).toBe(201);
    const { id } = JSON.parse(made.body) as { id: string };
    const listed = await control.rest('GET', `/v1/locks?camera=${cameraId}`, { token });
    expect(JSON.parse(listed.body)).toMatchObject([{ id }]);
    expect((await control.rest('DELETE', `/v1/locks/${id}`, { token })).status).toBe(200);
  });

  it('is cut at the present, and none lies wholly in the future or ends before it begins', async () => {
    const lock = await client.lock.add({ camera: 'door', fromMs, toMs: Date.now() + 3_600_000 });
    expect(lock.toMs).toBeLessThanOrEqual(Date.now());
    const later = { camera: 'door', fromMs: Date.now() + 60_000, toMs: Date.now() + 120_000 };
    expect(await failureOf(client.lock.add(later))).toMatchObject({ details: { field: 'fromMs' } });
    const empty = await failureOf(client.lock.add({ camera: 'door', fromMs, toMs: fromMs }));
    expect(empty).toMatchObject({ code: 'invalid_input', details: { field: 'toMs' } });
  });

  it('of nothing recorded is refused, and so is one of a camera that nobody knows', async () => {
    hold(0);
    const nothing = await failureOf(client.lock.add(stretch()));
    expect(nothing).toMatchObject({ code: 'not_found', message: expect.stringContaining('nothing of door') });
    expect((await failureOf(client.lock.add({ ...stretch(), camera: 'No such' }))).code).toBe('not_found');
    const gone = await failureOf(client.lock.add({ ...stretch(), camera: 'dor' }));
    expect([nothing.hint, gone.hint].map((hint) => hint?.includes('No camera has this id'))).toEqual([
      false,
      true,
    ]);
    expect(await client.lock.list({})).toEqual([]);
  });

  it('of a removed camera is found by its id while there is video of it', async () => {
    const lock = await client.lock.add({ ...stretch(), camera: 'gone-7' });
    expect(lock).toMatchObject({ cameraId: 'gone-7', cameraName: null });
  });

  it('over what the pool allows is refused with the figures', async () => {
    hold(10, 18);
    const refused = await failureOf(client.lock.add(stretch()));
    expect(refused.code).toBe('disk_full');
    expect(refused.message).toContain('21.9 % of its 134 MB; at most 20 % may be locked');
    expect(refused.hint).toContain(`holdfast pool edit ${poolId} --max-locked`);
    expect(refused.details).toMatchObject({ poolId, lockedBytes: 18 * mebibyte, addedBytes: 10 * mebibyte });
    await client.pool.edit({ id: poolId, maxLockedPercent: 22 });
    expect((await client.lock.add(stretch())).bytes).toBe(10 * mebibyte);
    await client.pool.edit({ id: poolId, maxLockedPercent: 20 });
  });

  it('that the recorder does not take is not kept', async () => {
    control.recorder.errors.set('configure', { code: 'internal', message: 'busy' });
    expect((await failureOf(client.lock.add(stretch()))).code).toBe('internal');
    expect(await client.lock.list({})).toEqual([]);
  });

  it('of a note that is no line, or too long, is refused', async () => {
    for (const note of ['two\nlines', 'x'.repeat(201)]) {
      const refused = await failureOf(client.lock.add({ ...stretch(), note }));
      expect(refused).toMatchObject({ code: 'invalid_input', details: { field: 'note' } });
    }
  });
});

describe('while video is locked', () => {
  it('its pool, its space and its camera are not deleted, and the locks are named', async () => {
    const { id } = await client.lock.add(stretch());
    const space = await failureOf(client.space.delete({ id: spaceId, confirm: spaceId }));
    const wiped = await failureOf(client.space.initialize({ id: spaceId, confirm: spaceId }));
    const pool = await failureOf(client.pool.delete({ id: poolId, confirm: poolId }));
    for (const refused of [space, wiped, pool]) {
      expect(refused).toMatchObject({ code: 'conflict', details: { locks: [id] } });
      expect(refused.message).toContain(`holds locked video: ${id}`);
      expect(refused.hint).toContain(`holdfast lock remove ${id}`);
    }
    const camera = await failureOf(client.camera.remove({ id: cameraId }));
    expect(camera).toMatchObject({ code: 'conflict', details: { locks: [id] } });
    expect(camera.hint).toContain('--disable');
  });

  it('a share shrinks down to it and no further', async () => {
    hold(20, 20);
    await client.pool.edit({ id: poolId, maxLockedPercent: 50 });
    const { id } = await client.lock.add(stretch());
    const shrink = (mib: number) =>
      client.pool.expand({ id: poolId, share: { spaceId, bytes: mib * mebibyte } });
    expect(await failureOf(shrink(16))).toMatchObject({ code: 'conflict', details: { locks: [id] } });
    expect((await shrink(24)).shares).toMatchObject([{ bytes: 24 * mebibyte }]);
    await shrink(128);
  });

  it('nothing is destroyed while the recorder cannot say what is locked', async () => {
    await client.lock.add(stretch());
    control.recorder.errors.set('weighLocks', { code: 'unavailable', message: 'starting' });
    expect((await failureOf(client.pool.delete({ id: poolId, confirm: poolId }))).code).toBe('unavailable');
    expect(await client.lock.list({})).toMatchObject([{ blocks: null, bytes: null }]);
  });
});
