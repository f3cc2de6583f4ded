/** A lost, full or read-only space never stops recording into the others, and never fills the system disk (I3). */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCameras } from '../../agent/test-camera/cameras.ts';
import { addCamera, startNode, statusUntil, type TestNode } from '../support/node.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('SKIPPED test/scenarios/faults: mounting needs root; run it with sudo');

const MiB = 1024 * 1024;
const imageBytes = 256 * MiB;

describe.skipIf(!isRoot)('storage that goes away under a recording node', () => {
  const work = mkdtempSync(join(tmpdir(), 'hf-faults-'));
  const image = join(work, 'disk.img');
  const mounts = { a: join(work, 'a'), b: join(work, 'b') };
  let node: TestNode;
  let cameras: Awaited<ReturnType<typeof startTestCameras>>;

  const mount = (path: string, options: string) =>
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  const spaceOf = async (path: string) =>
    (await node.client.space.list()).find((space) => space.path === path);
  const until = (wanted: Parameters<typeof statusUntil>[1]) => statusUntil(node.client, wanted, 20_000);

  beforeAll(async () => {
    for (const path of Object.values(mounts)) mkdirSync(path);
    mount(mounts.a, 'size=192m');
    makeDisk(image);
    mountDisk(image, mounts.b);
    node = await startNode();
    cameras = await startTestCameras({ port: 0, count: 4, mbps: 2 });
    for (const path of Object.values(mounts)) await node.client.space.add({ path, quotaBytes: 128 * MiB });
    const ready = await until(
      (status) => status.spaces.length === 2 && status.spaces.every((space) => space.state === 'normal'),
    );
    const shares = ready.spaces.map((space) => ({ spaceId: space.id, bytes: space.quotaBytes }));
    await node.client.pool.add({ name: 'video', shares });
    for (const [at, url] of cameras.urls.entries()) await addCamera(node, `camera ${at + 1}`, url);
    await until((status) => status.counts.recording === 4);
  }, 60_000);

  afterAll(async () => {
    await node?.remove();
    await cameras?.close();
    for (const path of Object.values(mounts)) {
      try {
        execFileSync('umount', ['-l', path], { stdio: 'ignore' });
      } catch {
        // Not mounted any more: that is what the test did.
      }
    }
    rmSync(work, { recursive: true, force: true });
  });

  it('a mount pulled away: the space is lost, all cameras go on in the other one, and nothing is written below the mount point', async () => {
    const before = await node.client.node.status();
    execFileSync('umount', ['-l', mounts.a]);
    await until((status) => status.spaces.some((space) => space.path === mounts.a && space.state === 'lost'));
    const after = await until(
      (status) =>
        status.counts.recording === 4 &&
        status.cameras.every((camera) => {
          const then = before.cameras.find((seen) => seen.id === camera.id);
          return (camera.lastFrameMs ?? 0) > (then?.lastFrameMs ?? 0) + 4_000;
        }),
    );
    expect(readdirSync(mounts.a)).toEqual([]);
    expect(after.spaces.find((space) => space.path === mounts.a)?.hint).toMatch(/\w/);
    expect(after.concerns.some((concern) => concern.level === 'error' && concern.page === 'storage')).toBe(
      true,
    );
    const gaps = await node.client.inspection.gaps({ fromMs: before.timeMs });
    for (const gap of gaps) {
      expect(gap.reason).toBe('space-lost');
      expect((gap.toMs ?? Number.POSITIVE_INFINITY) - gap.fromMs).toBeLessThan(5_000);
    }
  });

  it('another folder in its place is not taken for it; the space itself comes back by itself', async () => {
    mount(mounts.a, 'size=192m');
    writeFileSync(join(mounts.a, 'somebody-elses-file'), 'x');
    const seen = (await node.client.node.status()).timeMs;
    await until((status) => status.timeMs > seen + 3_000);
    expect((await spaceOf(mounts.a))?.state).toBe('lost');
    expect(readdirSync(mounts.a)).toEqual(['somebody-elses-file']);
    execFileSync('umount', [mounts.a]);
  });

  it('a disk that others filled: recording goes on in its preallocated blocks', async () => {
    const before = await node.client.node.status();
    try {
      writeFileSync(join(mounts.b, 'filler'), Buffer.alloc(imageBytes));
    } catch {
      // Filled to the last byte: that is the point.
    }
    await until((status) => status.timeMs > before.timeMs + 5_000);
    const after = await node.client.node.status();
    expect(after.counts.recording).toBe(4);
    expect(after.recorder.partsLost).toBe(before.recorder.partsLost);
    rmSync(join(mounts.b, 'filler'));
  });

  it('a disk that turns read-only: said in words, free to be repaired, and recording comes back with it', async () => {
    failDisk(image);
    const broken = await until((status) =>
      status.spaces.some(
        (space) => space.path === mounts.b && (space.state === 'error' || space.state === 'lost'),
      ),
    );
    expect(broken.spaces.find((space) => space.path === mounts.b)?.problem).toMatch(/read-only/i);
    await until((status) => status.counts.recording === 0);
    await unmounted(mounts.b);
    await detached(image);
    spawnSync('e2fsck', ['-fy', image]);
    mountDisk(image, mounts.b);
    await until(
      (status) =>
        status.counts.recording === 4 &&
        status.spaces.some((space) => space.path === mounts.b && space.state === 'normal'),
    );
    const gaps = await node.client.inspection.gaps({ limit: 50 });
    expect(gaps.filter((gap) => gap.toMs === null)).toEqual([]);
    expect(gaps.some((gap) => gap.reason === 'space-lost' || gap.reason === 'write-error')).toBe(true);
  }, 90_000);

  it('a space that does not fit is refused before anything is written', async () => {
    const path = join(work, 'c');
    mkdirSync(path);
    mount(path, 'size=80m');
    try {
      await expect(node.client.space.add({ path, quotaBytes: 4096 * MiB })).rejects.toMatchObject({
        code: 'disk_full',
      });
      expect(readdirSync(path)).toEqual([]);
    } finally {
      execFileSync('umount', ['-l', path]);
    }
  });
});

/** A file system of its own in a file, that turns read-only on errors as a server's disk does. */
function makeDisk(path: string): void {
  writeFileSync(path, '');
  truncateSync(path, imageBytes);
  execFileSync('mkfs.ext4', ['-q', path]);
}

function mountDisk(image: string, path: string): void {
  execFileSync('mount', ['-o', 'loop,errors=remount-ro', image, path]);
}

/** Has ext4 take note of an error, upon which it refuses all writing. */
function failDisk(image: string): void {
  const device = execFileSync('losetup', ['-j', image]).toString().split(':')[0] ?? '';
  writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'test');
}

/** Unmounts for repair: works only once nobody holds a file open there. */
async function unmounted(path: string): Promise<void> {
  const deadlineMs = Date.now() + 15_000;
  while (spawnSync('umount', [path]).status !== 0) {
    if (Date.now() > deadlineMs) throw new Error(`${path} stays busy`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** The loop device lets go of the file a moment after the unmount; repaired before that, the file would be read stale. */
async function detached(image: string): Promise<void> {
  const deadlineMs = Date.now() + 15_000;
  while (execFileSync('losetup', ['-j', image]).length > 0) {
    if (Date.now() > deadlineMs) throw new Error(`${image} stays attached`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
