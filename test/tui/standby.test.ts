/** The page of the pair and its wizard as an operator uses them: keys in, rows out, and what the node was asked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PairConfig } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { parsePairFile } from '../../src/model/pair-file.ts';
import { hubUrl } from '../../tui/pages/standby/wizard/draft.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import {
  type FakeStandby,
  lostPair,
  sampleFacts,
  samplePair,
  samplePairConfig,
  unconfiguredPair,
} from '../support/sample-pair.ts';
import { eachLook, expectApproved } from '../support/screen-looks.ts';
import { openConsole, type TestConsole, type TestConsoleOptions } from '../support/terminal-console.ts';

const opened: TestConsole[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-standby-'));
  vi.stubEnv('HOLDFAST_CONFIG', folder);
});

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function open(
  patch: Partial<FakeStandby> = {},
  options: TestConsoleOptions = {},
): Promise<TestConsole> {
  const agent = new FakeAgent();
  Object.assign(agent.standby, patch);
  const screen = await openConsole({ agent, ...options });
  opened.push(screen);
  await screen.press('5');
  return screen;
}

const foot = (screen: TestConsole): string => screen.lines.at(-2) ?? '';
const calls = (screen: TestConsole) => screen.agent.standby.calls;
const alone = (): Partial<FakeStandby> => ({ status: unconfiguredPair(), config: null });
const unpaired = (): Partial<FakeStandby> => ({ ...alone(), facts: sampleFacts().slice(0, 1) });

describe('the page', () => {
  const states: readonly { name: string; patch: () => Partial<FakeStandby>; keys: readonly string[] }[] = [
    { name: 'standby', patch: () => ({}), keys: [] },
    { name: 'standby-lost', patch: () => ({ status: lostPair() }), keys: [] },
    { name: 'standby-alone', patch: alone, keys: [] },
    { name: 'standby-plan', patch: () => ({}), keys: ['s'] },
    { name: 'standby-wizard', patch: alone, keys: ['w', 'tab', 'tab', 'enter'] },
  ];
  it.each(eachLook(states, ({ keys }) => keys.length === 0))(
    '$state.name is drawn as approved at $size.columns x $size.rows, $look.name',
    async ({ state, look, size }) => {
      const { environment, ascii } = look;
      const screen = await open(state.patch(), { size, environment, ascii });
      await screen.press(...state.keys);
      await expectApproved(screen, state.name, { look, size });
    },
  );

  it('names the active one in a word, and which way the settings go', async () => {
    const screen = await open();
    expect(screen.text).toMatch(/✓ {2}ACTIVE {3}Hall A/);
    expect(screen.text).toMatch(/━▸/);
    expect(screen.text).toContain('If store-01 dies now, store-02 takes over in about 2.4 s.');
    const mirrored = samplePair();
    screen.agent.standby.status = {
      ...mirrored,
      nodes: mirrored.nodes.map((node) => ({ ...node, role: node.self ? 'standby' : 'active' })),
    };
    await screen.tick();
    expect(screen.text).toMatch(/◂━/);
  });

  it('does not call a node active that has not been heard, nor two of them one', async () => {
    const screen = await open({ status: lostPair() });
    expect(screen.text).toContain('was ACTIVE');
    expect(screen.text).toContain('not heard');
    expect(screen.text).toContain('UNSAFE');
    const both = samplePair();
    screen.agent.standby.status = { ...both, nodes: both.nodes.map((node) => ({ ...node, role: 'active' })) };
    await screen.tick();
    expect(screen.text).toContain('TWO ACTIVE');
  });

  it('counts the lease down between two answers, and says how old the state is when none comes', async () => {
    const screen = await open();
    expect(screen.text).toContain('1.3 s left');
    screen.agent.standby.lost = new AppError('unavailable', 'the guard does not answer');
    await screen.tick(800);
    expect(screen.text).toContain('0.5 s left');
    await screen.tick(4_200);
    expect(screen.text).toContain('The state of the pair is 5.0 s old: the guard does not answer');
    expect(screen.text).toContain('0.0 s left');
    screen.agent.standby.lost = null;
    await screen.tick();
    expect(screen.text).not.toContain('s old');
  });

  it('moves through the resources and opens one', async () => {
    const screen = await open({ status: lostPair() });
    await screen.press('down');
    expect(foot(screen)).toContain('exit code 1: address already in use');
    await screen.press('enter');
    expect(screen.text).toContain('Resource web');
    expect(screen.text).toContain('Restarts in place  2');
  });

  it('explains, shows the decisions with what was known, and the preflight worst first', async () => {
    const screen = await open();
    await screen.press('x');
    expect(screen.text).toContain('store-01 is active because store-02 was silent for 2.4 s.');
    await screen.press('esc', 'h');
    expect(screen.text).toContain('holder store-02, silentForMs 2412');
    await screen.press('esc', 'p');
    expect(screen.text).toContain('Preflight: 1 failed, 1 to look at, 1 passed');
    expect(screen.text.indexOf('ports of the links free')).toBeLessThan(screen.text.indexOf('clocks agree'));
    await screen.press('esc');
    expect(calls(screen)).toEqual([]);
  });

  it('costs a bad line under 2 kB a second while lease, links and ages move', async () => {
    const screen = await open({}, { size: { columns: 120, rows: 50 } });
    const before = screen.terminal.output.bytes;
    for (let second = 1; second <= 5; second += 1) {
      const status = samplePair();
      screen.agent.standby.status = {
        ...status,
        lease: { ...status.lease, validForMs: 1_500 - second * 37 },
        nodes: status.nodes.map((node) => (node.self ? node : { ...node, ageMs: second * 60 })),
        links: status.links.map((link) => ({ ...link, roundTripMs: second / 3, lossPercent: second })),
      };
      screen.agent.publish({ timeMs: screen.agent.status.timeMs + 1000 });
      await screen.idle();
      await screen.tick(1000);
    }
    const perSecond = (screen.terminal.output.bytes - before) / 5;
    expect(perSecond).toBeGreaterThan(100);
    expect(perSecond).toBeLessThan(2_000);
  });

  it('survives text from outside that would drive the terminal', async () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007';
    const screen = await open({ status: samplePair({ forecast: evil, application: evil }) });
    expect(screen.terminal.output.written).not.toContain('\u001b[2J');
    expect(screen.terminal.output.written).not.toContain('\u0007');
  });
});

describe('an operation', () => {
  it('shows its plan first, and does nothing without the name', async () => {
    const screen = await open();
    await screen.press('s');
    expect(screen.text).toContain('2. store-01: release the lease to store-02 (20 ms)');
    expect(screen.text).toContain('Outage: about 420 ms.');
    await screen.type('vide');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('The name does not match. Nothing was done.');
    expect(calls(screen)).toEqual([['standby.switch', { dryRun: true }]]);
    await screen.press('esc');
    expect(calls(screen)).toHaveLength(1);
  });

  it.each([
    ['o', 'bringOut'],
    ['s', 'switch'],
    ['t', 'takeOver'],
    ['H', 'handOver'],
  ])('%s is done when the name was typed', async (key, name) => {
    const screen = await open();
    await screen.press(key);
    await screen.type('video');
    await screen.press('tab', 'tab', 'enter');
    expect(calls(screen).at(-1)).toEqual([`standby.${name}`, { dryRun: false, confirm: 'video' }]);
    expect(foot(screen)).toContain('done.');
  });

  it('take over shows the evidence and the danger', async () => {
    const screen = await open();
    await screen.press('t');
    expect(screen.text).toContain('store-02 was silent for 2.4 s');
    expect(screen.text).toContain('the application runs twice');
  });

  it('says before the button that an arbiter that is not reachable comes first', async () => {
    const { arbiter, ...status } = samplePair();
    const problem = 'the hub at https://192.0.2.3:6070 cannot be reached from here or from anywhere else';
    const screen = await open({
      status: { ...status, arbiter: { ...arbiter, state: 'unreachable', problem } },
    });
    await screen.press('b');
    expect(screen.text).toContain('The arbiter is not reachable: nothing starts before it');
  });

  it('that is not possible says why, and offers nothing to press', async () => {
    const screen = await open({
      plan: { possible: false, refusal: 'store-02 is in maintenance', steps: [] },
    });
    await screen.press('s');
    expect(screen.text).toContain('Not possible: store-02 is in maintenance');
    expect(screen.text).not.toContain('[ Switch ]');
  });

  it('that still goes on is not called done', async () => {
    const screen = await open({ plan: { done: false } });
    await screen.press('b', 'tab', 'enter');
    expect(foot(screen)).toContain('still under way');
  });

  it('that the node refuses shows the refusal and stays', async () => {
    const screen = await open();
    await screen.press('b');
    screen.agent.standby.refuse = new AppError('conflict', 'the lease is held by store-02', {
      hint: 'Switch.',
    });
    await screen.press('tab', 'enter');
    expect(screen.text).toContain('the lease is held by store-02');
    expect(screen.text).toContain('[ Bring in ]');
  });

  it('d shows any plan and changes nothing', async () => {
    const screen = await open();
    await screen.press('d', 't');
    expect(screen.text).toContain('Take over: what would happen');
    await screen.press('esc', 'esc');
    expect(calls(screen)).toEqual([['standby.takeOver', { dryRun: true }]]);
  });

  it('maintenance goes on and off, also by its name in the palette', async () => {
    const screen = await open();
    await screen.press('m', 'tab', 'enter');
    expect(calls(screen)).toEqual([['standby.maintenance', { on: true }]]);
    const status = samplePair();
    screen.agent.standby.status = {
      ...status,
      nodes: status.nodes.map((node) => ({ ...node, maintenance: true })),
    };
    await screen.tick();
    expect(screen.text).toContain('maintenance');
    await screen.press(':');
    await screen.type('maintenance');
    await screen.press('enter', 'tab', 'enter');
    expect(calls(screen).at(-1)).toEqual(['standby.maintenance', { on: false }]);
  });

  it('is not even asked on a read-only console, nor without a pair', async () => {
    const screen = await open({}, { readOnly: true });
    for (const key of ['b', 'o', 's', 't', 'H', 'm', 'w']) {
      await screen.press(key);
      expect(foot(screen)).toContain('--read-only');
    }
    const other = await open(alone());
    for (const key of ['b', 's', 't', 'm', 'd']) await other.press(key);
    expect(foot(other)).toContain('No pair is set up: w begins.');
    expect([...calls(screen), ...calls(other)]).toEqual([]);
  });
});

/** Enter through `count` fields and press the button after them. */
const through = (count: number): string[] => Array.from({ length: count + 1 }, () => 'enter');

describe('the wizard', () => {
  it('leads from nothing to an applied pair with the keyboard alone', async () => {
    const screen = await open(unpaired());
    await screen.press('w', 'tab');
    await screen.type('192.0.2.2:7341');
    await screen.press('tab');
    await screen.type('4711-0815');
    await screen.press('enter', 'enter');
    expect(calls(screen)).toEqual([['standby.join', { address: '192.0.2.2:7341', code: '4711-0815' }]]);
    expect(screen.text).toContain('step 2 of 8');
    expect(screen.text).toContain('198.51.100.2');
    await screen.press(...through(7));
    expect(screen.text).toContain('step 3 of 8: Application');
    await screen.press(...through(5));
    expect(screen.text).toContain('step 4 of 8: Arbiter');
    await screen.press(...through(1));
    expect(screen.text).toContain('step 5 of 8: Service address');
    await screen.type('192.0.2.10/24');
    await screen.press(...through(4));
    expect(screen.text).toContain('step 6 of 8');
    await screen.press('right', 'enter');
    await screen.type('nginx');
    await screen.press('enter');
    await screen.type('nginx.service');
    await screen.press('enter', 'right', 'enter', 'enter');
    expect(screen.text).toContain('3. nginx  service, after service address');
    await screen.press(...through(1));
    expect(screen.text).toContain('step 7 of 8: Rules and times');
    await screen.press(...through(8));
    expect(screen.text).toContain('step 8 of 8: Summary');
    expect(screen.text).toContain('- application: video -> video');
    await screen.press('enter');
    const [name, input] = calls(screen).at(-1) ?? [];
    expect(name).toBe('standby.apply');
    const { config, dryRun } = input as { config: PairConfig; dryRun: boolean };
    expect(dryRun).toBe(false);
    expect(config).toMatchObject({
      pairId: 'pair-7c1f9e',
      version: 1,
      application: 'video',
      arbiter: { kind: 'manual' },
      nodes: [{ id: 'n-1' }, { id: 'n-2', address: '192.0.2.2:7341', fingerprint: 'AB:CD:02' }],
      links: [
        { addresses: { 'n-1': '192.0.2.1', 'n-2': '192.0.2.2' } },
        { addresses: { 'n-1': '198.51.100.1' } },
      ],
    });
    expect(config.resources).toMatchObject([
      { id: 'address', address: '192.0.2.10/24', interfaces: { '*': 'eth0' } },
      { id: 'recording', kind: 'recording' },
      { id: 'nginx', unit: 'nginx.service', after: ['address'] },
    ]);
    await screen.tick();
    expect(screen.text).toContain('brought out');
    expect(foot(screen)).toContain('The pair is set up.');
  });

  it('shows a code for the other node and goes on when that has joined', async () => {
    const screen = await open(unpaired());
    await screen.press('w', 'right', 'tab', 'enter');
    expect(screen.text).toContain('4711-0815');
    expect(screen.text).toContain('192.0.2.1:7341');
    await screen.press('tab', 'enter');
    expect(foot(screen)).toContain('The other node has not joined yet.');
    screen.agent.standby.facts = sampleFacts();
    await screen.press('tab', 'enter');
    expect(screen.text).toContain('step 2 of 8');
  });

  it('says while one types what is wrong, and does not go on', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), 'ctrl-u');
    await screen.type('192.0.2.7');
    expect(screen.text).toContain('Link 1: store-01: store-01 does not hold this address');
    await screen.press(...through(7));
    expect(screen.text).toContain('step 2 of 8');
    await screen.press('ctrl-u');
    await screen.type('198.51.100.1');
    await screen.press('tab');
    expect(screen.text).toContain('the two ends are in different segments');
    expect(calls(screen)).toEqual([]);
  });

  it('a virtual address outside of the segment and an interface that is not there are refused', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), ...through(5), ...through(1));
    await screen.type('10.0.0.1/24');
    expect(screen.text).toContain('not in the segment of eth0 of store-01');
    await screen.press('ctrl-u');
    await screen.type('192.0.2.2/24');
    expect(screen.text).toContain('store-02 holds it itself');
    await screen.press('ctrl-u');
    await screen.type('192.0.2.10/24');
    await screen.press('tab', 'ctrl-u');
    await screen.type('eth7');
    expect(screen.text).toContain('store-01 has eth0, eth1');
  });

  it('says in the arbiter step what is unsafe', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), ...through(5), 'left');
    expect(screen.text).toContain('UNSAFE: takes over whenever the other is silent.');
    await screen.press('right', 'right', 'tab', 'tab', 'tab');
    await screen.type('top-secret');
    expect(screen.text).toContain('**********');
    expect(screen.text).not.toContain('top-secret');
  });

  it('takes the address of a hub as the hub shows it', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), ...through(5), 'right', 'tab');
    await screen.type('http://hub:6070');
    expect(screen.text).toContain('Address: an address such as hub.example:6070');
    await screen.press('ctrl-u');
    await screen.type('192.0.2.3:6070');
    expect(screen.text).not.toContain('Address: an address');
    expect(hubUrl('192.0.2.3:6070')).toBe('https://192.0.2.3:6070');
    expect(hubUrl('https://hub:6070')).toBe('https://hub:6070');
  });

  it('may be left and resumed, by another console too; secrets are not kept', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), 'ctrl-u');
    await screen.type('sound');
    await screen.press(...through(5), 'right', 'tab', 'tab', 'tab');
    await screen.type('top-secret');
    await screen.press('esc');
    expect(screen.text).toContain('goes on with the draft that was left');
    expect(await readFile(join(folder, 'standby-drafts.json'), 'utf8')).not.toContain('top-secret');
    const other = await open(alone());
    await other.press('w');
    expect(other.text).toContain('step 4 of 8: Arbiter');
    await other.press('tab', 'tab', 'tab', 'tab', 'tab', 'tab', 'enter');
    expect(other.text).toContain('step 3 of 8');
    expect(other.text).toContain('sound');
  });

  it('a draft from before the other node set the pair up is dropped, and said so', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), 'ctrl-u');
    await screen.type('sound');
    await screen.press('esc');
    const later = await open({});
    await later.press('w');
    expect(later.text).toContain('step 1 of 8');
    expect(later.text).toContain('they are dropped');
    await later.press(...through(2), ...through(7));
    expect(later.text).not.toContain('sound');
  });

  it('a draft that cannot be read is begun anew', async () => {
    await writeFile(join(folder, 'standby-drafts.json'), '{"n-1": 7');
    const screen = await open(alone());
    await screen.press('w');
    expect(screen.text).toContain('step 1 of 8');
  });

  it('changes what is set up, keeps what it does not ask, and shows the problems of the node', async () => {
    const screen = await open({ problems: ['the application must be brought out first'] });
    await screen.press('w', ...through(2), ...through(7), 'ctrl-u');
    await screen.type('sound');
    await screen.press(...through(5), ...through(5), ...through(4), ...through(1), ...through(8));
    expect(screen.text).toContain('Refused: the application must be brought out first');
    const config = samplePairConfig({ application: 'sound', version: 8 });
    expect(calls(screen)).toEqual([['standby.apply', { config, dryRun: true }]]);
    await screen.press('enter');
    expect(calls(screen)).toHaveLength(1);
  });

  it('saves the settings as a file that apply takes', async () => {
    const screen = await open({}, { folder });
    await screen.press(
      'w',
      ...through(2),
      ...through(7),
      ...through(5),
      ...through(5),
      ...through(4),
      ...through(1),
      ...through(8),
    );
    await screen.press('tab', 'enter');
    await expect
      .poll(
        async () =>
          parsePairFile(await readFile(join(folder, 'pair.yaml'), 'utf8').catch(() => '')).application,
      )
      .toBe('video');
  });

  it("asks for the rules: triggers, heartbeats, and times of one's own", async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), 'tab', 'left', ...through(4), ...through(1));
    await screen.press(...through(4), ...through(1));
    expect(screen.text).toContain('step 7 of 8: Rules and times');
    for (const words of [
      'Other node silent',
      'Storage lost',
      'Take over after, ms',
      'Its own failover, ms',
      'Leave',
    ])
      expect(screen.text).toContain(words);
    await screen.press('tab', 'right', 'tab', 'tab', 'tab', 'tab', 'ctrl-u');
    await screen.type('2');
    expect(screen.text).toContain('a whole number from 50 to 10000');
    await screen.type('00');
    await screen.press('tab', 'tab', 'tab', 'ctrl-u');
    await screen.type('400');
    await screen.press(...through(6), 'enter');
    const [name, input] = calls(screen).at(-1) ?? [];
    expect(name).toBe('standby.apply');
    const { config } = input as { config: PairConfig };
    expect(config.triggers).toEqual({
      peerLost: true,
      network: false,
      resource: true,
      process: true,
      storage: true,
    });
    expect(config.links).toMatchObject([{ intervalMs: 200, lostPacketsMax: 4 }, { intervalMs: 200 }]);
    expect(config).toMatchObject({
      profile: 'custom',
      waitAfterStartSeconds: 60,
      timing: { renewIntervalMs: 400, leaseMs: 1_500, takeOverAfterMs: 2_400 },
    });
  });

  it('adds another service address', async () => {
    const screen = await open(alone());
    await screen.press('w', ...through(2), ...through(7), ...through(5), ...through(1), ...through(4));
    await screen.press(...Array.from({ length: 6 }, () => 'right'), 'enter');
    await screen.type('cameras net');
    await screen.press('enter');
    await screen.type('198.51.100.9/30');
    await screen.press('enter');
    await screen.type('eth1');
    await screen.press('enter');
    await screen.type('eth2');
    await screen.press('enter', 'enter', 'enter', 'enter');
    expect(screen.text).toContain('cameras net  ip');
    await screen.press(...through(1), ...through(8), 'enter');
    const [, input] = calls(screen).at(-1) ?? [];
    expect((input as { config: PairConfig }).config.resources).toContainEqual(
      expect.objectContaining({
        kind: 'ip',
        address: '198.51.100.9/30',
        interfaces: { 'n-1': 'eth1', 'n-2': 'eth2' },
        virtualMac: null,
      }),
    );
  });

  it('removes a resource, and refuses one that is wrong', async () => {
    const screen = await open();
    await screen.press('w', ...through(2), ...through(7), ...through(5), ...through(5), ...through(4));
    await screen.press('left', 'enter', 'enter', 'enter');
    expect(screen.text).not.toContain('nginx');
    await screen.press('right', 'enter');
    await screen.type('web');
    await screen.press('enter');
    await screen.type('a b');
    await screen.press(...through(2));
    expect(screen.text).toContain('unit: ');
    expect(screen.text).toContain('step 6 of 8');
  });
});
