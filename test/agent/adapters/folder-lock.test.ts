/** The lock of a data folder: held by one process, and honest about why it cannot be taken. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from '../../../agent/adapters/folder-lock.ts';

let folder: string;
let child: ChildProcess | null = null;
const path = () => join(folder, 'agent.lock');
const codeOf = (run: () => unknown): unknown => {
  try {
    run();
    return 'taken';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-lock-'));
});
afterEach(async () => {
  if (child) {
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = null;
  }
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

/** Another process that takes the lock, or says why it could not; `user` 65534 is nobody. */
async function elsewhere(user?: number): Promise<string> {
  const module = new URL('../../../agent/adapters/folder-lock.ts', import.meta.url).href;
  const program = `import(${JSON.stringify(module)}).then(({ lockFolder }) => {
    ${user === undefined ? '' : `process.setgroups([]); process.setgid(${user}); process.setuid(${user});`}
    lockFolder(${JSON.stringify(path())}, 'here');
    globalThis.gc();
    console.log('taken');
    setInterval(() => {}, 1_000);
  }).catch((error) => console.log(error.code));`;
  child = spawn(process.execPath, ['--no-warnings', '--expose-gc', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stdout = child.stdout;
  if (!stdout) throw new Error('no output');
  const [chunk] = await once(stdout, 'data');
  return String(chunk).trim();
}

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn('SKIPPED: a folder that may not be written; it needs root');

describe('the lock of a data folder', () => {
  it('is held by one process at a time, and given back with it', { timeout: 60_000 }, async () => {
    expect(await elsewhere()).toBe('taken');
    expect(codeOf(() => lockFolder(path(), folder))).toBe('conflict');
    const holder = child;
    if (!holder) throw new Error('no process');
    child = null;
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = lockFolder(path(), folder);
    expect(codeOf(() => lockFolder(path(), folder))).toBe('conflict');
    expect(await elsewhere()).toBe('conflict');
    lock.release();
  });

  it('says that its file is damaged, and not that another agent runs', () => {
    writeFileSync(path(), Buffer.alloc(5_000, 0xa5));
    expect(codeOf(() => lockFolder(path(), folder))).toBe('data_loss');
  });

  it.skipIf(!isRoot)('says that it may not write there', { timeout: 60_000 }, async () => {
    chmodSync(folder, 0o555);
    expect(await elsewhere(65_534)).toBe('forbidden');
  });
});
