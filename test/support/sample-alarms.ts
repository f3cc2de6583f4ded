/** One believable receiver group with devices and events at one fixed moment, and a client that answers for it and remembers what was asked. */
import {
  type Alarm,
  type AlarmOutput,
  type AlarmQuery,
  alarmOutputSchema,
  type Device,
  type DeviceConfig,
  type DeviceQuery,
  deviceConfigSchema,
  type EventMapping,
  eventMappingSchema,
  type GroupStatus,
  type ReceiverSettings,
  type ReceiverStatus,
} from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import type { ApiClient } from '../../tui/api.ts';
import { sampleNowMs } from './sample-status.ts';

export function sampleReceiver(patch: Partial<ReceiverStatus> = {}): ReceiverStatus {
  return {
    enabled: true,
    listen: '0.0.0.0:6080',
    problem: null,
    forwarding: true,
    queue: { waiting: 2, oldestMs: sampleNowMs - 12_000, unshared: 0 },
    counts: {
      received: 48_211,
      acknowledged: 48_209,
      duplicates: 37,
      refusedFrames: 4,
      unknownAccounts: 3,
      eventsPerSecond: 1.4,
    },
    devices: { total: 1_204, online: 1_201, lost: 2 },
    unacknowledged: 3,
    lastNumber: 48_211,
    outputs: [
      {
        id: 'arc',
        name: 'ARC north',
        state: 'failing',
        active: false,
        acknowledged: 48_100,
        failedAttempts: 3,
        lastAckMs: sampleNowMs - 95_000,
        roundTripMs: null,
        problem: 'no answer within 20 s',
      },
      {
        id: 'arc2',
        name: 'ARC south',
        state: 'connected',
        active: true,
        acknowledged: 109,
        failedAttempts: 0,
        lastAckMs: sampleNowMs - 2_000,
        roundTripMs: 14.2,
        problem: null,
      },
    ],
    rssBytes: 128e6,
    ...patch,
  };
}

/** This node is the host and works. */
export function sampleGroup(patch: Partial<GroupStatus> = {}): GroupStatus {
  const member = (place: number, name: string): GroupStatus['members'][number] => ({
    id: `n-${place}`,
    name,
    role: place === 1 ? 'host' : place === 2 ? 'spare-1' : 'spare-2',
    status: place === 1 ? 'working' : place === 2 ? 'standby' : 'offline',
    self: place === 1,
    ageMs: place === 1 ? 0 : place === 2 ? 400 : 192_000,
    version: '0.1.0',
    backupVersion: place === 3 ? 6 : 7,
    backupState: place === 3 ? 'failed' : 'updated',
    unshared: place === 3 ? null : 0,
    problem: place === 3 ? 'not heard for 192 s' : null,
  });
  return {
    enabled: true,
    arcId: 'site-1',
    store: {
      kind: 'hub',
      address: 'hub.example:6070',
      state: 'reachable',
      roundTripMs: 1.3,
      problem: null,
    },
    self: { id: 'n-1', name: 'arc-1', role: 'host', status: 'working' },
    members: [member(1, 'arc-1'), member(2, 'arc-2'), member(3, 'arc-3')],
    lease: { holder: 'n-1', epoch: 12, validForMs: 3_200 },
    backup: {
      name: 'HF_Backup_site-1_n-1',
      version: 7,
      publishedMs: sampleNowMs - 600_000,
      updatedMs: sampleNowMs - 600_000,
      state: 'updated',
      bytes: 182_000,
      devices: 1_204,
      problem: null,
    },
    queue: { waiting: 2, oldestMs: sampleNowMs - 12_000 },
    forecast: 'If arc-1 dies now, arc-2 takes over in about 5.0 s.',
    problem: null,
    decisions: [
      { timeMs: sampleNowMs - 3_600_000, rule: 'working', outcome: 'arc-1 works with epoch 12' },
      { timeMs: sampleNowMs - 192_000, rule: 'silent', outcome: 'arc-3 is offline' },
    ],
    ...patch,
  };
}

/** This node stands by, and cannot reach its store. */
export function spareGroup(): GroupStatus {
  const { members, ...group } = sampleGroup();
  return {
    ...group,
    self: { id: 'n-2', name: 'arc-2', role: 'spare-1', status: 'standby' },
    members: members.map((each) => ({ ...each, self: each.id === 'n-2' })),
    store: { ...group.store, state: 'unreachable', roundTripMs: null, problem: 'connection refused' },
    queue: { waiting: null, oldestMs: null },
    lease: { ...group.lease, validForMs: 0 },
  };
}

export function noGroup(): GroupStatus {
  const group = sampleGroup();
  return {
    ...group,
    enabled: false,
    arcId: null,
    store: { kind: 'none', address: null, state: 'none', roundTripMs: null, problem: null },
    self: { ...group.self, role: null },
    members: [],
    lease: { holder: null, epoch: 0, validForMs: null },
    decisions: [],
    forecast: '',
  };
}

const kinds: readonly Pick<Alarm, 'code' | 'words' | 'category' | 'area' | 'zone' | 'user'>[] = [
  { code: 'BA', words: 'Burglary alarm', category: 'burglary', area: '1', zone: '501', user: null },
  { code: 'RP', words: 'Automatic test', category: 'test', area: null, zone: null, user: null },
  { code: 'OP', words: 'Opened', category: 'open-close', area: '1', zone: null, user: '7' },
  { code: 'FA', words: 'Fire alarm', category: 'fire', area: '2', zone: '12', user: null },
  { code: 'YC', words: 'Communication lost', category: 'supervision', area: null, zone: null, user: null },
];

export function sampleAlarm(number: number, patch: Partial<Alarm> = {}): Alarm {
  const kind = kinds[number % kinds.length] ?? kinds[0];
  const account = String(1000 + (number % 3));
  return {
    ...(kind as Alarm),
    number,
    id: `id-${number}`,
    account,
    device: account === '1002' ? null : `Shop ${account}`,
    kind: 'device',
    format: 'SIA-DCS',
    qualifier: 'new',
    text: null,
    receivedMs: sampleNowMs - (48_211 - number) * 7_000,
    deviceTimeMs: sampleNowMs - (48_211 - number) * 7_000 - 40,
    way: number % 4 === 0 ? 'hub' : 'direct',
    source: '192.0.2.44:40112',
    encrypted: true,
    video: number % 5 === 0 ? ['https://cctv.example/clip/1'] : [],
    raw: `5C1A0036"SIA-DCS"0009R1L1#${account}[#${account}|Nri1${kind?.code}${kind?.zone ?? ''}]`,
    state: number > 48_209 ? 'waiting' : number % 11 === 0 ? 'refused' : 'acknowledged',
    attempts: 1,
    output: number > 48_209 ? null : 'arc2',
    arcAckMs: number > 48_209 ? null : sampleNowMs - 2_000,
    problem: null,
    acknowledgedBy: number > 48_208 ? null : 'guard',
    acknowledgedMs: number > 48_208 ? null : sampleNowMs - 1_000,
    ...patch,
  };
}

/** Device `at` of a list that is in order of account. */
export function sampleDevice(at: number): Device {
  const states = ['online', 'online', 'lost', 'never', 'unsupervised'] as const;
  return {
    account: String(10_000 + at),
    name: `Shop ${at}`,
    serial: `S-${at}`,
    model: 'Panel 8',
    version: '2.1',
    mode: at % 3 === 0 ? 'dual' : 'direct',
    requireEncryption: at % 2 === 0,
    supervisionSeconds: 180,
    enabled: true,
    hasKey: at % 2 === 0,
    counts: { areas: 1, zones: 2, channels: 1, users: 1 },
    state: states[at % states.length] ?? 'online',
    lastHeardMs: at % 5 === 3 ? null : sampleNowMs - at * 1_000,
    alarms: at * 3,
    firstAlarmMs: sampleNowMs - 90_000_000,
    lastAlarmMs: sampleNowMs - at * 60_000,
    activatedMs: sampleNowMs - 91_000_000,
  };
}

export interface FakeReceivers {
  /** `noun.verb` with its input, in order; reads that no test counts are left out. */
  readonly calls: [string, unknown][];
  receiver: ReceiverStatus;
  group: GroupStatus;
  settings: ReceiverSettings;
  outputs: AlarmOutput[];
  mappings: EventMapping[];
  /** Newest first. */
  alarms: Alarm[];
  devices: Device[];
  /** Asked of `device.list`. */
  readonly deviceQueries: DeviceQuery[];
  /** Consoles that follow the stream now. */
  watchers: number;
  /** A batch for all who follow, which begins with the oldest. */
  publish(batch: readonly Alarm[]): void;
  /** Ends all streams. */
  cut(): void;
  /** Thrown by the next changing call. */
  refuse: AppError | null;
  /** Thrown by each question. */
  lost: AppError | null;
}

export function fakeReceivers(): FakeReceivers {
  return {
    calls: [],
    receiver: sampleReceiver(),
    group: sampleGroup(),
    settings: {
      ...{ enabled: true, listenHost: '0.0.0.0', port: 6080 },
      ...{ forwardUnknown: true, checkTime: true, keepWithoutOutput: true },
    },
    outputs: [
      alarmOutputSchema.parse({ id: 'arc', name: 'ARC north', kind: 'dc09', host: 'arc.example', key: '' }),
      alarmOutputSchema.parse({ id: 'arc2', name: 'ARC south', kind: 'surgard-client', host: '192.0.2.8' }),
    ],
    mappings: [
      { code: '130', sia: 'BA' },
      { code: 'BA', words: 'Burglary, hall', category: 'burglary' },
      { code: 'RP', forward: false },
    ].map((each) => eventMappingSchema.parse(each)),
    alarms: Array.from({ length: 450 }, (_, at) => sampleAlarm(48_211 - at)),
    devices: Array.from({ length: 1_204 }, (_, at) => sampleDevice(at)),
    deviceQueries: [],
    watchers: 0,
    publish: () => {},
    cut: () => {},
    refuse: null,
    lost: null,
  };
}

type ReceiversClient = Pick<ApiClient, 'alarm' | 'device' | 'group'>;

export function fakeReceiversClient(fake: FakeReceivers): ReceiversClient {
  const ok = { ok: true } as const;
  const note = (name: string, input: unknown): void => {
    const { refuse } = fake;
    fake.refuse = null;
    if (refuse) throw refuse;
    fake.calls.push([name, input]);
  };
  const ask = <Value>(value: () => Value) => {
    return async (): Promise<Value> => {
      if (fake.lost) throw fake.lost;
      return value();
    };
  };
  const done = (name: string) => async (input?: unknown) => {
    note(name, input);
    return ok;
  };
  const client = {
    alarm: alarmClient(fake, { note, ask, done }),
    device: deviceClient(fake, note),
    group: {
      status: ask(() => fake.group),
      connect: async (input: unknown) => {
        note('group.connect', input);
        fake.group = sampleGroup();
        return { role: 'host', members: [] };
      },
      disable: async (input: { dryRun?: boolean | undefined }) => {
        note('group.disable', input);
        return {
          clears: ['roles of all members', 'copies of the devices on the spares'],
          keeps: ['devices and outputs of this host'],
          done: input.dryRun !== true,
        };
      },
      order: done('group.order'),
      removeMember: done('group.removeMember'),
      handOver: done('group.handOver'),
      explain: async () => ({
        summary: 'arc-1 works: it is the host, alive and current.',
        lines: ['arc-3 was not heard for 192 s'],
        decisions: [],
      }),
    },
  };
  return client as unknown as ReceiversClient;
}

interface Helpers {
  note(name: string, input: unknown): void;
  ask<Value>(value: () => Value): () => Promise<Value>;
  done(name: string): (input?: unknown) => Promise<{ ok: true }>;
}

function alarmClient(fake: FakeReceivers, { note, ask, done }: Helpers) {
  return {
    status: ask(() => fake.receiver),
    list: async (query: AlarmQuery) => {
      if (fake.lost) throw fake.lost;
      const text = query.text?.toLowerCase();
      const found = fake.alarms.filter(
        (alarm) =>
          (query.account === undefined || alarm.account === query.account) &&
          (query.category === undefined || alarm.category === query.category) &&
          (query.state === undefined || alarm.state === query.state) &&
          (!query.unacknowledged || alarm.acknowledgedBy === null) &&
          (query.before === undefined || alarm.number < query.before) &&
          (text === undefined || `${alarm.device} ${alarm.words} ${alarm.raw}`.toLowerCase().includes(text)),
      );
      const alarms = found.slice(0, query.limit);
      return { alarms, nextBefore: found.length > alarms.length ? (alarms.at(-1)?.number ?? null) : null };
    },
    watch: async (_input: unknown, options?: { signal?: AbortSignal }) => follow(fake, options?.signal),
    resend: async (input: { numbers: number[] }) => {
      note('alarm.resend', input);
      return { queued: input.numbers.length };
    },
    acknowledge: async (input: { numbers: number[] }) => {
      note('alarm.acknowledge', input);
      const seen = new Set(input.numbers);
      fake.alarms = fake.alarms.map((alarm) =>
        seen.has(alarm.number) ? { ...alarm, acknowledgedBy: 'admin', acknowledgedMs: sampleNowMs } : alarm,
      );
      return { acknowledged: input.numbers.length };
    },
    verify: async () => ({ ok: true, checked: 48_211, firstBad: null, head: 'aa' }),
    settings: async () => fake.settings,
    configure: async (input: Partial<ReceiverSettings>) => {
      note('alarm.configure', input);
      fake.settings = { ...fake.settings, ...input };
      fake.receiver = { ...fake.receiver, enabled: fake.settings.enabled, listen: '0.0.0.0:6080' };
      return fake.settings;
    },
    outputs: ask(() => fake.outputs),
    setOutput: done('alarm.setOutput'),
    removeOutput: done('alarm.removeOutput'),
    mappings: ask(() => fake.mappings),
    setMappings: async (input: { mappings: EventMapping[]; replace: boolean }) => {
      note('alarm.setMappings', input);
      const named = new Set(input.mappings.map(({ code }) => code));
      const others = input.replace ? [] : fake.mappings.filter(({ code }) => !named.has(code));
      const before = fake.mappings.length;
      fake.mappings = [...others, ...input.mappings].sort((a, b) => (a.code < b.code ? -1 : 1));
      return {
        added: input.mappings.length,
        changed: 0,
        removed: Math.max(0, before - fake.mappings.length),
      };
    },
  };
}

/** The stream of events, until it is cut or left. */
async function* follow(fake: FakeReceivers, signal: AbortSignal | undefined): AsyncGenerator<Alarm[], void> {
  const queue: Alarm[][] = [];
  let ended = false;
  let wake = (): void => {};
  const { publish, cut } = fake;
  fake.publish = (batch) => {
    publish(batch);
    queue.push([...batch]);
    wake();
  };
  fake.cut = () => {
    cut();
    ended = true;
    wake();
  };
  signal?.addEventListener('abort', () => wake());
  fake.watchers += 1;
  try {
    while (signal?.aborted !== true && !ended) {
      const next = queue.shift();
      if (next) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    fake.watchers -= 1;
  }
}

function deviceClient(fake: FakeReceivers, note: Helpers['note']) {
  const find = (account: string): Device => {
    const found = fake.devices.find((device) => device.account === account);
    if (!found) throw new AppError('not_found', `there is no device ${account}`);
    return found;
  };
  return {
    list: async (query: DeviceQuery) => {
      if (fake.lost) throw fake.lost;
      fake.deviceQueries.push(query);
      const matching = fake.devices.filter(
        ({ account, name, state }) =>
          (query.text === undefined || `${account} ${name}`.includes(query.text)) &&
          (query.state === undefined || state === query.state),
      );
      const rest = matching.filter(({ account }) => query.after === undefined || account > query.after);
      const devices = rest.slice(0, query.limit);
      const nextAfter = rest.length > devices.length ? (devices.at(-1)?.account ?? null) : null;
      return { devices, total: matching.length, nextAfter };
    },
    show: async ({ account }: { account: string }) => {
      const device = find(account);
      const config: DeviceConfig = deviceConfigSchema.parse({
        ...device,
        key: device.hasKey ? '' : null,
        areas: [{ number: '1', name: 'Hall' }],
        zones: [
          { number: '1', name: 'Front door', area: '1', channel: '2' },
          { number: '2', name: 'Till', area: '1' },
        ],
        channels: [{ number: '2', name: 'Entrance', camera: 'c1' }],
        users: [{ number: '7', name: 'Miller' }],
      });
      return { device, config };
    },
    add: async (input: DeviceConfig) => {
      note('device.add', input);
      return sampleDevice(0);
    },
    edit: async (input: { account: string }) => {
      note('device.edit', input);
      return find(input.account);
    },
    remove: async (input: unknown) => {
      note('device.remove', input);
      return { ok: true as const };
    },
    import: async (input: { devices: DeviceConfig[] }) => {
      note('device.import', input);
      return { added: input.devices.length, changed: 0, unchanged: 0 };
    },
    synchronise: async () => {
      note('device.synchronise', undefined);
      return { ok: true as const };
    },
  };
}
