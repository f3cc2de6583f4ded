import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemCommands } from '../../../../../agent/standby/resources/processes/system-commands.ts';

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'hf-cmd-'));
  folders.push(made);
  return made;
}

afterEach(() => {
  for (const made of folders.splice(0)) rmSync(made, { recursive: true, force: true });
});

const never = new AbortController().signal;
const commands = () => createSystemCommands({ runDir: join(folder(), 'run') });
const sh = (text: string) => ['sh', '-c', text];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function pidsIn(path: string): number[] {
  try {
    return readFileSync(path, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

describe.skipIf(process.platform !== 'linux')('a program', () => {
  it('gives its exit code, output and last lines; input is on standard input and nowhere else', async () => {
    const result = await commands().run({
      command: sh('cat; echo trouble >&2; echo "$ASKED"; exit 7'),
      env: { ASKED: 'yes' },
      input: 'secret\n',
      signal: never,
    });
    expect(result).toMatchObject({ code: 7, output: 'secret\nyes\n' });
    expect(result.lastLines).toContain('trouble');
  });

  it('is never read by a shell', async () => {
    const result = await commands().run({ command: ['echo', '$(id); `id` > x && y'], signal: never });
    expect(result.output).toBe('$(id); `id` > x && y\n');
  });

  it('has bounded output and last lines without control characters', async () => {
    const result = await commands().run({
      command: sh('head -c 3000000 /dev/zero | tr "\\0" x; printf "\\n\\033[31mred\\n"'),
      signal: never,
    });
    expect(result.output.length).toBe(1024 * 1024);
    expect(result.lastLines.length).toBeLessThanOrEqual(600);
    expect(result.lastLines).toContain('red');
    expect(result.lastLines).not.toMatch(/\p{Cc}/u);
  });

  it('that does not exist is reported as such', async () => {
    await expect(commands().run({ command: ['/no/such/program'], signal: never })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('that leaves a service behind does not hold up its caller', async () => {
    const file = join(folder(), 'pid');
    const result = await commands().run({ command: sh(`sleep 30 & echo $! > ${file}`), signal: never });
    expect(result.code).toBe(0);
    const [pid = 0] = pidsIn(file);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  it('that is late is killed with its children, those that ignore TERM, and those that left its group', async () => {
    const file = join(folder(), 'pids');
    const abort = new AbortController();
    const text = `trap "" TERM; echo $$ >> ${file}; sleep 30 & echo $! >> ${file}; setsid sh -c 'echo $$ >> ${file}; exec sleep 30' & wait`;
    const run = commands().run({ command: sh(text), signal: abort.signal });
    run.catch(() => undefined);
    await until(() => pidsIn(file).length === 3);
    abort.abort();
    await expect(run).rejects.toMatchObject({ code: 'timeout' });
    await until(() => !pidsIn(file).some(isAlive));
  });
});

describe.skipIf(process.platform !== 'linux')('a daemon', () => {
  const token = 'process:pair:node:web';

  it('says why it ended, with its last words', async () => {
    const daemon = commands().daemon({ command: sh('echo no config >&2; exit 3'), token });
    expect(await daemon.ended).toBe('sh ended with code 3: no config');
  });

  it('is found by its token, with children of other sessions, also by another life of the agent', async () => {
    const runDir = join(folder(), 'run');
    const script = join(folder(), 'daemon.sh');
    writeFileSync(script, 'setsid sleep 30 &\nsleep 30 &\nwait\n');
    const daemon = createSystemCommands({ runDir }).daemon({ command: ['sh', script], token });
    const later = createSystemCommands({ runDir });
    let found: number[] = [];
    for (let i = 0; i < 200 && found.length < 3; i += 1) found = await later.marked(token);
    expect(found.length).toBe(3);
    expect(await later.marked('process:pair:node:other')).toEqual([]);
    await later.killMarked(token, 'SIGKILL');
    await daemon.ended;
    await until(() => !found.some(isAlive));
    expect(await later.marked(token)).toEqual([]);
  });

  it('without its environment is found by its session', async () => {
    const runDir = join(folder(), 'run');
    const daemon = createSystemCommands({ runDir }).daemon({
      command: ['env', '-i', '/bin/sh', '-c', 'sleep 30 & sleep 30'],
      token,
    });
    const later = createSystemCommands({ runDir });
    let found: number[] = [];
    for (let i = 0; i < 200 && found.length < 3; i += 1) found = await later.marked(token);
    expect(found.length).toBe(3);
    await later.killMarked(token, 'SIGKILL');
    expect(await daemon.ended).toContain('was ended by SIGKILL');
  });
});
