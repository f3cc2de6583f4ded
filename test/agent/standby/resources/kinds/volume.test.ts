import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AddressLifetimes } from '../../../../../agent/standby/resources/address-lifetimes.ts';
import { VolumeController } from '../../../../../agent/standby/resources/kinds/volume.ts';
import type { ResourceConfig } from '../../../../../src/contract/standby.ts';
import { FakeClock, FakeCommands, resource } from '../fakes.ts';
import { canUse, RealRig } from '../real.ts';

const canMount = canUse({ programs: { mount: 'mount' }, root: true });
const canLoop = canMount && canUse({ programs: { losetup: 'mount', 'mkfs.ext4': 'e2fsprogs' } });
const hasCifs = /\bcifs\b/.test(readOr('/proc/filesystems'));

function readOr(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const cleanups: (() => unknown)[] = [];
function rig(): RealRig {
  const made = new RealRig();
  cleanups.unshift(() => made.end());
  return made;
}

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

const isMounted = (path: string) => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);

function tmpfs(made: RealRig, more: Record<string, unknown> = {}) {
  const mountPoint = join(made.folder, 'data');
  return {
    mountPoint,
    config: resource({
      kind: 'volume',
      id: 'data',
      device: 'hf-test',
      mountPoint,
      fileSystem: 'tmpfs',
      options: 'size=1m',
      ...more,
    }),
  };
}

describe.skipIf(!canMount)('a real tmpfs', () => {
  it('is mounted once, and gone after stop', async () => {
    const made = rig();
    const { config, mountPoint } = tmpfs(made);
    await made.configure(config).runner.start(1);
    expect(isMounted(mountPoint)).toBe(true);
    await made.runner.start(2);
    expect(readFileSync('/proc/self/mountinfo', 'utf8').split(` ${mountPoint} `).length).toBe(2);
    await made.runner.stop();
    expect(isMounted(mountPoint)).toBe(false);
  });

  it('that is held at stop fails with who holds it', async () => {
    const made = rig();
    const { config, mountPoint } = tmpfs(made);
    await made.configure(config).runner.start(1);
    const holder = spawn('sleep', ['30'], { cwd: mountPoint });
    await once(holder, 'spawn');
    await expect(made.runner.stop()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`held by sleep (pid ${holder.pid})`),
    });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await made.runner.stop();
    expect(isMounted(mountPoint)).toBe(false);
  });

  it('that somebody unmounts is mounted again', async () => {
    const made = rig();
    const { config, mountPoint } = tmpfs(made, { monitorIntervalSeconds: 0.1 });
    await made.configure(config).runner.start(1);
    execFileSync('umount', [mountPoint]);
    await made.until(() => made.state('data')?.restarts === 1 && isMounted(mountPoint), 'mounted again');
  });

  it('over which something else is mounted is refused, and the other stays', async () => {
    const made = rig();
    const { config, mountPoint } = tmpfs(made);
    execFileSync('mkdir', [mountPoint]);
    execFileSync('mount', ['-t', 'tmpfs', 'somebody', mountPoint]);
    cleanups.unshift(() => execFileSync('umount', [mountPoint]));
    await expect(made.configure(config).runner.start(1)).rejects.toThrow('somebody is mounted at');
    expect(isMounted(mountPoint)).toBe(true);
  });
});

describe.skipIf(!canLoop)('a real ext4 on a loop device', () => {
  it('is never mounted a second time elsewhere', async () => {
    const made = rig();
    const image = join(made.folder, 'image');
    writeFileSync(image, new Uint8Array(4 * 1024 * 1024));
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    const device = execFileSync('losetup', ['--show', '-f', image], { encoding: 'utf8' }).trim();
    cleanups.push(() => execFileSync('losetup', ['-d', device]));
    const first = {
      kind: 'volume',
      id: 'one',
      device,
      mountPoint: join(made.folder, 'one'),
      fileSystem: 'ext4',
    };
    await made.configure(resource(first)).runner.start(1);
    writeFileSync(join(made.folder, 'one/file'), 'kept');
    const other = rig();
    other.configure(resource({ ...first, mountPoint: join(made.folder, 'two') }));
    await expect(other.runner.start(1)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('is mounted at'),
    });
    await made.runner.stop();
    await other.runner.start(1);
    expect(readFileSync(join(made.folder, 'two/file'), 'utf8')).toBe('kept');
    await other.runner.stop();
  });
});

describe('a share with a password', () => {
  const share = resource({
    kind: 'volume',
    id: 'nas',
    device: '//nas/video',
    mountPoint: '/mnt/hf-never',
    fileSystem: 'cifs',
    options: 'vers=3.0',
    user: 'recorder',
    password: 'pass,word',
  }) as Extract<ResourceConfig, { kind: 'volume' }>;

  it.skipIf(process.platform !== 'linux')(
    'shows the password on no command line, in no environment and in no error',
    async () => {
      const made = rig();
      const commands = new FakeCommands();
      commands.answer = () => ({ code: 32, lastLines: 'mount error(13): denied for pass,word' });
      const clock = new FakeClock();
      const controller = new VolumeController(
        { ...share, mountPoint: join(made.folder, 'nas') },
        {
          commands,
          hostCommands: commands,
          clock,
          isHandedOver: () => false,
          lifetimes: new AddressLifetimes({ commands, clock, onEvent: () => {} }),
          nodeId: 'a',
          pairId: 'p',
          recording: { start: async () => {}, stop: async () => {} },
          onEvent: () => {},
          onDown: () => {},
        },
      );
      const action = { signal: new AbortController().signal, timeoutMs: 1_000, epoch: 1 };
      await expect(controller.start(action)).rejects.toThrow('mount error(13): denied for ***');
      const [call] = commands.calls;
      expect(call?.command).toContain('vers=3.0,username=recorder');
      expect(JSON.stringify([call?.command, call?.env])).not.toContain('pass,word');
      expect(call).toMatchObject({ input: 'pass,word\n', env: { PASSWD_FD: '0' } });
    },
  );

  it('of a user that would add options is refused', () => {
    const made = rig();
    expect(() => made.configure(resource({ ...share, user: 'a,uid=0' }))).toThrow('cannot be passed');
  });

  if (!hasCifs)
    console.warn('SKIPPED: this kernel has no cifs; run on one with CONFIG_CIFS to mount a real share');
});
