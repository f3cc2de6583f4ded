import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const module = new URL('../../../agent/adapters/service-shell.ts', import.meta.url).href;
/** Says `ready`, and `ending` each time that it is asked to end; ends when its input does. */
const program = `
import { openServiceShell, servicePlace } from ${JSON.stringify(module)};
const shell = openServiceShell('demo', servicePlace('demo'));
const done = Promise.withResolvers();
process.stdin.on('end', done.resolve).resume();
const stop = shell.endsBy(async () => {
  console.log('ending');
  await done.promise;
});
process.on('SIGTERM', () => console.log('asked'));
console.log('ready');
`;

let dataDir = '';
const started: ChildProcess[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'hf-shell-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

function run(args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', ...args]);
  started.push(child);
  const said = { out: '', errors: '' };
  child.stderr.on('data', (chunk) => {
    said.errors += String(chunk);
  });
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  const until = async (text: string) => {
    while (!said.out.includes(text)) await once(child.stdout, 'data');
  };
  return { child, said, until, ended: once(child, 'close') };
}

const socketPath = () => join(dataDir, 'demo.sock');
const serve = () => run(['--socket', socketPath(), '--data', dataDir]);

describe('the shell of a service', () => {
  it('ends without its arguments, and says which', async () => {
    const { ended, said } = run(['--data', dataDir]);
    expect(await ended).toEqual([1, null]);
    expect(said.errors).toContain('usage: demo --socket PATH --data DIR');
  });

  it('lets one alone work on a folder, and takes away a socket that an earlier one left', async () => {
    writeFileSync(socketPath(), '');
    const first = serve();
    await first.until('ready');
    expect(existsSync(socketPath())).toBe(false);
    const second = serve();
    expect(await second.ended).toEqual([1, null]);
    expect(second.said.errors).toContain(`another agent uses the data folder ${dataDir}`);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = serve();
    await third.until('ready');
  });

  it('ends once, in order, however often it is asked', async () => {
    const { child, said, until, ended } = serve();
    await until('ready');
    child.kill('SIGTERM');
    await until('asked');
    child.kill('SIGTERM');
    await until('asked\nasked');
    expect(child.exitCode).toBeNull();
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
    expect(said.out.match(/ending/g)).toHaveLength(1);
  });
});
