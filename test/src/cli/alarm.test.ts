/** `holdfast alarm`, `device` and `group` against a node on a real socket: what they ask, print, refuse, and where secrets go. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noGroupStatus } from '../../../agent/spare/group/ports.ts';
import {
  type Alarm,
  type AlarmOutput,
  alarmOutputSchema,
  type Device,
  type DeviceConfig,
  deviceConfigSchema,
  type EventMapping,
  type GroupMember,
  type GroupStatus,
  type ReceiverStatus,
} from '../../../src/contract/index.ts';
import { AppError, exitCodes } from '../../../src/errors.ts';
import { sampleAlarm, sampleReceiverStatus } from '../../agent/control/fake-receiver.ts';
import { type FakeNode, os, startFakeNode } from '../client/fake-node.ts';
import { type CliInput, cli } from './harness.ts';

const nowMs = 1_800_000_060_000;
const key = '00112233445566778899AABBCCDDEEFF';

let folder: string;
let node: FakeNode | undefined;
let calls: [string, unknown][];
let alarms: Alarm[];
let outputs: AlarmOutput[];
let mappings: EventMapping[];
let configs: Map<string, DeviceConfig>;
let status: ReceiverStatus;
let group: GroupStatus;
let intact: boolean;

const noted = <Output>(name: string, input: unknown, output: Output): Output => {
  calls.push([name, input]);
  return output;
};

function deviceOf(config: DeviceConfig): Device {
  const { areas, zones, channels, users, key: _, ...rest } = config;
  return {
    ...rest,
    hasKey: config.key !== null,
    counts: { areas: areas.length, zones: zones.length, channels: channels.length, users: users.length },
    state: 'online',
    lastHeardMs: nowMs,
    alarms: 3,
    firstAlarmMs: nowMs,
    lastAlarmMs: nowMs,
    activatedMs: nowMs,
  };
}

function shown(account: string): { device: Device; config: DeviceConfig } {
  const config = configs.get(account);
  if (!config) throw new AppError('not_found', `no device ${account}`);
  return { device: deviceOf(config), config: { ...config, key: config.key === null ? null : '' } };
}

const member = (id: string, name: string, change: Partial<GroupMember> = {}): GroupMember => ({
  id,
  name,
  role: 'host',
  status: 'working',
  self: false,
  ageMs: 300,
  version: '0.1.0',
  backupVersion: 7,
  backupState: 'updated',
  unshared: 0,
  problem: null,
  ...change,
});
const clearing = { clears: ['the group site-1'], keeps: ['every alarm'], done: false };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-alarm-cli-'));
  vi.stubEnv('HOLDFAST_CONFIG', join(folder, 'config'));
  calls = [];
  alarms = [sampleAlarm(2), sampleAlarm(1)];
  outputs = [alarmOutputSchema.parse({ kind: 'dc09', id: 'arc', name: 'ARC', host: 'arc.example', key: '' })];
  mappings = [{ code: 'RP', words: null, category: null, sia: null, contactId: null, forward: false }];
  configs = new Map([['1234', deviceConfigSchema.parse({ account: '1234', name: 'Main street 4', key })]]);
  status = {
    ...sampleReceiverStatus(),
    enabled: true,
    listen: '0.0.0.0:6080',
    forwarding: true,
    queue: { waiting: 4, oldestMs: nowMs - 90_000, unshared: 2 },
  };
  const none = noGroupStatus({ id: 'n-1', name: 'arc-1' });
  group = {
    ...none,
    enabled: true,
    arcId: 'site-1',
    store: { ...none.store, kind: 'hub', address: 'hub.example:6070', state: 'reachable', roundTripMs: 1 },
    self: { id: 'n-1', name: 'arc-1', role: 'host', status: 'working' },
    members: [
      member('n-1', 'arc-1', { self: true }),
      member('n-2', 'arc-2', { role: 'spare-1', status: 'standby' }),
    ],
    lease: { holder: 'n-1', epoch: 3, validForMs: 3_400 },
    forecast: 'arc-2 takes over after about 6 s',
  };
  intact = true;
  const { alarm, device, group: groups } = os;
  const ok = { ok: true as const };
  node = await startFakeNode({
    router: {
      alarm: {
        status: alarm.status.handler(() => status),
        list: alarm.list.handler(({ input }) =>
          noted('alarm.list', input, {
            alarms: alarms.filter(({ number }) => number < (input.before ?? 1e9)).slice(0, input.limit),
            nextBefore: input.limit < alarms.length && input.before === undefined ? 2 : null,
          }),
        ),
        show: alarm.show.handler(({ input }) => sampleAlarm(input.number)),
        watch: alarm.watch.handler(async function* ({ input }) {
          yield [sampleAlarm((input.after ?? 0) + 1)];
          throw new AppError('forbidden', 'that is all');
        }),
        resend: alarm.resend.handler(({ input }) =>
          noted('alarm.resend', input, { queued: input.numbers.length }),
        ),
        acknowledge: alarm.acknowledge.handler(({ input }) =>
          noted('alarm.acknowledge', input, { acknowledged: input.numbers.length }),
        ),
        verify: alarm.verify.handler(() => ({
          ok: intact,
          checked: 9,
          firstBad: intact ? null : 4,
          head: 'abcd',
        })),
        settings: alarm.settings.handler(() => ({
          enabled: true,
          listenHost: '0.0.0.0',
          port: 6080,
          forwardUnknown: true,
          checkTime: true,
          keepWithoutOutput: false,
        })),
        configure: alarm.configure.handler(({ input }) =>
          noted('alarm.configure', input, {
            enabled: true,
            listenHost: '0.0.0.0',
            port: 6080,
            forwardUnknown: true,
            checkTime: true,
            keepWithoutOutput: false,
            ...JSON.parse(JSON.stringify(input)),
          }),
        ),
        outputs: alarm.outputs.handler(() => outputs),
        setOutput: alarm.setOutput.handler(({ input }) => noted('alarm.setOutput', input, input)),
        removeOutput: alarm.removeOutput.handler(({ input }) => noted('alarm.removeOutput', input, ok)),
        mappings: alarm.mappings.handler(() => mappings),
        setMappings: alarm.setMappings.handler(({ input }) =>
          noted('alarm.setMappings', input, { added: 1, changed: 0, removed: 0 }),
        ),
      },
      device: {
        list: device.list.handler(({ input }) =>
          noted('device.list', input, {
            devices: [...configs.values()].map(deviceOf),
            total: configs.size,
            nextAfter: null,
          }),
        ),
        show: device.show.handler(({ input }) => shown(input.account)),
        add: device.add.handler(({ input }) => noted('device.add', input, deviceOf(input))),
        edit: device.edit.handler(({ input }) => noted('device.edit', input, shown(input.account).device)),
        remove: device.remove.handler(({ input }) => noted('device.remove', input, ok)),
        import: device.import.handler(({ input }) =>
          noted('device.import', input, { added: input.devices.length, changed: 0, unchanged: 0 }),
        ),
        synchronise: device.synchronise.handler(() => noted('device.synchronise', null, ok)),
      },
      group: {
        status: groups.status.handler(() => group),
        connect: groups.connect.handler(({ input }) =>
          noted('group.connect', input, { role: 'spare-1' as const, members: group.members }),
        ),
        disable: groups.disable.handler(({ input }) =>
          noted('group.disable', input, { ...clearing, done: !input.dryRun }),
        ),
        order: groups.order.handler(({ input }) => noted('group.order', input, ok)),
        removeMember: groups.removeMember.handler(({ input }) => noted('group.removeMember', input, ok)),
        handOver: groups.handOver.handler(({ input }) => noted('group.handOver', input, ok)),
        explain: groups.explain.handler(() => ({
          summary: 'arc-1 works',
          lines: ['it holds the lease'],
          decisions: [{ timeMs: nowMs, rule: 'works', outcome: 'works under epoch 3' }],
        })),
      },
    },
  });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await node?.close();
  rmSync(folder, { recursive: true, force: true });
});

const hf = (line: string, input?: CliInput) =>
  cli([...line.split(' '), '--data', node?.dataDir ?? ''], { nowMs, ...input });
const inFolder = (name: string, text?: string): string => {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return path;
};
const called = (name: string) => calls.filter(([call]) => call === name).map(([, input]) => input);

describe('holdfast alarm', () => {
  it('status says where it listens, what waits and since when', async () => {
    const { code, stdout } = await hf('alarm status');
    expect(code).toBe(0);
    expect(stdout).toContain('0.0.0.0:6080, TCP and UDP');
    expect(stdout).toMatch(/waiting +4, the oldest for 2 min/);
    expect(stdout).toMatch(/not yet shared +2/);
    expect(stdout).toContain('alarms have nowhere to go');
    expect(JSON.parse((await hf('alarm status --json')).stdout)).toEqual(status);
  });

  it('list hands its filters on, and says how to go on', async () => {
    const { stdout, stderr } = await hf(
      'alarm list --account abcd --code ba --state waiting --from -1h --limit 1 --unacknowledged',
    );
    expect(called('alarm.list')).toEqual([
      {
        account: 'ABCD',
        code: 'BA',
        state: 'waiting',
        fromMs: nowMs - 3_600_000,
        limit: 1,
        unacknowledged: true,
      },
    ]);
    expect(stdout).toMatch(/2 .* 1234 +Main street 4 +BA Burglary alarm +area 1, zone 501 +direct +waiting/);
    expect(stderr).toContain('--before 2');
  });

  it('show prints the raw frame', async () => {
    expect((await hf('alarm show 7')).stdout).toContain(
      'raw          "SIA-DCS"0001L0#1234[#1234|Nri1/BA501]',
    );
    expect((await hf('alarm show seven')).code).toBe(exitCodes.invalid_input);
  });

  it('show names area and zone as the device does, also where it writes their numbers otherwise', async () => {
    const named = {
      account: '1234',
      name: 'Main street 4',
      areas: [{ number: '01', name: 'Ground floor' }],
      zones: [{ number: '501', name: 'Front door' }],
    };
    configs.set('1234', deviceConfigSchema.parse(named));
    expect((await hf('alarm show 7')).stdout).toContain('area 1 (Ground floor), zone 501 (Front door)');
    expect(JSON.parse((await hf('alarm show 7 --json')).stdout)).toMatchObject({
      ...{ area: '1', areaName: 'Ground floor', zone: '501', zoneName: 'Front door', userName: null },
    });
  });

  it('show goes without names where the device cannot be asked', async () => {
    configs.clear();
    expect((await hf('alarm show 7')).stdout).toContain('area 1, zone 501');
    expect(JSON.parse((await hf('alarm show 7 --json')).stdout)).toMatchObject({
      ...{ areaName: null, zoneName: null },
    });
  });

  it('watch prints events as they come, from where it was told', async () => {
    const { stdout, code } = await hf('alarm watch --after 41 --json');
    expect(JSON.parse(stdout.split('\n')[0] ?? '').number).toBe(42);
    expect(code).not.toBe(0);
  });

  it('resend and ack name events; ack --all goes through all pages', async () => {
    expect((await hf('alarm resend 1 2')).stdout).toContain('2 events queued once more');
    expect(called('alarm.resend')).toEqual([{ numbers: [1, 2] }]);
    expect((await hf('alarm ack')).code).toBe(exitCodes.invalid_input);
    expect((await hf('alarm ack 1 --all')).code).toBe(exitCodes.invalid_input);
    expect((await hf('alarm ack --all --account 1234')).stdout).toContain('2 events acknowledged');
    expect(called('alarm.list').at(-1)).toMatchObject({ account: '1234', unacknowledged: true });
    expect(called('alarm.acknowledge')).toEqual([{ numbers: [2, 1] }]);
  });

  it('verify ends with 11 when the chain is broken', async () => {
    expect(await hf('alarm verify')).toMatchObject({ code: 0, stdout: 'intact: 9 entries, head abcd\n' });
    intact = false;
    const { code, stdout } = await hf('alarm verify');
    expect(code).toBe(exitCodes.data_loss);
    expect(stdout).toContain('BROKEN at entry 4 of 9');
  });

  it('settings change only what is named, and refuse nonsense', async () => {
    await hf('alarm settings');
    expect(called('alarm.configure')).toEqual([]);
    const without = await hf('alarm settings --enable --listen [::]:7000 --check-time off');
    expect(without.stdout).toContain('events are not acknowledged');
    expect(without.stderr).toContain('once there is an output or a group');
    const keeps = await hf('alarm settings --keep-without-output on');
    expect(keeps.stdout).toContain('acknowledged, and wait for one');
    expect(keeps.stderr).toContain('events wait here until there is an output or a group');
    expect(called('alarm.configure')).toEqual([
      { enabled: true, listenHost: '::', port: 7000, checkTime: false },
      { keepWithoutOutput: true },
    ]);
    for (const wrong of ['--enable --disable', '--listen 6080', '--listen a:99999', '--check-time maybe']) {
      expect((await hf(`alarm settings ${wrong}`)).code, wrong).toBe(exitCodes.invalid_input);
    }
  });

  it('settings say when the port does not open', async () => {
    status = { ...status, listen: null, problem: 'port 6080 is taken', rssBytes: 1 };
    const { stderr } = await hf('alarm settings --enable');
    expect(stderr).toContain('it does not listen yet: port 6080 is taken');
  });
});

describe('holdfast alarm output', () => {
  it('set changes what is named and keeps the rest, and the key', async () => {
    await hf('alarm output set arc --port 2000 --response-timeout 2.5 --drop-video');
    expect(called('alarm.setOutput')).toEqual([
      { ...outputs[0], port: 2000, responseTimeoutMs: 2_500, videoLinks: false, key: '' },
    ]);
  });

  it('set takes a key from a file or standard input, and takes one away', async () => {
    await hf(`alarm output set arc --key-file ${inFolder('key', `${key}\n`)}`);
    await hf('alarm output set arc --key-file -', { stdin: `${key}\n` });
    await hf('alarm output set arc --no-key');
    expect(called('alarm.setOutput')).toMatchObject([{ key }, { key }, { key: null }]);
  });

  it('set never repeats a key that is wrong', async () => {
    const { code, stderr } = await hf('alarm output set arc --key 0011deadbeef');
    expect(code).toBe(exitCodes.invalid_input);
    expect(stderr).toContain('32, 48 or 64 hex digits');
    expect(stderr).not.toContain('deadbeef');
  });

  it('set adds one of another kind, and says what is missing', async () => {
    await hf('alarm output set second --kind surgard-server --client 192.0.2.8 --client 192.0.2.9');
    expect(called('alarm.setOutput')).toMatchObject([
      { id: 'second', name: 'second', kind: 'surgard-server', clients: ['192.0.2.8', '192.0.2.9'] },
    ]);
    const local = await hf('alarm output set local --kind surgard-server');
    expect(local.stdout).toContain('listens on 0.0.0.0:1025 for this machine only');
    expect(local.stderr).toContain('--client ADDRESS');
    expect((await hf('alarm output set local --client arc.example')).stderr).toContain('IP address, or any');
    const { stderr, code } = await hf('alarm output set third');
    expect({ code, text: stderr }).toMatchObject({
      code: exitCodes.invalid_input,
      text: expect.stringContaining('host: is missing'),
    });
  });

  it('list never shows a key; remove wants the id', async () => {
    expect((await hf('alarm output list')).stdout).toMatch(
      /arc +ARC +dc09 +arc.example:1025 tcp .* set +1\/0 +yes/,
    );
    expect((await hf('alarm output remove arc')).code).toBe(exitCodes.conflict);
    expect((await hf('alarm output remove arc --yes arc')).code).toBe(0);
    expect(called('alarm.removeOutput')).toEqual([{ id: 'arc' }]);
  });
});

describe('holdfast alarm mapping', () => {
  it('set changes one, remove leaves the others', async () => {
    await hf('alarm mapping set rp --words Test');
    expect(called('alarm.setMappings')).toEqual([
      { mappings: [{ ...mappings[0], words: 'Test' }], replace: false },
    ]);
    await hf('alarm mapping remove RP');
    expect(called('alarm.setMappings').at(-1)).toEqual({ mappings: [], replace: true });
    expect((await hf('alarm mapping remove BA')).code).toBe(exitCodes.not_found);
    expect((await hf('alarm mapping set B --words x')).code).toBe(exitCodes.invalid_input);
  });

  it('export and import fit', async () => {
    const path = inFolder('codes.csv');
    await hf(`alarm mapping export ${path}`);
    await hf(`alarm mapping import ${path} --replace`);
    expect(called('alarm.setMappings')).toEqual([{ mappings, replace: true }]);
  });
});

describe('holdfast device', () => {
  it('list filters, show tells everything but the key', async () => {
    expect((await hf('device list main --state lost')).stdout).toMatch(
      /1234 +Main street 4 +online +direct +set/,
    );
    expect(called('device.list')).toEqual([{ text: 'main', state: 'lost', limit: 100 }]);
    const { stdout } = await hf('device show 1234 --json');
    expect(stdout).not.toContain(key);
    expect((await hf('device show 12')).code).toBe(exitCodes.invalid_input);
    expect((await hf('device show 9999')).code).toBe(exitCodes.not_found);
  });

  it('add takes the key from a file; edit leaves what is not named', async () => {
    const path = inFolder('panel.key', key);
    await hf(`device add abc1 Shop --key-file ${path} --supervise 180 --require-encryption on`);
    expect(called('device.add')).toMatchObject([
      { account: 'ABC1', name: 'Shop', key, supervisionSeconds: 180, requireEncryption: true },
    ]);
    await hf('device edit 1234 --supervise off --disable');
    await hf('device edit 1234 --no-key');
    expect(called('device.edit')).toEqual([
      { account: '1234', change: { supervisionSeconds: null, enabled: false } },
      { account: '1234', change: { key: null } },
    ]);
    expect((await hf('device edit 1234')).code).toBe(exitCodes.invalid_input);
    expect((await hf(`device edit 1234 --key ${key} --key-file ${path}`)).code).toBe(exitCodes.invalid_input);
  });

  it('remove wants the account', async () => {
    expect((await hf('device remove 1234')).code).toBe(exitCodes.conflict);
    expect((await hf('device remove 1234 --yes 1234')).code).toBe(0);
    expect(called('device.remove')).toEqual([{ account: '1234' }]);
  });

  it('import tries all batches before it does any', async () => {
    const rows = Array.from({ length: 1_100 }, (_, index) => `${1000 + index},Device ${index}`);
    const path = inFolder('devices.csv', ['account,name', ...rows, ''].join('\n'));
    expect((await hf(`device import ${path}`)).stdout).toContain('1100 added');
    const batches = called('device.import').map((input) => [
      Object(input).dryRun,
      Object(input).devices.length,
    ]);
    expect(batches).toEqual([
      [true, 500],
      [true, 500],
      [true, 100],
      [false, 500],
      [false, 500],
      [false, 100],
    ]);
    calls = [];
    expect((await hf(`device import ${path} --dry-run`)).stdout).toContain('would be: 1100 added');
    expect(called('device.import').every((input) => Object(input).dryRun)).toBe(true);
  });

  it('import does nothing when a line is wrong, and names the line', async () => {
    const path = inFolder('devices.csv', 'account,name\n1234,Shop\n12,Too short\n');
    const { code, stderr } = await hf(`device import ${path}`);
    expect(code).toBe(exitCodes.invalid_input);
    expect(stderr).toContain('line 3: account');
    expect(called('device.import')).toEqual([]);
    expect((await hf(`device import ${inFolder('none.csv')}`)).code).toBe(exitCodes.not_found);
  });

  it('export writes a private file that import takes, and never over one that is there', async () => {
    const path = inFolder('out.csv');
    expect((await hf(`device export ${path}`)).code).toBe(0);
    expect(readFileSync(path, 'utf8')).not.toContain(key);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await hf(`device export ${path}`)).code).toBe(exitCodes.conflict);
    await hf(`device import ${path} --dry-run`);
    expect(called('device.import')).toMatchObject([{ devices: [{ account: '1234', key: '' }] }]);
    const { stdout } = await hf('device export --json');
    expect(JSON.parse(stdout).devices).toMatchObject([{ account: '1234' }]);
  });
});

describe('holdfast group', () => {
  it('status tells who works, the lease, the backup and the forecast', async () => {
    const { stdout } = await hf('group status');
    expect(stdout).toContain('site-1  arc-1 is host, working');
    expect(stdout).toMatch(/n-2 +spare-1 +arc-2 +standby +0\.3 s ago +updated, version 7/);
    expect(stdout).toContain('arc-1, epoch 3, 3.4 s left');
    expect(stdout).toContain('arc-2 takes over after about 6 s');
    group = noGroupStatus({ id: 'n-1', name: 'arc-1' });
    expect((await hf('group status')).stdout).toContain('this receiver is in no group');
    expect((await hf('group order arc-1')).stderr).toContain('this receiver is in no group');
  });

  it('connect takes the ARC key from a file, and names what is missing', async () => {
    const path = inFolder('arc.key', 'the-arc-key\n');
    const line = 'group connect --hub hub.example:6070 --arc-id site-1 --fingerprint AB:CD';
    expect((await hf(`${line} --key-file ${path} --replace-own`)).stdout).toContain('spare-1 of site-1');
    expect(called('group.connect')).toEqual([
      {
        store: {
          kind: 'hub',
          url: 'hub.example:6070',
          account: 'site-1',
          key: 'the-arc-key',
          fingerprint: 'AB:CD',
        },
        arcId: 'site-1',
        backupKey: null,
        replaceOwn: true,
      },
    ]);
    const missing = await hf(line);
    expect(missing).toMatchObject({ code: exitCodes.invalid_input });
    expect(missing.stderr).toContain('the ARC key is missing');
    expect((await hf(`group connect --hub h:1 --arc-id site-1 --key x`)).stderr).toContain('--fingerprint');
    expect((await hf('group connect --arc-id site-1')).stderr).toContain('--hub or --nats');
    expect((await hf('group connect --arc-id Site_1 --hub h:1')).code).toBe(exitCodes.invalid_input);
  });

  it('connect goes to NATS with a password from standard input', async () => {
    await hf('group connect --nats nats://n1 nats://n2 --arc-id site-1 --user receiver --password-file -', {
      stdin: 'geheim\n',
    });
    expect(called('group.connect')).toMatchObject([
      { store: { kind: 'nats', servers: ['nats://n1', 'nats://n2'], user: 'receiver', password: 'geheim' } },
    ]);
  });

  it('connect to NATS takes the certificate of the authority from a file, and how many copies are kept', async () => {
    const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const options = '--nats tls://n1 --arc-id site-1';
    await hf(`group connect ${options} --ca-file ${inFolder('ca.pem', ca)} --replicas 3`);
    expect(called('group.connect')).toMatchObject([{ store: { kind: 'nats', ca, replicas: 3 } }]);
    expect((await hf(`group connect ${options} --ca-file ${inFolder('x.pem', 'x')}`)).stderr).toContain(
      'holds no certificate',
    );
    expect((await hf(`group connect ${options} --replicas 2`)).code).toBe(exitCodes.invalid_input);
    expect(called('group.connect')).toHaveLength(1);
  });

  it('disable says what is cleared, and does it only with the ARC ID', async () => {
    expect((await hf('group disable --dry-run')).stdout).toContain('clears: the group site-1');
    expect((await hf('group disable')).code).toBe(exitCodes.conflict);
    expect(called('group.disable')).toEqual([{ dryRun: true }, { dryRun: true }]);
    expect((await hf('group disable --yes site-1')).stdout).toContain('has left site-1');
    expect(called('group.disable').at(-1)).toEqual({ dryRun: false, confirm: 'site-1' });
  });

  it('order, remove and hand-over know members by name, id or role', async () => {
    await hf('group order arc-1 n-2');
    expect(called('group.order')).toEqual([{ members: ['n-1', 'n-2'] }]);
    await hf('group hand-over --to spare-1 --hold 60');
    await hf('group hand-over');
    expect(called('group.handOver')).toEqual([
      { to: 'n-2', holdSeconds: 60 },
      { to: 'n-1', holdSeconds: 300 },
    ]);
    expect((await hf('group remove arc-2')).code).toBe(exitCodes.conflict);
    await hf('group remove arc-2 --yes arc-2');
    expect(called('group.removeMember')).toEqual([{ member: 'n-2', confirm: 'n-2' }]);
    expect((await hf('group remove arc-9 --yes arc-9')).code).toBe(exitCodes.not_found);
  });

  it('explain prints the grounds and the decisions', async () => {
    const { stdout } = await hf('group explain');
    expect(stdout).toContain('arc-1 works\n  it holds the lease\n');
    expect(stdout).toContain('works under epoch 3');
  });
});

it('a file of devices is not made by a command that failed', async () => {
  await node?.close();
  node = undefined;
  const path = inFolder('out.csv');
  expect((await cli(['device', 'export', path, '--data', join(folder, 'nobody')])).code).not.toBe(0);
  expect(existsSync(path)).toBe(false);
});
