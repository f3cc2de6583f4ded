import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Rig, startMs } from '../support/storage/rig.ts';

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount();
if (!canMount)
  console.warn(
    'SKIPPED: pulling a mount away needs root and mount(8); run the tests as root in a machine of their own',
  );

function tryMount(): boolean {
  try {
    execFileSync('mount', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

let rig: Rig | null = null;
const mounted: string[] = [];

/** The same file system at `path`, also reachable at `keep` while it is away from there. */
function mountBoth(path: string, keep: string): void {
  mkdirSync(keep);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'holdfast-test', keep]);
  mounted.push(keep);
  bind(keep, path);
}

function bind(from: string, path: string): void {
  execFileSync('mount', ['--bind', from, path]);
  mounted.push(path);
}

function pull(path: string): void {
  execFileSync('umount', ['-l', path]);
  mounted.splice(mounted.indexOf(path), 1);
}

afterEach(async () => {
  for (const path of mounted.splice(0).reverse()) execFileSync('umount', ['-l', path]);
  await rig?.end();
  rig = null;
});

test.skipIf(!canMount)(
  'a disk pulled away is never written at its mount point, the other goes on, and the returned one is used (I3)',
  async () => {
    const r = new Rig({ spaces: 2, blocks: 8 });
    rig = r;
    const path = r.spaceConfigs[0]?.path ?? '';
    const keep = join(r.root, 'keep');
    mountBoth(path, keep);
    await r.ready();
    expect(r.space('s1').deviceType).toBe('memory');
    const writers = ['c1', 'c2', 'c3', 'c4'].map((id) => r.open(id));
    const appendAll = (second: number) => {
      for (const writer of writers) expect(r.append(writer, startMs + second * 1_000)).toBeNull();
    };
    appendAll(0);
    await r.drained();
    expect(r.space('s1').blocks.open).toBe(2);
    pull(path);
    await r.pass(2);
    await r.until(() => r.space('s1').state === 'lost', 'the space is lost');
    expect(r.space('s1').problem).toContain('no marker');
    for (let second = 1; second < 90; second += 1) {
      appendAll(second);
      await r.drained();
    }
    expect(readdirSync(path)).toEqual([]);
    await r.synced();
    bind(keep, path);
    await r.pass(4);
    await r.until(() => r.space('s1').state === 'normal', 'the space is back');
    const newcomers = ['n1', 'n2', 'n3', 'n4'].map((id) => r.open(id));
    for (const writer of newcomers) expect(r.append(writer, startMs + 100_000)).toBeNull();
    await r.synced();
    for (const id of ['s1', 's2']) expect((await r.check(id)).faults, id).toEqual([]);
    expect(r.space('s1').blocks.open).toBeGreaterThan(2);
    expect(r.catalogPresentMs('c1')).toBe(r.indexPresentMs('c1'));
  },
  30_000,
);
