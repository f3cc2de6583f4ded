import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resource } from '../../fakes.ts';
import { canUse, RealRig } from '../../real.ts';

const dummy = '/usr/lib/ocf/resource.d/heartbeat/Dummy';
const hasAgents = canUse({ programs: { [dummy]: 'resource-agents' } });

const rigs: RealRig[] = [];
function rig(): RealRig {
  const made = new RealRig();
  rigs.push(made);
  return made;
}

afterEach(async () => {
  for (const made of rigs.splice(0)) await made.end();
});

describe.skipIf(!hasAgents)('the real agent ocf:heartbeat:Dummy', () => {
  const ocf = (made: RealRig, more: Record<string, unknown> = {}) =>
    resource({
      kind: 'ocf',
      id: 'd1',
      agent: 'heartbeat:Dummy',
      parameters: { state: join(made.folder, 'dummy.state') },
      ...more,
    });

  it('starts, is monitored and stops', async () => {
    const made = rig();
    await made.configure(ocf(made)).runner.start(1);
    expect(existsSync(join(made.folder, 'dummy.state'))).toBe(true);
    await made.runner.stop();
    expect(existsSync(join(made.folder, 'dummy.state'))).toBe(false);
    await made.runner.stop();
  });

  it('that stopped by itself is started again, then reported in words', async () => {
    const made = rig();
    const state = join(made.folder, 'dummy.state');
    await made.configure(ocf(made, { monitorIntervalSeconds: 0.1 })).runner.start(1);
    rmSync(state);
    await made.until(() => made.state('d1')?.restarts === 1 && existsSync(state), 'a restart in place');
    await made.until(() => made.state('d1')?.state === 'running', 'running');
    rmSync(state);
    await made.until(() => made.failures.length === 1, 'the failure is reported');
    expect(made.failures[0]).toMatchObject({
      id: 'd1',
      problem: expect.stringContaining('heartbeat:Dummy monitor: not running (7)'),
    });
  });

  it('whose parameters are wrong does not start, and one that it does not know is told', async () => {
    const made = rig();
    made.configure(
      ocf(made, { parameters: { state: join(made.folder, 'none/dummy.state'), colour: 'red' } }),
    );
    await expect(made.runner.start(1)).rejects.toThrow(
      /d1 could not be started: heartbeat:Dummy \S+: .* \(\d\)/,
    );
    expect(made.events.find(({ event }) => event === 'resource.unknown-parameter')?.text).toContain('colour');
  });

  it('that is not installed is reported as such', async () => {
    const made = rig();
    made.configure(resource({ kind: 'ocf', id: 'x', agent: 'heartbeat:NoSuchAgent' }));
    await expect(made.runner.start(1)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('without a parameter that it needs does not start', async () => {
    const made = rig();
    made.configure(resource({ kind: 'ocf', id: 'fs', agent: 'heartbeat:Filesystem' }));
    await expect(made.runner.start(1)).rejects.toThrow(
      'heartbeat:Filesystem needs the parameters device, directory, fstype',
    );
  });
});

const hasNginx = hasAgents && canUse({ programs: { nginx: 'nginx-light' }, root: true });

describe.skipIf(!hasNginx)('the real agent ocf:heartbeat:nginx', () => {
  it('runs a real nginx, which it starts, watches and stops', async () => {
    const made = rig();
    const port = 18_000 + (process.pid % 1_000);
    const configfile = join(made.folder, 'nginx.conf');
    writeFileSync(
      configfile,
      `user root;
pid ${made.folder}/nginx.pid;
error_log ${made.folder}/error.log;
events { worker_connections 64; }
http { access_log off; client_body_temp_path ${made.folder}/body; proxy_temp_path ${made.folder}/proxy;
fastcgi_temp_path ${made.folder}/fcgi; uwsgi_temp_path ${made.folder}/uwsgi; scgi_temp_path ${made.folder}/scgi;
server { listen 127.0.0.1:${port}; location / { return 200 'here'; } } }`,
    );
    const status10url = `http://127.0.0.1:${port}/`;
    const parameters = { configfile, httpd: '/usr/sbin/nginx', port: String(port), status10url };
    made.configure(resource({ kind: 'ocf', id: 'web', agent: 'heartbeat:nginx', parameters }));
    await made.runner.start(1);
    expect(await answers(port)).toBe(true);
    const pid = Number(readFileSync(join(made.folder, 'nginx.pid'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await made.until(async () => made.state('web')?.restarts === 1, 'the monitor notices');
    await made.until(() => made.state('web')?.state === 'running', 'running again');
    expect(await answers(port)).toBe(true);
    await made.runner.stop();
    expect(await answers(port)).toBe(false);
  });
});

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', () => resolve(false));
  });
}
