/** Commands against a node on a real socket: what they ask, what they print, and how they end. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogEntry } from '../../../src/contract/index.ts';
import { exitCodes } from '../../../src/errors.ts';
import { type FakeNode, type FakeNodeOptions, hello, os, startFakeNode } from '../client/fake-node.ts';
import { cli } from './harness.ts';
import { camera, day, entry, pool, space, status } from './samples.ts';

let folder: string;
let fake: FakeNode | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-cli-'));
  vi.stubEnv('HOLDFAST_CONFIG', join(folder, 'config'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await fake?.close();
  fake = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function node(
  router: FakeNodeOptions['router'],
  options: Partial<FakeNodeOptions> = {},
): Promise<string> {
  fake = await startFakeNode({ router, ...options });
  return fake.dataDir;
}

describe('status', () => {
  const router = { node: { status: os.node.status.handler(() => status) } };

  it('prints one document for programs, --data and --json standing anywhere', async () => {
    const data = await node(router);
    const after = await cli(['status', '--json', '--data', data]);
    const before = await cli(['--json', '--data', data, 'status']);
    expect(JSON.parse(after.stdout)).toEqual(status);
    expect(before).toEqual(after);
    expect(after).toMatchObject({ code: 0, stderr: '' });
  });

  it('answers the three questions for people, with colour on a terminal only and not under NO_COLOR', async () => {
    const data = await node(router);
    const plain = await cli(['status', '--once', '--data', data]);
    expect(plain.stdout).toContain('1 of 1 cameras record');
    expect(plain.stdout).toMatch(/c1 +door +1 +connected +normal +h264 1920x1080 \+ pcma/);
    expect(plain.stdout).not.toContain('\u001b[');
    const coloured = await cli(['status', '--data', data], { terminal: true });
    expect(coloured.stdout).toContain('\u001b[34mnormal\u001b[0m');
    const without = await cli(['status', '--data', data], { terminal: true, env: { NO_COLOR: '1' } });
    expect(without.stdout).toBe(plain.stdout);
  });

  it('of a node that does not run says so with a hint and the exit code of the error', async () => {
    const human = await cli(['status', '--data', folder]);
    expect(human.code).toBe(exitCodes.unavailable);
    expect(human.stdout).toBe('');
    expect(human.stderr).toMatch(/^error: no agent answers at .*\nhint: start it with /);
    const json = await cli(['status', '--data', folder, '--json']);
    expect(JSON.parse(json.stderr)).toEqual({
      error: {
        details: { errno: 'ENOENT' },
        code: 'unavailable',
        message: expect.any(String),
        hint: expect.any(String),
      },
    });
  });
});

describe('usage errors', () => {
  it.each([
    [['nonsense'], 'unknown command'],
    [['space', 'add'], 'missing required argument'],
    [['status', '--nonsense'], 'unknown option'],
    [['space', 'add', '/x'], '--quota'],
    [['space', 'add', '/x', '--quota', 'much'], 'not a size'],
    [['inspect', '--day', '2026-13-01'], 'YYYY-MM-DD'],
    [['inspect', '--today', '--month', '2026-11'], 'one of'],
    [['status', '--node', 'https://x', '--data', '/y'], 'two different nodes'],
    [['login', 'http://node1'], 'not encrypted'],
  ])('%j end with 2 and say what is wrong', async (args, said) => {
    const data = await node({ node: { hello } });
    const result = await cli(
      args.includes('--data') || args[0] === 'login' ? args : [...args, '--data', data],
    );
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('error: ');
    expect(result.stderr).toContain(said);
  });
});

describe('space add', () => {
  it('waits until the space is initialised, and prints the new object', async () => {
    let asked = 0;
    const seen: unknown[] = [];
    const progress = { percent: 50, doneBytes: 1e9, totalBytes: 2e9, bytesPerSecond: 1e8, secondsLeft: 10 };
    const data = await node({
      space: {
        add: os.space.add.handler(({ input }) => {
          seen.push(input);
          return { ...space, state: 'initializing', progress };
        }),
        list: os.space.list.handler(() => {
          asked += 1;
          return [asked < 2 ? { ...space, state: 'initializing' as const, progress } : space];
        }),
      },
    });
    const result = await cli(['space', 'add', '/srv/video', '--quota', '2GB', '--json', '--data', data]);
    expect(seen).toEqual([{ path: '/srv/video', quotaBytes: 2e9, allowSystemDisk: false }]);
    expect(JSON.parse(result.stdout)).toMatchObject({ id: 's1', state: 'normal' });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(asked).toBe(2);
  });

  it('does not wait with --no-wait, and shows a bar on a terminal otherwise', async () => {
    const progress = { percent: 50, doneBytes: 1e9, totalBytes: 2e9, bytesPerSecond: 1e8, secondsLeft: 10 };
    const begun = { ...space, state: 'initializing' as const, progress };
    const data = await node({
      space: { add: os.space.add.handler(() => begun), list: os.space.list.handler(() => [space]) },
    });
    const quick = await cli(['space', 'add', '/srv/video', '--quota', '2GB', '--no-wait', '--data', data]);
    expect(quick.stdout).toContain('is initializing');
    const shown = await cli(['space', 'add', '/srv/video', '--quota', '2GB', '--data', data], {
      terminal: true,
    });
    expect(shown.stderr).toContain('[############............]  50 %  100 MB/s  10 s left');
  });

  it('takes a relative path from where it was typed', async () => {
    const seen: string[] = [];
    const data = await node({
      space: {
        add: os.space.add.handler(({ input }) => {
          seen.push(input.path);
          return space;
        }),
      },
    });
    await cli(['space', 'add', 'video', '--quota', '2GB', '--data', data]);
    expect(seen).toEqual([join(process.cwd(), 'video')]);
  });
});

describe('dangerous commands', () => {
  const deleted: string[] = [];
  const router = {
    space: {
      list: os.space.list.handler(() => [space]),
      delete: os.space.delete.handler(({ input }) => {
        deleted.push(input.confirm);
        return { ok: true as const };
      }),
    },
  };

  it('do nothing without the name, say the consequence, and accept it from --yes', async () => {
    const data = await node(router);
    const without = await cli(['space', 'delete', 's1', '--data', data]);
    expect(without.code).toBe(exitCodes.conflict);
    expect(without.stderr).toContain('the files in /srv/video stay');
    expect(without.stderr).toContain('--yes video');
    const wrong = await cli(['space', 'delete', 's1', '--yes', 'other', '--data', data]);
    expect(wrong.code).toBe(exitCodes.conflict);
    expect(deleted).toEqual([]);
    expect((await cli(['space', 'delete', 's1', '--yes', 'video', '--data', data])).code).toBe(0);
    expect(deleted).toEqual(['video']);
  });

  it('a normal space is restored only when its name confirms it', async () => {
    const restored: unknown[] = [];
    const restore = os.space.restore.handler(({ input }) => {
      restored.push(input.confirm);
      return space;
    });
    const data = await node({ space: { ...router.space, restore } });
    const without = await cli(['space', 'restore', 's1', '--data', data]);
    expect(without.code).toBe(exitCodes.conflict);
    expect(without.stderr).toContain('nothing is recorded there until its index is rebuilt');
    expect(restored).toEqual([]);
    expect((await cli(['space', 'restore', 's1', '--yes', 'video', '--data', data])).code).toBe(0);
    expect(restored).toEqual(['video']);
  });

  it('a share that shrinks below its video wants the name of the pool', async () => {
    const shares: unknown[] = [];
    const full = { ...pool, shares: [{ spaceId: 's1', bytes: 1e9, blocks: 10, free: 2 }] };
    const data = await node({
      space: { list: os.space.list.handler(() => [space]) },
      pool: {
        list: os.pool.list.handler(() => [full]),
        expand: os.pool.expand.handler(({ input }) => {
          shares.push(input.share.bytes);
          return full;
        }),
      },
    });
    const expand = (size: string, ...more: string[]) =>
      cli(['pool', 'expand', 'main', '--space', `s1:${size}`, '--data', data, ...more]);
    expect((await expand('800MB')).code).toBe(0);
    const without = await expand('300MB');
    expect(without.code).toBe(exitCodes.conflict);
    expect(without.stderr).toContain('main gives up the 500 MB of its oldest video there');
    expect((await expand('300MB', '--yes', 'main')).code).toBe(0);
    expect(shares).toEqual([800e6, 300e6]);
  });

  it('of an unknown object are not_found', async () => {
    const data = await node(router);
    expect((await cli(['space', 'delete', 's9', '--yes', 's9', '--data', data])).code).toBe(
      exitCodes.not_found,
    );
  });
});

describe('pool add', () => {
  it('takes several shares by name or id of the space, and turns --cycle-days into the cycle strategy', async () => {
    const seen: unknown[] = [];
    const data = await node({
      space: { list: os.space.list.handler(() => [space, { ...space, id: 's2', name: 'other' }]) },
      pool: {
        add: os.pool.add.handler(({ input }) => {
          seen.push(input);
          return pool;
        }),
      },
    });
    const args = ['pool', 'add', 'main', '--space', 'video:1GB', 's2:500MB', '--cycle-days', '30', '--json'];
    const result = await cli([...args, '--data', data]);
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout).id).toBe('p1');
    expect(seen).toEqual([
      {
        name: 'main',
        shares: [
          { spaceId: 's1', bytes: 1e9 },
          { spaceId: 's2', bytes: 5e8 },
        ],
        strategy: 'cycle',
        cycleDays: 30,
        maxLockedPercent: 20,
      },
    ]);
  });
});

describe('camera add', () => {
  const added: unknown[] = [];
  let usable = true;
  const router = {
    camera: {
      list: os.camera.list.handler(() => [{ ...camera, id: 'c9', name: 'gate' }]),
      probe: os.camera.probe.handler(() => ({
        ok: usable,
        media: null,
        reason: usable ? null : ('auth-failed' as const),
        problem: usable ? null : 'the camera refuses user or password',
        hint: usable ? null : 'Check them.',
        elapsedMs: 5,
      })),
      add: os.camera.add.handler(({ input }) => {
        added.push(input);
        return camera;
      }),
    },
  };
  const args = ['camera', 'add', 'door', '--url', 'rtsp://u:p@192.0.2.1/1', '--pool', 'main'];

  beforeEach(() => {
    added.length = 0;
  });

  it('tries the camera first and adds it when it answers', async () => {
    usable = true;
    const data = await node(router);
    const result = await cli([...args, '--id', 'c1', '--channel', '2', '--json', '--data', data]);
    expect(JSON.parse(result.stdout)).toMatchObject({ id: 'c1' });
    expect(added).toMatchObject([{ name: 'door', id: 'c1', channel: 2, pool: 'main', plan: 'always' }]);
  });

  it('refuses a name that another one has, for commands could not tell them apart', async () => {
    usable = true;
    const data = await node(router);
    const refused = await cli([...args.with(2, 'gate'), '--data', data]);
    expect(refused.code).toBe(exitCodes.conflict);
    expect(refused.stderr).toContain('there is a camera called gate already: c9');
    expect(added).toEqual([]);
  });

  it('refuses one that does not answer with the reason, and adds it with --force or --no-probe', async () => {
    usable = false;
    const data = await node(router);
    const refused = await cli([...args, '--data', data]);
    expect(refused.code).toBe(exitCodes.unavailable);
    expect(refused.stderr).toContain('the camera refuses user or password');
    expect(refused.stderr).toContain('hint: Check them. Or add --force');
    expect(added).toEqual([]);
    expect((await cli([...args, '--force', '--data', data])).code).toBe(0);
    expect((await cli([...args, '--no-probe', '--data', data])).code).toBe(0);
    expect(added).toHaveLength(2);
  });

  it('reads a weekly plan from a file and refuses one that is not', async () => {
    usable = true;
    const data = await node(router);
    const plan = Array.from({ length: 7 }, () => 'T'.repeat(48) + '.'.repeat(48));
    const file = join(folder, 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    expect((await cli([...args, '--plan', file, '--data', data])).code).toBe(0);
    expect(added).toMatchObject([{ plan }]);
    writeFileSync(file, JSON.stringify(plan.slice(1)));
    const refused = await cli([...args, '--plan', file, '--data', data]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('not a plan') });
  });
});

describe('inspect', () => {
  const asked: unknown[] = [];
  const router = {
    inspection: {
      day: os.inspection.day.handler(({ input }) => {
        asked.push(input);
        return day;
      }),
    },
  };

  it('asks for the seconds of each minute with --json and prints the document as it came', async () => {
    asked.length = 0;
    const data = await node(router);
    const result = await cli(['inspect', '--day', '2026-11-19', '--json', '--data', data]);
    expect(asked).toMatchObject([{ day: '2026-11-19', detail: 'minutes', exceptionsOnly: false }]);
    expect(JSON.parse(result.stdout)).toEqual(day);
  });

  it('shows minutes, marks what is wrong with a sign, and gives the reason in words', async () => {
    const data = await node(router);
    const { stdout } = await cli(['inspect', '--today', '--worst-first', '--data', data]);
    expect(stdout).toContain('2026-11-19  Europe/Berlin');
    expect(stdout).toMatch(/c1 +=door <1> +60 +57! +\. +\?/);
    expect(stdout).toContain('c1: missing 170 s camera-unreachable');
  });

  it('writes lines for a spreadsheet in which no name can become a formula', async () => {
    const data = await node(router);
    const { stdout } = await cli(['inspect', '--csv', '--data', data]);
    expect(stdout.split('\r\n').slice(0, 3)).toEqual([
      'camera_id,camera,channel,start_utc,hour,state,minutes,missing_seconds,reason',
      "c1,'=door <1>,1,1970-01-01T00:00:00Z,0,normal,60,0,",
      "c1,'=door <1>,1,1970-01-01T01:00:00Z,1,exception,57,170,camera-unreachable",
    ]);
  });

  it('writes a page and a picture in which names are only text', async () => {
    const data = await node(router);
    const [html, svg] = [join(folder, 'day.html'), join(folder, 'day.svg')];
    await cli(['inspect', '--html', html, '--svg', svg, '--data', data]);
    for (const file of [html, svg]) {
      const text = readFileSync(file, 'utf8');
      expect(text).toContain('=door &lt;1&gt;');
      expect(text).not.toContain('<1>');
      expect(text).toContain('57!');
    }
  });
});

describe('export', () => {
  const plan = {
    cameraId: 'c1',
    fromMs: 1_000,
    toMs: 61_000,
    presentSeconds: 50,
    estimatedBytes: 5,
    parts: 1,
    gaps: [
      {
        cameraId: 'c1',
        fromMs: 11_000,
        toMs: 21_000,
        reason: 'packet-loss' as const,
        detail: null,
        state: 'open' as const,
      },
    ],
    downloadPath: '/v1/export/download?x=1',
  };
  const router = { export: { plan: os.export.plan.handler(() => plan) } };
  const args = ['export', '--camera', 'c1', '--from', '-10m', '--to', 'now'];

  it('writes the file, reports the gaps, and refuses to overwrite without --force', async () => {
    const data = await node(router, {
      http: (_request, response) => void response.writeHead(200, { 'content-length': 5 }).end('video'),
    });
    const out = join(folder, 'door.mp4');
    const first = await cli([...args, '--out', out, '--json', '--data', data]);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      file: out,
      bytes: 5,
      gaps: [{ reason: 'packet-loss' }],
    });
    expect(readFileSync(out, 'utf8')).toBe('video');
    const second = await cli([...args, '--out', out, '--data', data]);
    expect(second).toMatchObject({ code: exitCodes.conflict, stderr: expect.stringContaining('--force') });
    const third = await cli([...args, '--out', out, '--force', '--data', data]);
    expect(third.stdout).toContain('packet-loss');
    expect(readdirSync(folder).filter((name) => name.includes('.part-'))).toEqual([]);
  });

  it('leaves nothing behind when the transfer breaks', async () => {
    const data = await node(router, {
      http: (_request, response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('half', () => response.destroy());
      },
    });
    const out = join(folder, 'door.mp4');
    const result = await cli([...args, '--out', out, '--data', data]);
    expect(result.code).toBe(exitCodes.unavailable);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('.part-'))).toEqual([]);
  });

  it('refuses a range that ends before it begins, and a folder that is not there', async () => {
    const data = await node(router, {
      http: (_request, response) => void response.writeHead(200).end('video'),
    });
    const backwards = await cli([
      'export',
      '--camera',
      'c1',
      '--from',
      'now',
      '--to',
      '-1m',
      '--out',
      'x',
      '--data',
      data,
    ]);
    expect(backwards.code).toBe(2);
    const nowhere = await cli([...args, '--out', join(folder, 'no', 'x.mp4'), '--data', data]);
    expect(nowhere.code).toBe(exitCodes.not_found);
  });
});

describe('log', () => {
  function journal(entries: LogEntry[], { shownMax = 1_000, countedMax = 10_000 } = {}) {
    return {
      log: {
        search: os.log.search.handler(({ input }) => {
          const { beforeId = Number.MAX_SAFE_INTEGER, page, pageSize } = input;
          const matching = entries.filter(({ id }) => id < beforeId).sort((a, b) => b.id - a.id);
          const from = (page - 1) * pageSize;
          // A node may look at fewer entries than a page holds, and say where to go on.
          const shown = matching.slice(from, from + Math.min(pageSize, shownMax));
          const isLast = from + shown.length >= matching.length;
          return {
            total: Math.min(matching.length, countedMax),
            more: matching.length > countedMax,
            page,
            pages: Math.ceil(matching.length / pageSize),
            nextBeforeId: isLast ? null : (shown.at(-1)?.id ?? null),
            entries: shown,
          };
        }),
        clear: os.log.clear.handler(() => ({ removed: 3 })),
      },
    };
  }

  it('search prints a page and how many there are', async () => {
    const data = await node(journal([entry(1), entry(2)]));
    const { stdout } = await cli(['log', 'search', '--data', data]);
    expect(stdout.indexOf('entry 2')).toBeLessThan(stdout.indexOf('entry 1'));
    expect(stdout).toContain('page 1 of 1, 2 entries');
  });

  it('search says so when more match than were counted', async () => {
    const data = await node(journal([entry(1), entry(2), entry(3)], { countedMax: 2 }));
    const { stdout, stderr } = await cli(['log', 'search', '--data', data]);
    expect(stdout).toContain('more than 2 entries');
    expect(stderr).toContain('--from');
  });

  it('download gives every entry exactly once over many pages, also when entries share a moment', async () => {
    const entries = Array.from({ length: 2_500 }, (_, at) =>
      entry(at + 1, { timeMs: Math.floor(at / 7) * 1_000 }),
    );
    const data = await node(journal(entries, { shownMax: 700 }));
    const { stdout, stderr } = await cli(['log', 'download', '--json', '--data', data]);
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    expect(ids).toEqual(entries.map(({ id }) => id).reverse());
    expect(stderr).toBe('2500 entries\n');
  });

  it('download writes CSV to a new file of mode 0600 only', async () => {
    const data = await node(journal([entry(1, { text: 'a "b", c' })]));
    const out = join(folder, 'log.csv');
    expect((await cli(['log', 'download', '--out', out, '--data', data])).code).toBe(0);
    expect(readFileSync(out, 'utf8').split('\n')[1]).toBe(
      '1,1970-01-01T00:00:01.000Z,event,info,camera.back,c1,,local,"a ""b"", c"',
    );
    expect((await cli(['log', 'download', '--out', out, '--data', data])).code).toBe(exitCodes.conflict);
  });

  it('clear wants the word', async () => {
    const data = await node(journal([]));
    expect((await cli(['log', 'clear', '--data', data])).code).toBe(exitCodes.conflict);
    const cleared = await cli(['log', 'clear', '--yes', 'clear', '--json', '--data', data]);
    expect(JSON.parse(cleared.stdout)).toEqual({ removed: 3 });
  });
});

describe('doctor', () => {
  it('shows evidence and fix, and ends with 1 when a check fails', async () => {
    let result: 'pass' | 'fail' = 'fail';
    const data = await node({
      node: {
        doctor: os.node.doctor.handler(() => [
          { name: 'disk', result, evidence: '2 % free', fix: 'free some' },
        ]),
      },
    });
    const failed = await cli(['doctor', '--data', data]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/fail +disk +2 % free +free some/);
    result = 'pass';
    expect((await cli(['doctor', '--data', data])).code).toBe(0);
  });
});

describe('login and password', () => {
  const changed: unknown[] = [];
  const router = {
    node: { hello, status: os.node.status.handler(() => status) },
    session: {
      login: os.session.login.handler(({ input }) => ({
        user: input.user,
        role: 'admin' as const,
        mustChangePassword: true,
        via: 'network' as const,
        expiresAtMs: null,
        token: `token-${input.password}`,
      })),
      changePassword: os.session.changePassword.handler(({ input }) => {
        changed.push(input);
        return { ok: true as const };
      }),
    },
  };

  it('login pins the node, keeps the session, and later commands use it', async () => {
    await node(router, { tls: true });
    const url = fake?.url ?? '';
    const result = await cli(['login', url, '--password-stdin'], { stdin: 'secret\n' });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('must be changed first');
    expect(result.stdout + result.stderr).not.toContain('token-secret');
    expect(result.stderr).toContain(fake?.fingerprint);
    expect((await cli(['status', '--json', '--node', url])).code).toBe(0);
    expect((await cli(['status', '--json'], { env: { HOLDFAST_URL: url } })).code).toBe(0);
    expect(fake?.tokens).toEqual([undefined, 'token-secret', 'token-secret']);
  });

  it('logout of a session that has ended already forgets it and is content', async () => {
    let refusal: number | undefined;
    await node(router, { tls: true, refuse: () => refusal });
    const url = fake?.url ?? '';
    await cli(['login', url, '--password-stdin'], { stdin: 'secret\n' });
    refusal = 401;
    expect(await cli(['logout', url])).toMatchObject({ code: 0, stdout: `logged out of ${url}\n` });
    refusal = undefined;
    await cli(['status', '--node', url]);
    expect(fake?.tokens).toEqual([undefined, 'token-secret', undefined]);
  });

  it('a changed certificate is refused until it is accepted by its fingerprint', async () => {
    await node(router, { tls: true });
    const { url, fingerprint } = fake ?? { url: '', fingerprint: '' };
    const pins = join(folder, 'config', 'known-nodes.json');
    await cli(['login', url, '--password-stdin'], { stdin: 'a' });
    writeFileSync(pins, JSON.stringify({ [url]: { fingerprint: 'AA' } }));
    const refused = await cli(['login', url, '--password-stdin'], { stdin: 'a' });
    expect(refused.code).toBe(exitCodes.forbidden);
    expect(refused.stderr).toContain(`--accept ${fingerprint}`);
    const accepted = await cli(['login', url, '--password-stdin', '--accept', fingerprint], { stdin: 'a' });
    expect(accepted.code).toBe(0);
  });

  it('login without a terminal and without --password-stdin says how', async () => {
    await node(router, { tls: true });
    const result = await cli(['login', fake?.url ?? '']);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('--password-stdin') });
  });

  it('password change takes the new one alone on the node itself, and both from elsewhere', async () => {
    changed.length = 0;
    const data = await node(router);
    expect(
      (await cli(['password', 'change', '--password-stdin', '--data', data], { stdin: 'New1\n' })).code,
    ).toBe(0);
    expect(
      (await cli(['password', 'change', '--password-stdin', '--data', data], { stdin: 'old\nNew1\n' })).code,
    ).toBe(0);
    expect(changed).toEqual([
      { user: 'admin', next: 'New1' },
      { user: 'admin', current: 'old', next: 'New1' },
    ]);
  });
});
