/** The preflight's verdicts over recorded facts: each condition is named when it fails, with evidence and a fix. */
import { describe, expect, it } from 'vitest';
import { checkAlone, checkPair } from '../../../../agent/standby/preflight/check-pair.ts';
import type { NodeFacts, PairConfig, PreflightCheck } from '../../../../src/contract/index.ts';
import { sampleFacts, samplePairConfig } from '../../../support/sample-pair.ts';

type Patch = Partial<NodeFacts>;

function check(
  id: string,
  options: { a?: Patch; b?: Patch; config?: Partial<PairConfig> | null; offsetMs?: number } = {},
) {
  const [a, b] = sampleFacts();
  const config = options.config === null ? null : samplePairConfig(options.config);
  const clock = { offsetMs: options.offsetMs ?? 0, uncertaintyMs: 1 };
  return checkPair({ ...a, ...options.a }, { ...b, ...options.b }, config, clock).filter(
    (each) => each.id === id,
  );
}

const results = (checks: readonly PreflightCheck[]): string[] => checks.map(({ result }) => result);
const windows = (patch: Patch = {}): Patch => ({
  platform: 'win32',
  osName: 'Windows Server 2022 Standard',
  osRelease: '10.0.20348',
  busyPaths: ['D:\\video', 'C:\\Program Files\\Holdfast'],
  antivirus: { product: 'Microsoft Defender', excludedPaths: ['d:\\video\\'] },
  ...patch,
});
const lone = sampleFacts()[0].interfaces.slice(0, 2);

describe('two nodes that fit', () => {
  it('pass everything that Linux is asked, and each check is made once per node or once for both', () => {
    const [a, b] = sampleFacts();
    const checks = checkPair(a, b, samplePairConfig(), { offsetMs: 3, uncertaintyMs: 1 });
    expect(
      checks.filter(({ result }) => result !== 'pass').map(({ id, result }) => `${id} ${result}`),
    ).toEqual([
      'arbiter-failover skip',
      'capture-adapter skip',
      'capture-adapter skip',
      'antivirus skip',
      'antivirus skip',
    ]);
    expect(new Set(checks.map(({ id, node }) => `${id} ${node}`)).size).toBe(checks.length);
    expect(checks.filter(({ node }) => node === 'store-02').length).toBe(7);
  });

  it('what is not configured yet is skipped, not failed', () => {
    const [a, b] = sampleFacts();
    const checks = checkPair(a, b, null);
    expect(checks.filter(({ result }) => result === 'fail')).toEqual([]);
    expect(checks.find(({ id }) => id === 'link-segments')?.result).toBe('skip');
    expect(checks.find(({ id }) => id === 'clock')?.result).toBe('skip');
  });

  it('every failure and every warning says what to do', () => {
    const [a, b] = sampleFacts();
    const bad = checkPair(
      {
        ...a,
        interfaces: [],
        pings: [{ linkId: 'cable', from: '', to: 'x', ok: false, roundTripMs: null, problem: null }],
      },
      {
        ...b,
        platform: 'win32',
        version: '9',
        apiVersion: 9,
        timeZone: 'UTC',
        processes: [{ name: 'guard', running: false, detail: 'ended' }],
      },
      samplePairConfig(),
      { offsetMs: 9_000, uncertaintyMs: 1 },
    );
    const open = bad.filter(({ result }) => result === 'fail' || result === 'warn');
    expect(open.length).toBeGreaterThan(9);
    for (const { id, fix, evidence } of open) {
      expect(fix, id).toMatch(/\w{4}/);
      expect(evidence, id).not.toBe('');
    }
  });
});

describe('the machines', () => {
  it.each<[string, Patch, string]>([
    ['another platform', windows(), 'fail'],
    ['another version', { osName: 'Debian GNU/Linux 13 (trixie)' }, 'fail'],
    ['another kernel', { osRelease: '6.1.0-29-amd64' }, 'warn'],
  ])('%s', (_name, b, result) => expect(results(check('system', { b }))).toEqual([result]));

  it('with one host name are refused, whatever its case', () => {
    const [found] = check('host-names', { b: { hostName: 'STORE-01' } });
    expect(found).toMatchObject({ result: 'fail', evidence: 'both hosts are called store-01' });
    expect(found?.fix).toContain('hostnamectl');
    expect(results(check('host-names', { b: { name: 'store-01' } }))).toEqual(['fail']);
  });

  it.each([
    [0, 'pass'],
    [-150, 'pass'],
    [201, 'pass'],
    [310, 'warn'],
    [-2_000, 'warn'],
    [3_600_000, 'fail'],
  ])('clocks %i ms apart: %s', (offsetMs, result) => {
    expect(results(check('clock', { offsetMs }))).toEqual([result]);
  });

  it('a clock that is wrong by no more than the measuring is not blamed', () => {
    const [a, b] = sampleFacts();
    const found = checkPair(a, b, null, { offsetMs: 400, uncertaintyMs: 300 }).find(
      ({ id }) => id === 'clock',
    );
    expect(found).toMatchObject({
      result: 'pass',
      evidence: 'store-02 is 400 ms ahead of store-01, give or take 300 ms',
    });
  });

  it('time zones, versions, paths and agent versions must be equal', () => {
    expect(results(check('time-zone', { b: { timeZone: 'UTC' } }))).toEqual(['fail']);
    expect(results(check('version', { b: { version: '0.2.0' } }))).toEqual(['fail']);
    expect(results(check('version', { b: { installPath: '/srv/holdfast' } }))).toEqual(['warn']);
    expect(results(check('agent-version', { b: { apiVersion: 2 } }))).toEqual(['fail']);
  });

  it('the application must be there on both, and the same', () => {
    const web = sampleFacts()[0].programs.map((each) => ({
      ...each,
      present: false,
      sha256: null,
      problem: 'no such unit',
    }));
    const [missing] = check('application', { b: { programs: web } });
    expect(missing).toMatchObject({
      result: 'fail',
      evidence: 'store-02 has no nginx.service (web, no such unit)',
    });
    const other = sampleFacts()[0].programs.map((each) => ({ ...each, sha256: 'bb' }));
    expect(check('application', { b: { programs: other } })[0]?.evidence).toContain('not the same file');
    expect(results(check('application', { a: { programs: [] }, b: { programs: [] } }))).toEqual(['skip']);
  });

  it('a process that does not run is named on its node', () => {
    const found = check('processes', {
      b: { processes: [{ name: 'guard', running: false, detail: 'exit code 1' }] },
    });
    expect(found.map(({ node, result }) => `${node} ${result}`)).toEqual(['store-01 pass', 'store-02 fail']);
    expect(found[1]?.evidence).toBe('guard does not run (exit code 1)');
  });
});

describe('the network', () => {
  it('wants two cards: one is a warning, none a failure', () => {
    expect(results(check('network-cards', { a: { interfaces: lone } }))).toEqual(['warn', 'pass']);
    const down = sampleFacts()[0].interfaces.map((each) => ({ ...each, up: false }));
    const [none] = check('network-cards', { a: { interfaces: down } });
    expect(none?.result).toBe('fail');
    expect(none?.evidence).toContain('without link: eth0, eth1');
  });

  it('finds the Npcap loopback adapter of a recorded Windows node', () => {
    const recorded = [
      ...sampleFacts()[0].interfaces,
      {
        name: 'Ethernet 3',
        description: 'Npcap Loopback Adapter',
        mac: '02:00:4c:4f:4f:50',
        up: true,
        loopback: false,
        speedMbps: 1215,
        addresses: [{ address: '169.254.44.1', prefix: 16 }],
      },
    ];
    const [found, other] = check('capture-adapter', { a: windows({ interfaces: recorded }), b: windows() });
    expect(found).toMatchObject({
      result: 'fail',
      evidence: 'Ethernet 3 (Npcap Loopback Adapter) is installed',
    });
    expect(other?.result).toBe('pass');
  });

  it('the three addresses must lie in one segment, on interfaces that are up', () => {
    const ip = (patch: object) => ({
      resources: samplePairConfig().resources.map((each) =>
        each.kind === 'ip' ? { ...each, ...patch } : each,
      ),
    });
    expect(check('service-segment')[0]?.evidence).toBe('192.0.2.1, 192.0.2.2 and 192.0.2.10 in one /24');
    const other = check('service-segment', { config: ip({ address: '203.0.113.10/24' }) })[0];
    expect(other).toMatchObject({ result: 'fail' });
    expect(other?.evidence).toContain('eth0 of store-01 has no address of its own in 203.0.113.10/24');
    expect(check('service-segment', { config: ip({ interfaces: { 'n-1': 'eth0' } }) })[0]?.evidence).toBe(
      'no interface of store-02 is named for 192.0.2.10',
    );
    expect(check('service-segment', { config: ip({ interfaces: { '*': 'eth7' } }) })[0]?.evidence).toContain(
      'has no interface eth7',
    );
    expect(
      check('service-segment', { b: { interfaces: sampleFacts()[0].interfaces } })[0]?.evidence,
    ).toContain('both nodes hold 192.0.2.1');
    expect(results(check('service-segment', { config: { resources: [] } }))).toEqual(['warn']);
  });

  it('a virtual address that somebody else holds is refused; one that the peer holds is not', () => {
    const held = (state: 'own' | 'taken') => [
      { address: '192.0.2.10', state, evidence: '02:aa:bb:cc:dd:ee answers for it' },
    ];
    const [found] = check('virtual-address', { a: { virtualAddresses: held('taken') } });
    expect(found).toMatchObject({
      result: 'fail',
      evidence: '192.0.2.10 is in use: 02:aa:bb:cc:dd:ee answers for it',
    });
    expect(
      results(
        check('virtual-address', {
          a: { virtualAddresses: held('taken') },
          b: { virtualAddresses: held('own') },
        }),
      ),
    ).toEqual(['pass', 'pass']);
  });

  it('both ends of a link lie in one segment, each on its own node', () => {
    const link = (n1: string, n2: string) => ({
      links: [
        { id: 'cable', addresses: { 'n-1': n1, 'n-2': n2 }, port: 7340, intervalMs: 250, lostPacketsMax: 4 },
      ],
    });
    expect(results(check('link-segments', { config: link('198.51.100.1', '198.51.100.2') }))).toEqual([
      'pass',
    ]);
    expect(check('link-segments', { config: link('198.51.100.1', '192.0.2.2') })[0]?.evidence).toContain(
      'in different segments',
    );
    expect(check('link-segments', { config: link('198.51.100.9', '198.51.100.2') })[0]?.evidence).toBe(
      'store-01 does not hold 198.51.100.9 (cable)',
    );
    const shared = check('link-segments', { config: link('192.0.2.1', '192.0.2.2') })[0];
    expect(shared).toMatchObject({ result: 'warn' });
    expect(shared?.evidence).toContain('all in the segment of the service');
  });

  it('a ping that is not answered, and a port that is taken, are named on their node', () => {
    const pings = sampleFacts()[0].pings.map((each) => ({
      ...each,
      ok: false,
      roundTripMs: null,
      problem: 'no answer',
    }));
    expect(check('ping', { b: { pings } }).map(({ node, result }) => `${node} ${result}`)).toEqual([
      'store-01 pass',
      'store-02 fail',
    ]);
    const ports: NodeFacts['ports'] = [
      { address: '198.51.100.2', port: 7340, state: 'taken', problem: 'another program holds it' },
    ];
    expect(check('ports', { b: { ports } })[1]).toMatchObject({
      result: 'fail',
      evidence: '198.51.100.2:7340 in use (another program holds it)',
    });
    const own: NodeFacts['ports'] = [{ address: '198.51.100.2', port: 7340, state: 'own', problem: null }];
    expect(results(check('ports', { b: { ports: own } }))).toEqual(['pass', 'pass']);
  });

  it('a third node that claims the pair is called a stranger', () => {
    const [found] = check('identity', { b: { nodeId: 'n-3', name: 'store-03' } });
    expect(found).toMatchObject({ result: 'fail' });
    expect(found?.evidence).toContain('store-03 (n-3) is not one of the two');
  });
});

describe('what only shows when something fails', () => {
  it('a cable that carries one way is not noticed without an isolation address', () => {
    const [found] = check('isolation', { config: { isolationAddresses: [] } });
    expect(found).toMatchObject({ result: 'warn' });
    expect(found?.evidence).toContain('keeps the lease and serves nobody');
    expect(found?.fix).toContain('policy set');
  });

  it.each<[string, Partial<PairConfig>, string]>([
    ['one address', { isolationAddresses: ['192.0.2.254'] }, 'pass'],
    ['an address of the pair itself', { isolationAddresses: ['192.0.2.2'] }, 'warn'],
    ['the virtual address', { isolationAddresses: ['192.0.2.254', '192.0.2.10'] }, 'warn'],
    ['no virtual address to lose', { isolationAddresses: [], resources: [] }, 'skip'],
    ['the trigger switched off', { triggers: { ...samplePairConfig().triggers, network: false } }, 'warn'],
  ])('isolation with %s: %#', (_name, config, result) => {
    expect(results(check('isolation', { config }))).toEqual([result]);
  });

  const web = samplePairConfig().resources.filter(({ id }) => id === 'web');

  it('a process or service with the times of a new pair is well where the fuse kills it in time', () => {
    const [found] = check('stop-times');
    expect(found).toMatchObject({ result: 'pass' });
    expect(found?.evidence).toMatch(/leaves 500 ms .*web \(up to 20 s\) is killed/);
    const there = windows();
    expect(results(check('stop-times', { a: there, b: there }))).toEqual(['warn']);
  });

  it('a stop that cannot be ended by a kill wants a watchdog in time on both nodes', () => {
    const resources: PairConfig['resources'] = web.map((resource) => ({
      ...resource,
      kind: 'ocf',
      agent: 'heartbeat:Dummy',
      parameters: {},
    }));
    const [found] = check('stop-times', { config: { resources } });
    expect(found).toMatchObject({ result: 'warn' });
    expect(found?.evidence).toContain('web (up to 20 s) can only be ended by a reset of the machine');
    expect(found?.fix).toContain('a watchdog that resets within 1 s');
    const dog = (timeoutMs: number | null) => ({ watchdog: { path: '/dev/watchdog', timeoutMs } });
    const verdict = (a: Patch, b: Patch, config: Partial<PairConfig> = {}) =>
      results(check('stop-times', { a, b, config: { resources, ...config } }))[0];
    expect(verdict(dog(1_000), dog(1_000))).toBe('pass');
    expect(verdict(dog(1_000), {})).toBe('warn');
    expect(verdict(dog(1_000), dog(60_000))).toBe('warn');
    expect(verdict(dog(1_000), dog(null))).toBe('warn');
    expect(verdict(dog(1_000), dog(1_000), { profile: 'fast' })).toBe('warn');
  });

  it('a stop within S, and a pair without a lease, are well', () => {
    const quick = web.map((resource) => ({ ...resource, stopTimeoutSeconds: 0.5 }));
    expect(results(check('stop-times', { config: { resources: quick } }))).toEqual(['pass']);
    expect(results(check('stop-times', { config: { arbiter: { kind: 'manual' } } }))).toEqual(['skip']);
  });

  it("the arbiter's own failover is told, and too short a lease for it is warned of", () => {
    const arbiter: PairConfig['arbiter'] = { kind: 'etcd', endpoints: ['e'], user: null, password: null };
    const [found] = check('arbiter-failover', { config: { arbiter } });
    expect(found).toMatchObject({ result: 'pass' });
    expect(found?.evidence).toMatch(/3500 ms .*replaced after 8500 ms/);
    const timing = {
      renewIntervalMs: 500,
      leaseMs: 1500,
      stopMs: 500,
      takeOverAfterMs: 2400,
      rpcTimeoutMs: 500,
      storeFailoverMs: 0,
    };
    const [short] = check('arbiter-failover', { config: { arbiter, profile: 'custom', timing } });
    expect(short).toMatchObject({ result: 'warn' });
    expect(short?.evidence).toContain('never two actives');
  });

  it('what a node found of the arbiter is told as that of this node', () => {
    const finding = {
      id: 'arbiter-members',
      title: 'survives',
      result: 'warn',
      evidence: 'one',
      fix: 'more',
    } as const;
    expect(check('arbiter-members', { b: { arbiter: [finding] } })).toEqual([
      { ...finding, node: 'store-02' },
    ]);
  });
});

describe('a virus scanner', () => {
  it('on Windows is asked to leave the folders alone that it still scans', () => {
    const [found] = check('antivirus', { a: windows(), b: windows() });
    expect(found).toMatchObject({ result: 'warn' });
    expect(found?.evidence).toContain('scans C:\\Program Files\\Holdfast');
    expect(found?.fix).toBe("Add-MpPreference -ExclusionPath 'C:\\Program Files\\Holdfast'");
    const excluded = {
      product: 'Microsoft Defender',
      excludedPaths: ['D:\\', 'C:\\Program Files\\Holdfast'],
    };
    expect(
      results(check('antivirus', { a: windows({ antivirus: excluded }), b: windows({ antivirus: null }) })),
    ).toEqual(['pass', 'warn']);
  });
});

describe('a node whose peer does not answer', () => {
  it('says so first, and checks its own half', () => {
    const [self] = sampleFacts();
    const checks = checkAlone(self, samplePairConfig(), 'connection refused');
    expect(checks[0]).toMatchObject({ id: 'peer', result: 'fail', evidence: 'connection refused' });
    expect(checks.slice(1).map(({ node }) => node)).toEqual(Array.from({ length: 7 }, () => 'store-01'));
  });
});
