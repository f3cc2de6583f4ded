/** `holdfast standby` against a node on a real socket: what it asks, what it prints, how it ends, what it refuses. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import { type PairConfig, pairConfigSchema } from '../../../src/contract/index.ts';
import { AppError, exitCodes } from '../../../src/errors.ts';
import { parsePairFile } from '../../../src/model/pair-file.ts';
import {
  type FakeStandby,
  fakeStandby,
  fakeStandbyClient,
  samplePair,
  samplePairConfig,
  unconfiguredPair,
} from '../../support/sample-pair.ts';
import { type FakeNode, os, startFakeNode } from '../client/fake-node.ts';
import { type CliInput, cli } from './harness.ts';

let folder: string;
let node: FakeNode | undefined;
let fake: FakeStandby;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-standby-cli-'));
  vi.stubEnv('HOLDFAST_CONFIG', join(folder, 'config'));
  fake = fakeStandby();
  const client = fakeStandbyClient(fake);
  const { standby } = os;
  node = await startFakeNode({
    router: {
      standby: {
        status: standby.status.handler(() => client.status()),
        config: standby.config.handler(() => client.config()),
        facts: standby.facts.handler(() => client.facts()),
        preflight: standby.preflight.handler(() => client.preflight()),
        explain: standby.explain.handler(() => client.explain()),
        history: standby.history.handler(({ input }) => client.history(input)),
        pairingCode: standby.pairingCode.handler(() => client.pairingCode()),
        join: standby.join.handler(({ input }) => client.join(input)),
        apply: standby.apply.handler(({ input }) => client.apply({ ...input, config: input.config })),
        remove: standby.remove.handler(({ input }) => client.remove(input)),
        bringIn: standby.bringIn.handler(({ input }) => client.bringIn(input)),
        bringOut: standby.bringOut.handler(({ input }) => client.bringOut(input)),
        switch: standby.switch.handler(({ input }) => client.switch(input)),
        takeOver: standby.takeOver.handler(({ input }) => client.takeOver(input)),
        handOver: standby.handOver.handler(({ input }) => client.handOver(input)),
        maintenance: standby.maintenance.handler(({ input }) => client.maintenance(input)),
        standalone: standby.standalone.handler(({ input }) => client.standalone(input)),
      },
    },
  });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await node?.close();
  rmSync(folder, { recursive: true, force: true });
});

const standby = (args: readonly string[], input?: CliInput) =>
  cli(['standby', ...args, '--data', node?.dataDir ?? ''], input);

const applied = (): PairConfig => {
  const [name, input] = fake.calls.at(-1) ?? [];
  expect(name).toBe('standby.apply');
  return pairConfigSchema.parse(Object(input).config);
};

describe('reading', () => {
  it('status names the active one, the links, the lease, the resources and the forecast', async () => {
    const { code, stdout } = await standby(['status']);
    expect(code).toBe(0);
    expect(stdout).toContain('video  epoch 42  settings agree');
    expect(stdout).toMatch(/store-01 \(Hall A, this node\) {2}ACTIVE\n/);
    expect(stdout).toMatch(/store-02 \(Hall B\) +standby, heard 0\.1 s ago/);
    expect(stdout).toContain('store-01, epoch 42, 1.3 s left');
    expect(stdout).toMatch(/service +up +0\.9 ms +1\.5 %/);
    expect(stdout).toMatch(/web +nginx +service +running +address/);
    expect(stdout).toContain('store-02 takes over in about 2.4 s');
  });

  it('status with --json is the document of the node', async () => {
    const { stdout } = await standby(['status', '--json']);
    expect(JSON.parse(stdout)).toEqual(samplePair());
  });

  it('status --watch repeats until it is told to end', async () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) };
    const code = await run(['standby', 'status', '--watch', '--json', '--data', node?.dataDir ?? ''], {
      stdin: Readable.from([]),
      stdout: stream,
      stderr: stream,
      env: {},
      nowMs: () => 0,
      onStop: (stop) => {
        stop();
        return () => {};
      },
    });
    expect(code).toBe(0);
    expect(written.map((text) => JSON.parse(text))).toEqual([samplePair()]);
  });

  it('an unsafe policy and settings that differ are said in words', async () => {
    fake.status = samplePair({
      settingsAgree: false,
      arbiter: { kind: 'availability-first', state: 'none', problem: null, unsafe: true },
    });
    const { stdout } = await standby(['status']);
    expect(stdout).toContain('DIFFER between the nodes');
    expect(stdout).toContain('UNSAFE: both can become active');
  });

  it('without a pair it says how to begin', async () => {
    fake.status = unconfiguredPair();
    expect((await standby(['status'])).stdout).toContain('holdfast standby pair code');
  });

  it('preflight prints evidence and fix, and ends with 1 when a check fails', async () => {
    const { code, stdout } = await standby(['preflight']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail +store-02 +ports of the links free/);
    expect(stdout).toContain('Let both follow the same time server.');
  });

  it('explain and history tell the decisions', async () => {
    expect((await standby(['explain'])).stdout).toContain('because store-02 was silent for 2.4 s');
    const { stdout } = await standby(['history', '--limit', '2', '--json']);
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect((await standby(['history'])).stdout).toContain('silentForMs=2412');
  });
});

describe('operations', () => {
  it.each([
    ['bring-in', 'bringIn'],
    ['bring-out', 'bringOut'],
    ['switch', 'switch'],
    ['hand-over', 'handOver'],
    ['take-over', 'takeOver'],
  ])('%s --dry-run shows the plan and does nothing', async (verb, name) => {
    const { code, stdout } = await standby([verb, '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('2. store-01: release the lease to store-02, about 20 ms');
    expect(stdout).toContain('outage: about 420 ms');
    expect(fake.calls).toEqual([[`standby.${name}`, { dryRun: true }]]);
  });

  it('switch is done after its plan was possible', async () => {
    const { code, stdout } = await standby(['switch']);
    expect(code).toBe(0);
    expect(stdout).toContain('switch: done');
    expect(fake.calls.at(-1)).toEqual(['standby.switch', { dryRun: false, confirm: 'video' }]);
  });

  it('what goes on longer than the answer takes is not called done', async () => {
    fake.plan = { done: false };
    expect((await standby(['switch'])).stdout).toContain('switch: still under way');
  });

  it('what is not possible ends with conflict and the reason, and is not tried', async () => {
    fake.plan = { possible: false, refusal: 'store-02 is in maintenance', steps: [] };
    const { code, stderr } = await standby(['switch']);
    expect(code).toBe(exitCodes.conflict);
    expect(stderr).toContain('store-02 is in maintenance');
    expect(fake.calls).toHaveLength(1);
    expect((await standby(['switch', '--dry-run'])).code).toBe(exitCodes.conflict);
  });

  it('take-over shows the evidence, and does nothing unless the name is typed', async () => {
    const { code, stderr } = await standby(['take-over']);
    expect(code).toBe(exitCodes.conflict);
    expect(stderr).toContain('the lease of store-02 was not renewed');
    expect(stderr).toContain('add --yes video');
    expect(fake.calls.every(([, input]) => (input as { dryRun?: boolean }).dryRun === true)).toBe(true);
    expect((await standby(['take-over', '--yes', 'sound'])).code).toBe(exitCodes.conflict);
    expect((await standby(['take-over', '--yes', 'video'])).code).toBe(0);
    expect(fake.calls.at(-1)).toEqual(['standby.takeOver', { dryRun: false, confirm: 'video' }]);
  });

  it('the refusal of the node is its exit code', async () => {
    fake.plan = {};
    fake.refuse = new AppError('not_active', 'this node is not active');
    expect((await standby(['hand-over'])).code).toBe(exitCodes.not_active);
  });

  it('maintenance and standalone are on or off, standing alone wants the name', async () => {
    await standby(['maintenance', 'on']);
    expect(fake.calls).toEqual([['standby.maintenance', { on: true }]]);
    expect((await standby(['maintenance', 'perhaps'])).code).toBe(2);
    expect((await standby(['standalone', 'on'])).code).toBe(exitCodes.conflict);
    await standby(['standalone', 'on', '--yes', 'video']);
    expect(fake.calls.at(-1)).toEqual(['standby.standalone', { on: true, confirm: 'video' }]);
  });
});

describe('settings', () => {
  it('template is a pair file that names both nodes and their cable', async () => {
    const { stdout } = await standby(['template']);
    expect(stdout).toContain('# store-02 (n-2), Debian GNU/Linux 12');
    const file = parsePairFile(stdout);
    expect(file.nodes?.map(({ id }) => id)).toEqual(['n-1', 'n-2']);
    expect(file.links.map(({ id, addresses }) => [id, addresses])).toEqual([
      ['service', { 'n-1': '192.0.2.1', 'n-2': '192.0.2.2' }],
      ['link-2', { 'n-1': '198.51.100.1', 'n-2': '198.51.100.2' }],
    ]);
  });

  it('what template prints, apply takes: the whole way from nothing', async () => {
    fake.config = null;
    const { stdout } = await standby(['template']);
    const path = join(folder, 'pair.yaml');
    writeFileSync(path, stdout);
    const { code, stdout: said } = await standby(['apply', path]);
    expect(code).toBe(0);
    expect(said).toContain('applied');
    expect(applied()).toMatchObject({ pairId: 'pair-7c1f9e', version: 1, application: 'video' });
  });

  it('apply takes JSON and standard input, one version further, and --dry-run changes nothing', async () => {
    const { pairId: _id, version: _version, ...rest } = samplePairConfig({ application: 'sound' });
    const { code, stdout } = await standby(['apply', '-', '--dry-run'], { stdin: JSON.stringify(rest) });
    expect(code).toBe(0);
    expect(stdout).toContain('application: video -> sound');
    expect(stdout).toContain('not applied: this was a dry run');
    expect(applied()).toMatchObject({ pairId: 'pair-7c1f9e', version: 8 });
    expect(fake.config).toEqual(samplePairConfig());
  });

  it('problems that the node finds are printed and end with 2', async () => {
    fake.problems = ['T must be at least 2310 ms'];
    const { code, stdout } = await standby(['apply', '-'], { stdin: JSON.stringify(samplePairConfig()) });
    expect(code).toBe(2);
    expect(stdout).toContain('refused: T must be at least 2310 ms');
  });

  it('a file that is wrong never reaches the node', async () => {
    const { code, stderr } = await standby(['apply', '-'], { stdin: 'links: []\nfoo: 1' });
    expect(code).toBe(2);
    expect(stderr).toContain('the pair file is wrong');
    expect(fake.calls).toEqual([]);
    expect((await standby(['apply', join(folder, 'none.yaml')])).code).toBe(exitCodes.not_found);
  });

  it('set changes one value of a link, by the names of the nodes', async () => {
    await standby([
      'link',
      'set',
      'cable',
      'port=7350',
      'addresses={store-01: 10.0.0.1, store-02: 10.0.0.2}',
    ]);
    expect(applied().links[0]).toMatchObject({
      id: 'cable',
      port: 7350,
      intervalMs: 250,
      addresses: { 'n-1': '10.0.0.1', 'n-2': '10.0.0.2' },
    });
    expect(applied().links[1]).toEqual(samplePairConfig().links[1]);
  });

  it('set adds a resource that is not there yet, remove takes it away', async () => {
    await standby(['resource', 'set', 'ntp', 'kind=service', 'unit=chrony.service', 'after=[address]']);
    expect(applied().resources.at(-1)).toMatchObject({
      id: 'ntp',
      name: 'ntp',
      kind: 'service',
      unit: 'chrony.service',
      after: ['address'],
      startTimeoutSeconds: 20,
    });
    await standby(['resource', 'set', 'wait', 'kind=process', 'command=[sleep, 010]']);
    expect(applied().resources.at(-1)).toMatchObject({ command: ['sleep', '010'] });
    await standby(['resource', 'remove', 'cameras']);
    expect(applied().resources.map(({ id }) => id)).not.toContain('cameras');
    expect((await standby(['resource', 'remove', 'nothing'])).code).toBe(exitCodes.not_found);
  });

  it('a circle, an unknown dependency and an unknown policy are refused with the reason', async () => {
    const circle = await standby(['resource', 'set', 'address', 'after=[web]']);
    expect(circle.code).toBe(2);
    expect(circle.stderr).toContain('these wait for each other: address -> web -> address');
    const unknown = await standby(['resource', 'set', 'web', 'after=[nobody]']);
    expect(unknown.stderr).toContain('web waits for nobody, which is not there');
    expect((await standby(['policy', 'set', 'colour=red'])).stderr).toContain('not a policy: colour=red');
    expect(fake.calls).toEqual([]);
  });

  it('policy shows and sets, into the depth', async () => {
    expect((await standby(['policy', 'show'])).stdout).toMatch(/failback +never/);
    await standby(['policy', 'set', 'failback=ask', 'triggers.network=false']);
    expect(applied()).toMatchObject({ failback: 'ask', triggers: { network: false, peerLost: true } });
  });

  it('without a pair there is nothing to set, and it says how to begin', async () => {
    fake.config = null;
    const { code, stderr } = await standby(['policy', 'show']);
    expect(code).toBe(exitCodes.conflict);
    expect(stderr).toContain('standby template');
  });
});

describe('pairing', () => {
  it('one node shows the code and the command for the other', async () => {
    const { stdout } = await standby(['pair', 'code']);
    expect(stdout).toBe('on the other node: holdfast standby pair join 192.0.2.1:7341 4711-0815\n');
  });

  it('the other joins with it and shows whose certificate it trusts from now on', async () => {
    const { stdout } = await standby(['pair', 'join', '192.0.2.1:7341', '4711-0815']);
    expect(fake.calls).toEqual([['standby.join', { address: '192.0.2.1:7341', code: '4711-0815' }]]);
    expect(stdout).toContain('AB:CD:02');
  });

  it('a wrong code is refused with the reason', async () => {
    fake.refuse = new AppError('unauthorized', 'the pairing code is wrong');
    const { code, stderr } = await standby(['pair', 'join', '192.0.2.1:7341', '0000-0000']);
    expect(code).toBe(exitCodes.unauthorized);
    expect(stderr).toContain('the pairing code is wrong');
  });

  it('leaving a pair wants its name', async () => {
    expect((await standby(['pair', 'remove'])).code).toBe(exitCodes.conflict);
    expect(fake.calls).toEqual([]);
    await standby(['pair', 'remove', '--yes', 'video']);
    expect(fake.calls).toEqual([['standby.remove', { confirm: 'video', both: false }]]);
    const both = await standby(['pair', 'remove', '--both', '--yes', 'video']);
    expect(fake.calls.at(-1)).toEqual(['standby.remove', { confirm: 'video', both: true }]);
    expect(both.stdout).toContain('neither this node nor store-02');
  });
});
