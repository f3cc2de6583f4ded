/** A hub whose disk fills up: writes are refused as such, what was confirmed stays, and room lets it go on. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHubConnection } from '../../../agent/standby/lease/hub-connection.ts';
import { openLeaseStore } from '../../../agent/standby/lease/open.ts';
import type { LeaseStore } from '../../../agent/standby/types.ts';
import { startHub } from '../../peers/lease-servers/hub.ts';
import type { StoreServers } from '../../peers/lease-servers/servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'hf-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder]).status === 0;
if (!mounted) console.warn('SKIPPED: full disk of the hub; it needs root and mount: apt-get install mount');

afterAll(() => {
  if (mounted) spawnSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Takes every byte that is left. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const size of [65_536, 4_096, 512, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // Full for this size.
      }
    }
  } finally {
    closeSync(file);
  }
}

describe.skipIf(!mounted)('a hub on a full disk', () => {
  let servers: StoreServers;
  let store: LeaseStore;
  beforeAll(async () => {
    servers = await startHub(folder);
    const opened = openLeaseStore(servers.config, 'pair-1');
    if (!opened) throw new Error('no store');
    store = opened;
  });
  afterAll(async () => {
    await store?.close();
    await servers?.close();
  });
  const record = (seq: number) => ({ pairId: 'pair-1', holder: 'a', epoch: 1, seq, successor: null });

  it('refuses writes, loses none that it confirmed, and goes on when there is room', async () => {
    let last = await store.compareAndSet(null, record(1), 5_000);
    fill(join(folder, 'ballast'));
    let refusal: unknown = null;
    for (let seq = 2; seq < 2_000 && refusal === null; seq += 1) {
      try {
        last = await store.compareAndSet(last.revision, record(seq), 5_000);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'unavailable')) refusal = error;
        else await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    expect(refusal).toMatchObject({ code: 'disk_full' });
    expect(await store.read(5_000)).toEqual(last);
    rmSync(join(folder, 'ballast'));
    const next = await store.compareAndSet(last.revision, record(9_999), 5_000);
    const [member] = servers.members;
    await member?.end();
    member?.start();
    await expect
      .poll(() => store.read(1_000).catch(() => null), { timeout: 10_000 })
      .toMatchObject({ record: next.record });
  });

  it('refuses a backup that does not fit, and goes on without it', async () => {
    const { config } = servers;
    if (config.kind !== 'hub') throw new Error('no hub');
    const connection = await openHubConnection(config, null);
    const { boot } = connection;
    const body = Buffer.alloc(262_144);
    const digest = createHash('sha256').update(body).update(body).digest('hex');
    const object = { name: 'backup', version: 1, publishedMs: 1, bytes: 2 * body.length, digest };
    const put = (part: number, last: boolean) =>
      connection.request({
        ...{ op: 'object-put', upload: 'a'.repeat(16), object, part, last },
        body: body.toString('base64'),
      });
    await put(0, false);
    fill(join(folder, 'ballast'));
    await expect(put(1, true)).rejects.toMatchObject({ code: 'disk_full' });
    connection.destroy();
    const next = await openHubConnection(config, null);
    expect(next.boot).toBe(boot);
    next.destroy();
  });

  it('waits for room when it is started on it', async () => {
    fill(join(folder, 'more'));
    const [member] = servers.members;
    await member?.end();
    member?.start();
    await expect
      .poll(() => member?.output ?? '', { timeout: 10_000 })
      .toContain('it starts when there is room');
    for (const name of ['ballast', 'more']) rmSync(join(folder, name));
    await expect.poll(() => store.read(1_000).catch(() => null), { timeout: 10_000 }).not.toBeNull();
  });
});
