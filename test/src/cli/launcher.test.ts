/** bin/holdfast: the right Node, clear words when there is none, and the terminal given back after a SIGKILL. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const launcher = fileURLToPath(new URL('../../../bin/holdfast', import.meta.url));
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hf-launch-'));
  mkdirSync(join(root, 'bin'));
  cpSync(launcher, join(root, 'bin', 'holdfast'));
  mkdirSync(join(root, 'path'));
  for (const tool of ['sh', 'dirname', 'readlink', 'sleep', 'stty']) {
    symlinkSync(execFileSync('which', [tool], { encoding: 'utf8' }).trim(), join(root, 'path', tool));
  }
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function put(path: string, script: string): void {
  const full = join(root, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, script);
  chmodSync(full, 0o755);
}

function fakeNode(path: string, version: string): void {
  put(
    path,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "ran ${version} $*"; exit 7; fi\n`,
  );
}

function run(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const result = spawnSync(join(root, 'bin', 'holdfast'), args, {
    encoding: 'utf8',
    env: { PATH: join(root, 'path'), ...env },
  });
  return { code: result.status, stdout: result.stdout, stderr: result.stderr };
}

describe.skipIf(process.platform === 'win32')('bin/holdfast', () => {
  it('prefers the Node that npm brought along, and passes arguments and exit code through', () => {
    put('dist/src/cli/main.js', '');
    fakeNode('node_modules/node/bin/node', 'v24.21.0');
    fakeNode('path/node', 'v26.0.0');
    const { code, stdout } = run(['space', 'list', 'a b']);
    expect(code).toBe(7);
    expect(stdout).toContain('ran v24.21.0');
    expect(stdout).toContain('main.js space list a b');
  });

  it('passes over a Node that is too old or does not run', () => {
    put('dist/src/cli/main.js', '');
    put('node_modules/node/bin/node', '#!/bin/sh\nexit 1\n');
    fakeNode('path/node', 'v24.0.0');
    expect(run().stdout).toContain('ran v24.0.0');
    expect(run([], { HOLDFAST_NODE: join(root, 'path', 'node') }).stdout).toContain('ran v24.0.0');
  });

  it('says what to do when there is no Node, or none that is new enough, or nothing built', () => {
    expect(run()).toMatchObject({ code: 13, stderr: expect.stringContaining('npm run setup') });
    fakeNode('path/node', 'v20.20.2');
    expect(run()).toMatchObject({ code: 13, stderr: expect.stringContaining('needs Node 24') });
    fakeNode('path/node', 'v24.0.0');
    expect(run()).toMatchObject({ code: 13, stderr: expect.stringContaining('npm run build') });
  });

  it('works through a link from another folder', () => {
    put('dist/src/cli/main.js', '');
    fakeNode('path/node', 'v24.0.0');
    symlinkSync('../bin/holdfast', join(root, 'path', 'holdfast'));
    const { stdout } = spawnSync(join(root, 'path', 'holdfast'), [], {
      encoding: 'utf8',
      env: { PATH: join(root, 'path') },
    });
    expect(stdout).toContain('ran v24.0.0');
  });

  const script = existsSync('/usr/bin/script');
  if (!script)
    console.warn('SKIPPED: the terminal after SIGKILL; install it with: apt-get install util-linux bsdutils');

  it.skipIf(!script)('gives the terminal back when what drew on it was killed', () => {
    put('dist/src/cli/main.js', '');
    put(
      'path/node',
      '#!/bin/sh\nif [ "$1" = --version ]; then echo v24.0.0; exit; fi\n[ -t 0 ] && [ -t 1 ] || exit 1\nstty raw -echo; printf "\\033[?1049h"; kill -9 $$\n',
    );
    const command = `stty -a <&0 | tr ' ' '\\n' | grep -x -e '-\\?echo'; ${join(root, 'bin', 'holdfast')} tui; stty -a <&0 | tr ' ' '\\n' | grep -x -e '-\\?echo'`;
    const path = `${join(root, 'path')}:${process.env.PATH ?? ''}`;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: path, TERM: 'xterm' },
      input: '',
    });
    const [before, after] = stdout.split('\u001b[?1049h');
    expect(before).toContain('echo');
    expect(after).toContain('\u001b[?1049l\u001b[?25h');
    expect(after?.match(/-?echo/)?.[0]).toBe('echo');
  });
});
