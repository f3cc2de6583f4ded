/** One believable pair at one fixed moment, in several states, and a client that answers for it and remembers what was asked. */
import type {
  Decision,
  NodeFacts,
  OperationPlan,
  PairConfig,
  PairStatus,
  PreflightCheck,
} from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { ApiClient } from '../../tui/api.ts';
import { sampleNowMs } from './sample-status.ts';

const here = 'n-1';
const there = 'n-2';

function facts(id: 1 | 2, patch: Partial<NodeFacts> = {}): NodeFacts {
  return {
    nodeId: `n-${id}`,
    name: `store-0${id}`,
    hostName: `store-0${id}`,
    platform: 'linux',
    osName: 'Debian GNU/Linux 12 (bookworm)',
    osRelease: '6.1.0-28-amd64',
    version: '0.1.0',
    installPath: '/opt/holdfast',
    apiVersion: 1,
    fingerprint: `AB:CD:0${id}`,
    peerAddress: `192.0.2.${id}:7341`,
    pairId: 'pair-7c1f9e',
    timeZone: 'Europe/Berlin',
    timeMs: sampleNowMs,
    interfaces: [
      card('lo', '127.0.0.1', 8, true),
      card('eth0', `192.0.2.${id}`, 24),
      card('eth1', `198.51.100.${id}`, 30),
    ],
    processes: [
      { name: 'control', running: true, detail: null },
      { name: 'guard', running: true, detail: null },
      { name: 'recorder', running: true, detail: null },
    ],
    ports: [{ address: `198.51.100.${id}`, port: 7340, state: 'free', problem: null }],
    pings: [
      {
        linkId: 'cable',
        from: `198.51.100.${id}`,
        to: `198.51.100.${3 - id}`,
        ok: true,
        roundTripMs: 0.2,
        problem: null,
      },
    ],
    virtualAddresses: [{ address: '192.0.2.10', state: 'unused', evidence: 'nobody answers for it' }],
    programs: [{ resourceId: 'web', path: 'nginx.service', present: true, sha256: 'aa', problem: null }],
    arbiter: [],
    watchdog: null,
    antivirus: null,
    busyPaths: ['/var/lib/holdfast'],
    ...patch,
  };
}

function card(
  name: string,
  address: string,
  prefix: number,
  loopback = false,
): NodeFacts['interfaces'][number] {
  return {
    name,
    description: null,
    mac: '02:00:00:00:00:01',
    up: true,
    loopback,
    speedMbps: loopback ? null : 1000,
    addresses: [{ address, prefix }],
  };
}

/** Two nodes that pass every check, as either would tell them; this node first. */
export function sampleFacts(): [NodeFacts, NodeFacts] {
  return [facts(1), facts(2)];
}

const common = {
  startTimeoutSeconds: 20,
  stopTimeoutSeconds: 20,
  monitorIntervalSeconds: 1,
  monitorTimeoutSeconds: 5,
  restartTriesMax: 1,
};

export function samplePairConfig(patch: Partial<PairConfig> = {}): PairConfig {
  return {
    pairId: 'pair-7c1f9e',
    version: 7,
    application: 'video',
    nodes: [1, 2].map((id) => ({
      id: `n-${id}`,
      name: `store-0${id}`,
      address: `192.0.2.${id}:7341`,
      fingerprint: `AB:CD:0${id}`,
      alias: id === 1 ? 'Hall A' : 'Hall B',
    })),
    links: [
      {
        id: 'cable',
        addresses: { [here]: '198.51.100.1', [there]: '198.51.100.2' },
        port: 7340,
        intervalMs: 250,
        lostPacketsMax: 4,
      },
      {
        id: 'service',
        addresses: { [here]: '192.0.2.1', [there]: '192.0.2.2' },
        port: 7340,
        intervalMs: 250,
        lostPacketsMax: 4,
      },
    ],
    arbiter: {
      kind: 'hub',
      url: 'https://hub.example:7350',
      account: 'site-1',
      key: 'k-12345',
      fingerprint: 'EE:FF',
    },
    profile: 'default',
    timing: null,
    resources: [
      {
        ...common,
        id: 'address',
        name: 'service address',
        kind: 'ip',
        after: [],
        address: '192.0.2.10/24',
        interfaces: { '*': 'eth0' },
        virtualMac: null,
      },
      { ...common, id: 'web', name: 'nginx', kind: 'service', after: ['address'], unit: 'nginx.service' },
      { ...common, id: 'cameras', name: 'recording', kind: 'recording', after: [] },
    ],
    consistency: 'complete',
    isolationAddresses: ['192.0.2.254'],
    failback: 'never',
    defaultNodeId: here,
    waitAfterStartSeconds: 60,
    triggers: { peerLost: true, network: true, resource: true, process: true, storage: true },
    ...patch,
  };
}

export const sampleDecisions: readonly Decision[] = [
  decision(412, 3_600, here, 'lease taken: the holder was silent', 'activate', {
    holder: there,
    silentForMs: 2412,
  }),
  decision(413, 3_599, here, 'all resources run', 'active', { resources: 3, tookMs: 640 }),
  decision(419, 1_200, there, 'peer heard again', 'standby', { lossPercent: 0, lastError: null }),
];

function decision(
  id: number,
  agoSeconds: number,
  nodeId: string,
  rule: string,
  outcome: string,
  inputs: Decision['inputs'],
): Decision {
  return { id, timeMs: sampleNowMs - agoSeconds * 1000, nodeId, rule, outcome, inputs };
}

const since = sampleNowMs - 3_599_000;

/** This node is active, all is well. */
export function samplePair(patch: Partial<PairStatus> = {}): PairStatus {
  return {
    configured: true,
    application: 'video',
    epoch: 42,
    arbiter: { kind: 'hub', state: 'reachable', problem: null, unsafe: false },
    lease: { holder: here, epoch: 42, validForMs: 1_300 },
    nodes: [
      {
        id: here,
        name: 'store-01',
        alias: 'Hall A',
        self: true,
        role: 'active',
        maintenance: false,
        standalone: false,
        ageMs: null,
        configVersion: 7,
      },
      {
        id: there,
        name: 'store-02',
        alias: 'Hall B',
        self: false,
        role: 'standby',
        maintenance: false,
        standalone: false,
        ageMs: 120,
        configVersion: 7,
      },
    ],
    settingsAgree: true,
    links: [
      {
        id: 'cable',
        state: 'up',
        roundTripMs: 0.2,
        lossPercent: 0,
        lastReceivedMs: sampleNowMs - 120,
        refused: 0,
      },
      {
        id: 'service',
        state: 'up',
        roundTripMs: 0.9,
        lossPercent: 1.5,
        lastReceivedMs: sampleNowMs - 90,
        refused: 0,
      },
    ],
    resources: [
      resource('address', 'service address', 'ip', []),
      resource('web', 'nginx', 'service', ['address']),
      resource('cameras', 'recording', 'recording', []),
    ],
    lastDecisions: [...sampleDecisions],
    forecast: 'If store-01 dies now, store-02 takes over in about 2.4 s.',
    ...patch,
  };
}

function resource(
  id: string,
  name: string,
  kind: PairStatus['resources'][number]['kind'],
  after: string[],
): PairStatus['resources'][number] {
  return { id, name, kind, state: 'running', after, problem: null, restarts: 0, sinceMs: since };
}

/** Nothing is set up: one node alone. */
export function unconfiguredPair(): PairStatus {
  const [self] = samplePair().nodes;
  if (!self) throw new Error('the sample has no node');
  return samplePair({
    configured: false,
    application: null,
    epoch: 0,
    arbiter: { kind: 'none', state: 'none', problem: null, unsafe: false },
    lease: { holder: null, epoch: 0, validForMs: null },
    nodes: [{ ...self, alias: null, role: null, configVersion: null }],
    settingsAgree: null,
    links: [],
    resources: [],
    lastDecisions: [],
    forecast: '',
  });
}

/** The other node was active and is silent; a person must decide, since there is no arbiter. */
export function lostPair(): PairStatus {
  const whole = samplePair();
  const stopped = { state: 'stopped' as const, sinceMs: null };
  return samplePair({
    arbiter: {
      kind: 'availability-first',
      state: 'none',
      problem: 'no arbiter: both can become active when the links are cut',
      unsafe: true,
    },
    lease: { holder: there, epoch: 42, validForMs: null },
    nodes: whole.nodes.map((node) =>
      node.self ? { ...node, role: 'standby', configVersion: 8 } : { ...node, role: 'active', ageMs: 95_000 },
    ),
    settingsAgree: false,
    links: whole.links.map((link) => ({
      ...link,
      state: 'down',
      roundTripMs: null,
      lossPercent: 100,
      lastReceivedMs: sampleNowMs - 95_000,
      refused: link.id === 'service' ? 17 : 0,
    })),
    resources: whole.resources.map((each) =>
      each.id === 'web'
        ? { ...each, state: 'failed', problem: 'exit code 1: address already in use', restarts: 2 }
        : { ...each, ...stopped },
    ),
    forecast: 'store-02 is silent; store-01 does not take over by itself: a person decides.',
  });
}

/** Just set up: both nodes are brought out, nothing runs. */
function appliedPair({ application, version }: PairConfig): PairStatus {
  const whole = samplePair();
  return samplePair({
    application,
    epoch: 0,
    lease: { holder: null, epoch: 0, validForMs: null },
    nodes: whole.nodes.map((node) => ({ ...node, role: 'out', configVersion: version })),
    resources: whole.resources.map((each) => ({ ...each, state: 'stopped', sinceMs: null })),
    lastDecisions: [],
    forecast: 'The pair is brought out: nobody takes over.',
  });
}

export const samplePreflight: readonly PreflightCheck[] = [
  {
    id: 'system',
    title: 'same operating system',
    node: 'both',
    result: 'pass',
    evidence: 'both Debian 12',
    fix: null,
  },
  {
    id: 'clock',
    title: 'clocks agree',
    node: 'both',
    result: 'warn',
    evidence: 'store-02 is 310 ms ahead of store-01, give or take 1 ms',
    fix: 'Let both follow the same time server.',
  },
  {
    id: 'ports',
    title: 'ports of the links free',
    node: 'store-02',
    result: 'fail',
    evidence: '198.51.100.2:7340 in use (another program holds it)',
    fix: 'End the program that holds the port.',
  },
];

export function samplePlan(operation: string, patch: Partial<OperationPlan> = {}): OperationPlan {
  return {
    operation,
    possible: true,
    refusal: null,
    steps: [
      { node: 'store-01', action: 'stop recording, nginx, service address', expectedMs: 300 },
      { node: 'store-01', action: 'release the lease to store-02', expectedMs: 20 },
      { node: 'store-02', action: 'start service address, nginx, recording', expectedMs: null },
    ],
    dataAtRisk: 'none: everything is replicated',
    outageMs: 420,
    done: false,
    ...patch,
  };
}

export interface FakeStandby {
  status: PairStatus;
  config: PairConfig | null;
  facts: NodeFacts[];
  /** What the next plan says. */
  plan: Partial<OperationPlan>;
  problems: string[];
  /** `noun.verb` with its input; reads are left out. */
  calls: [string, unknown][];
  /** Thrown by the next call that changes something. */
  refuse: AppError | null;
  /** Thrown by each status while set. */
  lost: AppError | null;
}

export function fakeStandby(patch: Partial<FakeStandby> = {}): FakeStandby {
  return {
    status: samplePair(),
    config: samplePairConfig(),
    facts: sampleFacts(),
    plan: {},
    problems: [],
    calls: [],
    refuse: null,
    lost: null,
    ...patch,
  };
}

type StandbyClient = ApiClient['standby'];

/** The `standby` calls of a client, answered from `fake`. */
export function fakeStandbyClient(fake: FakeStandby): StandbyClient {
  const note = (name: string, input: unknown): void => {
    const { refuse } = fake;
    fake.refuse = null;
    if (refuse) throw refuse;
    fake.calls.push([`standby.${name}`, input]);
  };
  const operation = (name: string) => async (input?: { dryRun?: boolean | undefined }) => {
    note(name, input);
    const done = input?.dryRun !== true;
    if (done && fake.plan.possible === false) throw new AppError('conflict', fake.plan.refusal ?? 'refused');
    return samplePlan(name, { done, ...fake.plan });
  };
  const client = {
    status: async () => {
      if (fake.lost) throw fake.lost;
      return fake.status;
    },
    config: async () => fake.config,
    facts: async () => fake.facts,
    preflight: async () => [...samplePreflight],
    explain: async () => ({
      summary: 'store-01 is active because store-02 was silent for 2.4 s.',
      lines: ['13:21:07 the lease of store-02 was not renewed', '13:21:09 store-01 took it with epoch 42'],
      decisions: [...sampleDecisions],
    }),
    history: async (input?: { limit?: number | undefined }) => sampleDecisions.slice(0, input?.limit ?? 100),
    pairingCode: async () => {
      note('pairingCode', undefined);
      return { code: '4711-0815', expiresAtMs: sampleNowMs + 600_000, address: '192.0.2.1:7341' };
    },
    join: async (input: unknown) => {
      note('join', input);
      fake.facts = sampleFacts();
      return { nodeId: there, name: 'store-02', fingerprint: 'AB:CD:02' };
    },
    apply: async (input: { config: PairConfig; dryRun?: boolean | undefined }) => {
      note('apply', input);
      const applied = input.dryRun !== true && fake.problems.length === 0;
      if (applied) {
        fake.config = input.config;
        fake.status = appliedPair(input.config);
      }
      return {
        changes: [`application: video -> ${input.config.application}`],
        problems: fake.problems,
        applied,
      };
    },
    remove: async (input: unknown) => {
      note('remove', input);
      return { ok: true as const };
    },
    bringIn: operation('bringIn'),
    bringOut: operation('bringOut'),
    switch: operation('switch'),
    takeOver: operation('takeOver'),
    handOver: operation('handOver'),
    maintenance: async (input: unknown) => {
      note('maintenance', input);
      return { ok: true as const };
    },
    standalone: async (input: unknown) => {
      note('standalone', input);
      return { ok: true as const };
    },
  };
  return client as unknown as StandbyClient;
}
