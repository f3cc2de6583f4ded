import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { createSystemCommands } from '../../../../../agent/standby/resources/processes/system-commands.ts';
import { nodeId, resource } from '../fakes.ts';
import { canUse, RealRig } from '../real.ts';

const lifePath = fileURLToPath(new URL('../guard-life.ts', import.meta.url));

const rigs: RealRig[] = [];
function rig(): RealRig {
  const made = new RealRig();
  rigs.push(made);
  return made;
}

const lives: ChildProcess[] = [];

afterEach(async () => {
  for (const life of lives.splice(0)) life.kill('SIGKILL');
  for (const made of rigs.splice(0)) await made.end();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/', agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}

async function nginx(made: RealRig, more: Record<string, unknown> = {}) {
  const port = await freePort();
  const path = join(made.folder, 'nginx.conf');
  writeFileSync(
    path,
    `worker_processes 2; pid ${made.folder}/nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http { access_log off; client_body_temp_path ${made.folder}/body; proxy_temp_path ${made.folder}/proxy;
fastcgi_temp_path ${made.folder}/fcgi; uwsgi_temp_path ${made.folder}/uwsgi; scgi_temp_path ${made.folder}/scgi;
server { listen 127.0.0.1:${port}; location / { return 200 'here'; } } }`,
  );
  const command = ['nginx', '-c', path, '-g', 'daemon off;'];
  return { port, path, config: resource({ kind: 'process', id: 'web', command, ...more }) };
}

const token = `process:pair-0001:${nodeId}:web`;
const marked = (made: RealRig) => createSystemCommands({ runDir: join(made.folder, 'run') }).marked(token);

const hasNginx = canUse({ programs: { nginx: 'nginx-light' } });

describe.skipIf(!hasNginx)('a real nginx', () => {
  it('serves after start, and not one process of it is left after stop', async () => {
    const made = rig();
    const { port, config } = await nginx(made);
    await made.configure(config).runner.start(1);
    await made.until(() => answers(port), 'it answers');
    const before = await marked(made);
    expect(before.length).toBe(3);
    await made.runner.stop();
    expect(await answers(port)).toBe(false);
    expect(await marked(made)).toEqual([]);
  });

  it('that was killed is back within a second, its orphaned workers are gone', async () => {
    const made = rig();
    const { port, config } = await nginx(made);
    await made.configure(config).runner.start(1);
    await made.until(() => answers(port), 'it answers');
    const before = await marked(made);
    const killedMs = performance.now();
    process.kill(Math.min(...before), 'SIGKILL');
    await made.until(async () => made.state('web')?.restarts === 1 && (await answers(port)), 'it is back');
    expect(performance.now() - killedMs).toBeLessThan(3_000);
    await made.until(() => made.state('web')?.state === 'running', 'running');
    const after = await marked(made);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    expect(after.length).toBe(3);
    expect(made.failures).toEqual([]);
  });

  it('with a broken configuration does not start, and says what nginx said', async () => {
    const made = rig();
    const { config, path } = await nginx(made);
    writeFileSync(path, 'nonsense;');
    await expect(made.configure(config).runner.start(1)).rejects.toMatchObject({
      message: expect.stringMatching(/web could not be started: .*unknown directive/),
    });
  });

  it('left running by a guard that was killed is found by the next: stopped, and never run twice', async () => {
    const made = rig();
    const { port, config } = await nginx(made);
    const life = spawn(process.execPath, [lifePath, join(made.folder, 'run'), JSON.stringify(config)]);
    lives.push(life);
    // So that what it left is ended also when this test fails.
    made.configure(config);
    await made.until(() => answers(port), 'it answers');
    const old = await marked(made);
    expect(old.length).toBe(3);
    life.kill('SIGKILL');
    await once(life, 'exit');
    expect(await answers(port)).toBe(true);
    await made.runner.start(2);
    await made.until(async () => (await marked(made)).length === 3 && (await answers(port)), 'the new one');
    expect((await marked(made)).filter((pid) => old.includes(pid))).toEqual([]);
    await made.runner.stop();
    expect(await marked(made)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('a process that ignores TERM', () => {
  it('is killed with its children before the deadline', async () => {
    const made = rig();
    const command = ['sh', '-c', 'trap "" TERM; sleep 60 & while :; do sleep 1; done'];
    made.configure(resource({ kind: 'process', id: 'web', command, stopTimeoutSeconds: 2 }));
    await made.runner.start(1);
    expect((await marked(made)).length).toBeGreaterThan(1);
    await made.runner.stop();
    expect(await marked(made)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('scripts', () => {
  it('that hang in stop are reported at the deadline, and nothing of them is left running', async () => {
    const made = rig();
    const hang = ['sh', '-c', `trap "" TERM; echo $$ > ${made.folder}/pid; sleep 60 & wait; sleep 60`];
    made.configure(
      resource({
        kind: 'script',
        id: 'app',
        start: ['true'],
        stop: hang,
        monitor: ['true'],
        stopTimeoutSeconds: 0.5,
      }),
    );
    await made.runner.start(1);
    await expect(made.runner.stop()).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('app could not be stopped: stop did not end within 0.5 s'),
      details: { id: 'app' },
    });
  });

  it('are told the epoch and what to do', async () => {
    const made = rig();
    const say = (verb: string) => [
      'sh',
      '-c',
      `echo "$HOLDFAST_ACTION $HOLDFAST_EPOCH" > ${made.folder}/${verb}`,
    ];
    made.configure(
      resource({ kind: 'script', id: 'app', start: say('a'), stop: ['false'], monitor: ['true'] }),
    );
    await made.runner.start(9);
    expect(readFileSync(join(made.folder, 'a'), 'utf8')).toBe('start 9\n');
    await expect(made.runner.stop()).rejects.toThrow('app could not be stopped: stop ended with code 1');
  });
});
