import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { logQuerySchema } from '../../../../src/contract/index.ts';
import { type Client, failureOf, TestControl, until } from '../test-control.ts';

let control: TestControl;
let client: Client;
const mebibyte = 2 ** 20;
beforeAll(async () => {
  control = await TestControl.start();
  ({ client } = await control.local());
});
afterAll(() => control.stop());
beforeEach(() => control.recorder.errors.clear());

const audit = (text: string) => control.journal.search(logQuerySchema.parse({ type: 'audit', text })).entries;

describe('spaces', () => {
  const add = (path: string, more: object = {}) =>
    client.space.add({ path, quotaBytes: 128 * mebibyte, ...more });

  it('are registered, configured and initialised, with ids that are never used again', async () => {
    control.folders.set('/mnt/a', {});
    const space = await add('/mnt/a', { name: 'first' });
    expect(space).toMatchObject({
      path: '/mnt/a',
      name: 'first',
      state: 'normal',
      quotaBytes: 128 * mebibyte,
    });
    expect(control.recorder.config?.spaces.map((one) => one.id)).toContain(space.id);
    const methods = control.recorder.requests.map((request) => request.method);
    expect(methods.lastIndexOf('initializeSpace')).toBeGreaterThan(methods.lastIndexOf('configure'));
    await client.space.delete({ id: space.id, confirm: 'first' });
    expect((await add('/mnt/a')).id).not.toBe(space.id);
  });

  it.each([
    ['a relative path', 'mnt/x', {}, {}, 'invalid_input', 'absolute'],
    ['a quota under 64 MiB', '/mnt/x', { quotaBytes: 63 * mebibyte }, {}, 'invalid_input', '67.1 MB'],
    ['more than is free, naming both', '/mnt/x', { quotaBytes: 60e9 }, {}, 'disk_full', '50 GB'],
    ['a folder that holds something', '/mnt/x', {}, { empty: false }, 'conflict', 'not empty'],
    ['a wrong confirmation', '/mnt/x', { confirm: '/mnt/y' }, { empty: false }, 'conflict', 'not empty'],
    ['the system disk', '/mnt/x', {}, { systemDisk: true }, 'conflict', 'operating system'],
    ['a folder it cannot write', '/mnt/x', {}, { writable: false }, 'forbidden', 'cannot write'],
    ['a folder that is not there', '/mnt/none', {}, {}, 'not_found', '/mnt/none'],
    [
      "another node's space",
      '/mnt/x',
      {},
      { empty: false, holdfast: { spaceId: 's9', ownerNode: 'n-other', ours: false } },
      'conflict',
      'n-other',
    ],
  ])('refuse %s', async (_, path, input, folder, code, text) => {
    control.folders.set('/mnt/x', folder);
    const before = control.settings.current().spaces;
    const failure = await failureOf(add(path, input));
    expect(failure.code).toBe(code);
    expect(`${failure.message} ${failure.hint}`).toContain(text);
    expect(control.settings.current().spaces).toBe(before);
  });

  it('are made of a full folder or on the system disk when that is said expressly', async () => {
    control.folders.set('/mnt/full', { empty: false });
    control.folders.set('/mnt/system', { systemDisk: true });
    expect((await add('/mnt/full', { confirm: '/mnt/full' })).state).toBe('normal');
    expect((await add('/mnt/system', { allowSystemDisk: true })).state).toBe('normal');
  });

  it('do not lie in one another', async () => {
    for (const path of ['/mnt/outer', '/mnt/outer/inner', '/mnt', '/mnt/outer2'])
      control.folders.set(path, {});
    await add('/mnt/outer');
    expect((await failureOf(add('/mnt/outer/inner'))).code).toBe('conflict');
    expect((await failureOf(add('/mnt'))).code).toBe('conflict');
    expect((await failureOf(add('/mnt/outer/../outer/'))).code).toBe('conflict');
    expect((await add('/mnt/outer2')).path).toBe('/mnt/outer2');
  });

  it('of ours that the settings do not know are taken up for recovery, not initialised', async () => {
    control.folders.set('/mnt/ours', {
      empty: false,
      holdfast: { spaceId: 's77', ownerNode: 'x', ours: true },
    });
    const space = await add('/mnt/ours');
    expect(space).toMatchObject({ id: 's77', state: 'waiting-for-recovery', quotaBytes: 512 * mebibyte });
    expect(control.recorder.initialized.has('s77')).toBe(false);
    await client.space.restore({ id: 's77' });
    expect(control.recorder.requests.at(-1)).toMatchObject({ method: 'restoreSpace', spaceId: 's77' });
    control.folders.set('/mnt/next', {});
    expect((await add('/mnt/next')).id).toBe('s78');
  });

  it('that are normal are not restored by accident: recording stops meanwhile', async () => {
    control.folders.set('/mnt/busy', {});
    const { id, name } = await add('/mnt/busy');
    const sent = control.recorder.requests.length;
    expect(await failureOf(client.space.restore({ id }))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('interrupts what records there'),
    });
    expect(control.recorder.requests.length).toBe(sent);
    await client.space.restore({ id, confirm: name });
    expect(control.recorder.requests.at(-1)).toMatchObject({ method: 'restoreSpace', spaceId: id });
  });

  it('leave nothing behind when the recorder refuses them', async () => {
    control.folders.set('/mnt/refused', {});
    control.recorder.errors.set('initializeSpace', { code: 'disk_full', message: 'no room' });
    expect(await failureOf(add('/mnt/refused'))).toMatchObject({ code: 'disk_full', message: 'no room' });
    expect(control.settings.current().spaces.some((space) => space.path === '/mnt/refused')).toBe(false);
    expect(control.recorder.config?.spaces.some((space) => space.path === '/mnt/refused')).toBe(false);
  });

  it('are initialised again or deleted only with the name typed, and not while a pool uses them', async () => {
    const { spaceId } = await control.addStorage();
    expect((await failureOf(client.space.initialize({ id: spaceId, confirm: 'yes' }))).code).toBe('conflict');
    const name = (await client.space.list()).find((space) => space.id === spaceId)?.name ?? '';
    expect(await client.space.initialize({ id: spaceId, confirm: name })).toMatchObject({ id: spaceId });
    expect((await failureOf(client.space.delete({ id: spaceId, confirm: name }))).message).toContain(
      'pools use it',
    );
    expect((await failureOf(client.space.initialize({ id: 's999', confirm: 'x' }))).code).toBe('not_found');
  });
});

describe('pools', () => {
  it('take whole blocks, and never more than is there', async () => {
    control.folders.set('/mnt/p', {});
    const { id: spaceId, blockBytes } = await client.space.add({
      path: '/mnt/p',
      quotaBytes: 128 * mebibyte,
    });
    const pool = await client.pool.add({
      name: 'p-one',
      shares: [{ spaceId, bytes: 100 * mebibyte + 12_345 }],
    });
    expect(control.settings.current().pools.at(-1)?.shares).toEqual([{ spaceId, bytes: 100 * mebibyte }]);
    const failure = await failureOf(
      client.pool.add({ name: 'p-two', shares: [{ spaceId, bytes: 64 * mebibyte }] }),
    );
    expect(failure).toMatchObject({ code: 'disk_full', details: { availableBytes: 28 * mebibyte } });
    expect(
      (await failureOf(client.pool.add({ name: 'p-2', shares: [{ spaceId, bytes: blockBytes - 1 }] }))).code,
    ).toBe('invalid_input');
    const expandable = await client.pool.expandable({ id: pool.id });
    expect(expandable.find((share) => share.spaceId === spaceId)?.bytes).toBe(128 * mebibyte);
    await client.pool.expand({ id: pool.id, share: { spaceId, bytes: 128 * mebibyte } });
    expect((await failureOf(client.pool.expand({ id: pool.id, share: { spaceId, bytes: 0 } }))).code).toBe(
      'conflict',
    );
  });

  it('have names of their own, days with the strategy cycle, and real spaces', async () => {
    const { spaceId } = await control.addStorage();
    const share = [{ spaceId, bytes: 16 * mebibyte }];
    await client.pool.add({ name: 'named', shares: share });
    expect((await failureOf(client.pool.add({ name: 'named', shares: share }))).code).toBe('conflict');
    const cycle = await failureOf(client.pool.add({ name: 'cyc', shares: share, strategy: 'cycle' }));
    expect(cycle.details).toEqual({ field: 'cycleDays' });
    const made = await client.pool.add({ name: 'cyc', shares: share, strategy: 'cycle', cycleDays: 30 });
    expect(made).toMatchObject({ strategy: 'cycle', cycleDays: 30 });
    expect(await client.pool.edit({ id: made.id, strategy: 'capacity' })).toMatchObject({ cycleDays: null });
    expect(
      (await failureOf(client.pool.add({ name: 'no', shares: [{ spaceId: 's999', bytes: 1e9 }] }))).code,
    ).toBe('not_found');
    expect((await failureOf(client.pool.add({ name: 'no', shares: [...share, ...share] }))).code).toBe(
      'invalid_input',
    );
  });

  it('go only when no camera points to them, with the name typed', async () => {
    const { poolId } = await control.addStorage();
    const camera = await client.camera.add({ name: 'in use', url: 'rtsp://10.0.0.1/s', pool: poolId });
    const name = (await client.pool.show({ id: poolId })).name;
    expect((await failureOf(client.pool.delete({ id: poolId, confirm: 'no' }))).message).toContain(name);
    expect((await failureOf(client.pool.delete({ id: poolId, confirm: name }))).hint).toContain(camera.id);
    await client.camera.remove({ id: camera.id });
    expect(await client.pool.delete({ id: poolId, confirm: name })).toEqual({ ok: true });
  });
});

describe('cameras', () => {
  it('have a name of their own, as people and commands call them by it', async () => {
    const add = (name: string) => client.camera.add({ name, url: 'rtsp://h/', pool: poolId });
    const [first, second] = [await add('north door'), await add('south door')];
    expect(await failureOf(add('north door'))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`north door already: ${first.id}`),
    });
    const rename = (name: string) => client.camera.edit({ id: second.id, name });
    expect((await failureOf(rename('north door'))).code).toBe('conflict');
    expect((await rename('south door')).name).toBe('south door');
    expect((await rename('back door')).name).toBe('back door');
  });

  const secret = 'Sup3r-geheim';
  let poolId = '';
  beforeAll(async () => {
    ({ poolId } = await control.addStorage());
  });

  it('get a number that no camera before them had, also not one that was typed', async () => {
    const add = (more: object) =>
      client.camera.add({ name: 'numbered', url: 'rtsp://h/', pool: poolId, ...more });
    const { id } = await add({ id: 'c7' });
    await client.camera.remove({ id });
    expect((await add({})).id).toBe('c8');
  });

  it('keep their password to the node: not in replies, settings, or the journal', async () => {
    const url = `rtsp://operator:${secret}@10.0.0.5:554/stream?password=${secret}&channel=1`;
    const camera = await client.camera.add({ name: 'secretive', url, pool: poolId });
    expect(camera).toMatchObject({
      url: 'rtsp://10.0.0.5:554/stream?password=***&channel=1',
      hasCredentials: true,
      connection: 'connected',
    });
    expect(control.recorder.config?.cameras.find((one) => one.id === camera.id)).toMatchObject({
      user: 'operator',
      password: secret,
      url: `rtsp://10.0.0.5:554/stream?password=${secret}&channel=1`,
    });
    await client.camera.probe({ url });
    control.recorder.send({
      kind: 'event',
      timeMs: 1,
      level: 'warning',
      event: 'camera.lost',
      subject: camera.id,
      text: `no answer from ${url}`,
    });
    const all = () => JSON.stringify(control.journal.latest(1000));
    await until(() => all().includes('no answer from'), 'the event of the recorder');
    const journal = all();
    const status = JSON.stringify(await client.node.status());
    const file = readFileSync(join(control.folder, 'settings.json'), 'utf8');
    for (const text of [journal, status, file]) expect(text.includes(secret)).toBe(false);
  });

  it('are found by id or name, and pools too', async () => {
    const name = (await client.pool.show({ id: poolId })).name;
    const camera = await client.camera.add({
      id: 'gate',
      name: 'The gate',
      url: 'rtsp://10.0.0.6/',
      pool: name,
    });
    expect(camera).toMatchObject({ id: 'gate', poolId, hasCredentials: false });
    expect((await client.camera.show({ id: 'The gate' })).id).toBe('gate');
    const again = { id: 'gate', name: 'x', url: 'rtsp://10.0.0.6/', pool: name };
    expect((await failureOf(client.camera.add(again))).code).toBe('conflict');
    expect((await failureOf(client.camera.add({ ...again, id: 'g2', pool: 'none' }))).code).toBe('not_found');
    expect(await failureOf(client.camera.add({ ...again, id: 'g3', url: 'http://x/' }))).toMatchObject({
      code: 'invalid_input',
      details: { field: 'url' },
    });
  });

  it('keep their password on an edit while the host is the same, and not for another host', async () => {
    const { id } = await client.camera.add({
      name: 'moving',
      url: `rtsp://u:${secret}@10.0.0.7/a`,
      pool: poolId,
    });
    const config = () => control.recorder.config?.cameras.find((camera) => camera.id === id);
    await client.camera.edit({ id, url: 'rtsp://10.0.0.7/b', name: 'moved' });
    expect(config()).toMatchObject({ url: 'rtsp://10.0.0.7/b', password: secret, name: 'moved' });
    await client.camera.edit({ id, url: 'rtsp://evil.example/b' });
    expect(config()).toMatchObject({ password: null, user: null });
    expect(await client.camera.edit({ id, enabled: false })).toMatchObject({ enabled: false });
  });

  it('never get the number of a removed one', async () => {
    const add = () => client.camera.add({ name: 'n', url: 'rtsp://10.0.0.8/', pool: poolId });
    const first = await add();
    await client.camera.remove({ id: first.id });
    expect((await add()).id).not.toBe(first.id);
  });

  it('are saved also while the recorder does not take them', async () => {
    control.recorder.errors.set('configure', { code: 'internal', message: 'busy' });
    const camera = await client.camera.add({ name: 'later', url: 'rtsp://10.0.0.9/', pool: poolId });
    expect(camera.recording).toBe('recording-error');
    expect(control.settings.current().cameras.some((one) => one.id === camera.id)).toBe(true);
  });
});

describe('the audit', () => {
  it('tells who changed what, from where, before and after', async () => {
    const admin = await control.as('admin');
    const { poolId } = await control.addStorage();
    await admin.client.pool.edit({ id: poolId, name: 'renamed pool' });
    const [entry] = audit('renamed');
    expect(entry ?? audit(poolId)[0]).toBeDefined();
    const changed = audit(poolId).find((found) => found.event === 'pool.edit');
    expect(changed).toMatchObject({
      user: admin.name,
      ip: '127.0.0.1',
      subject: poolId,
      details: { after: { name: 'renamed pool' }, input: { id: poolId, name: 'renamed pool' } },
    });
    expect(changed?.details?.before).toMatchObject({ id: poolId });
  });

  it('also tells what was refused', async () => {
    const viewer = await control.as('viewer');
    await failureOf(viewer.client.camera.remove({ id: 'c1' }));
    const refused = audit('camera').find((entry) => entry.user === viewer.name);
    expect(refused).toMatchObject({
      event: 'camera.remove',
      level: 'warning',
      details: { error: 'forbidden' },
    });
  });

  it('holds log-ins, failed ones as well, and never a password', async () => {
    const { client: stranger } = await control.connect();
    await failureOf(stranger.session.login({ user: 'nobody', password: 'Wrong-guess-1' }));
    expect(audit('nobody')[0]).toMatchObject({
      event: 'session.login-failed',
      ip: '127.0.0.1',
      level: 'warning',
    });
    expect(JSON.stringify(control.journal.latest(1000))).not.toMatch(/Wrong-guess|horse-battery/);
  });

  it('holds a call whatever kinds of values it was made with', async () => {
    const more: object = { more: 5n, when: new Date(0), set: new Set([1]) };
    await client.user.add({ name: 'bigint', role: 'viewer', ...more });
    expect(audit('bigint').map(({ event }) => event)).toEqual(['user.add']);
  });

  it('outlives the clearing of the log, and records it', async () => {
    const before = audit('pool').length;
    const { removed } = await client.log.clear({ confirm: 'clear' });
    expect(removed).toBeGreaterThan(0);
    expect(audit('pool').length).toBe(before);
    expect(audit('cleared')[0]).toMatchObject({ event: 'log.clear', user: 'tester', ip: 'local' });
  });
});
