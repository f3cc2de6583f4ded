/** The page of the receivers as an operator uses it: keys in, rows out, and what the node was asked. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlarmSummary } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import {
  type FakeReceivers,
  noGroup,
  sampleAlarm,
  sampleGroup,
  sampleReceiver,
  spareGroup,
} from '../support/sample-alarms.ts';
import { eachLook, expectApproved } from '../support/screen-looks.ts';
import { openConsole, type TestConsole, type TestConsoleOptions } from '../support/terminal-console.ts';

const opened: TestConsole[] = [];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-receivers-'));
});

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
  await rm(folder, { recursive: true });
});

async function open(
  patch: Partial<FakeReceivers> = {},
  keys: readonly string[] = [],
  options: TestConsoleOptions = {},
): Promise<TestConsole> {
  const agent = options.agent ?? new FakeAgent();
  Object.assign(agent.receivers, patch);
  const screen = await openConsole({ folder, ...options, agent });
  opened.push(screen);
  await screen.press('6');
  await screen.tick();
  await screen.press(...keys);
  return screen;
}

const foot = (screen: TestConsole): string => screen.lines.at(-2) ?? '';
const calls = (screen: TestConsole) => screen.agent.receivers.calls;
const idle = (): Partial<FakeReceivers> => ({
  receiver: sampleReceiver({ enabled: false, listen: null, forwarding: false, outputs: [] }),
  group: noGroup(),
});
const alone = (): Partial<FakeReceivers> => ({ group: noGroup() });
/** To the view after so many. */
const views = (count: number): string[] => Array.from({ length: count }, () => 'tab');
/** Alone, the page begins with its events. */
const toGroup = ['shift-tab', 'shift-tab'];
const through = (count: number): string[] => Array.from({ length: count + 1 }, () => 'enter');

describe('each view', () => {
  const states: readonly { name: string; patch: () => Partial<FakeReceivers>; keys: readonly string[] }[] = [
    { name: 'receivers-group', patch: () => ({}), keys: [] },
    { name: 'receivers-spare', patch: () => ({ group: spareGroup() }), keys: [] },
    { name: 'receivers-devices', patch: () => ({}), keys: views(1) },
    { name: 'receivers-events', patch: () => ({}), keys: views(2) },
    { name: 'receivers-outputs', patch: () => ({}), keys: views(3) },
    { name: 'receivers-mappings', patch: () => ({}), keys: views(4) },
    { name: 'receivers-idle', patch: idle, keys: [] },
    { name: 'receivers-event', patch: () => ({}), keys: [...views(2), 'down', 'enter'] },
    { name: 'receivers-device', patch: () => ({}), keys: [...views(1), 'enter'] },
    { name: 'receivers-connect', patch: alone, keys: [...toGroup, 'c', 'h'] },
  ];
  it.each(eachLook(states))(
    '$state.name is drawn as approved at $size.columns x $size.rows, $look.name',
    async ({ state, look, size }) => {
      const { environment, ascii } = look;
      const screen = await open(state.patch(), state.keys, { size, environment, ascii });
      await expectApproved(screen, state.name, { look, size });
    },
  );

  it('fits every size from the smallest up', async () => {
    for (const keys of [0, 1, 2, 3, 4]) {
      const screen = await open({}, views(keys), { size: { columns: 60, rows: 16 } });
      for (const size of [
        { columns: 61, rows: 30 },
        { columns: 79, rows: 17 },
        { columns: 200, rows: 60 },
      ]) {
        screen.terminal.resize(size);
        await screen.idle();
        expect(screen.lines).toHaveLength(size.rows);
        expect(screen.terminal.scrolledRows()).toBe(0);
        expect(screen.lines.at(-1)).toContain('? help');
      }
    }
  });

  it('says how old what it shows is when the receiver does not answer', async () => {
    const screen = await open();
    screen.agent.receivers.lost = new AppError('unavailable', 'the receiver is restarting');
    await screen.tick(5_000);
    expect(screen.text).toContain('5.0 s old: the receiver is restarting');
    expect(screen.text).toContain('WORKING');
  });

  it('keeps its tabs beside a long problem, and claims no empty queue', async () => {
    const problem = 'the alarm receiver process does not answer; it is being restarted';
    const screen = await open({ receiver: sampleReceiver({ problem, listen: null }) }, views(2));
    expect(screen.lines[2]).toMatch(/\[Events\] Outputs Mappings +✗ the alarm receiver process/);
    expect(screen.lines[3]).toContain('queue not known');
  });

  it('survives text from outside that would drive the terminal', async () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007';
    const alarms = [sampleAlarm(48_211, { words: evil, device: evil, raw: evil, video: [evil] })];
    const screen = await open({ alarms }, [...views(2), 'enter']);
    expect(screen.terminal.output.written).not.toContain('\u001b[2J');
    expect(screen.terminal.output.written).not.toContain('\u0007');
  });
});

describe('every page', () => {
  const alarms: AlarmSummary = {
    listen: '0.0.0.0:6080',
    forwarding: true,
    problem: null,
    waiting: 2,
    unacknowledged: 3,
    devices: 1_204,
    devicesLost: 2,
    group: { arcId: 'site-1', role: 'host', status: 'working', members: 3, offline: 1 },
  };

  it('counts in its header the alarms that nobody has acknowledged', async () => {
    const agent = new FakeAgent();
    const screen = await openConsole({ agent });
    opened.push(screen);
    expect(screen.lines[0]).not.toContain('alarm');
    agent.publish({ alarms });
    await screen.idle();
    expect(screen.lines[0]).toContain('! 3 alarms');
    agent.publish({ alarms: { ...alarms, unacknowledged: 0 } });
    await screen.idle();
    expect(screen.lines[0]).not.toContain('alarm');
    agent.publish({ alarms: { ...alarms, unacknowledged: 0, problem: 'the receiver is restarting' } });
    await screen.idle();
    expect(screen.lines[0]).toContain('! alarms ?');
  });

  it('a node that only receives alarms does not begin with the first steps of recording', async () => {
    const setup = { passwordChanged: true, hasSpace: false, hasPool: false, hasCamera: false };
    for (const [patch, page] of [
      [{ setup, alarms }, 'Home'],
      [{ setup }, 'First steps'],
    ] as const) {
      const agent = new FakeAgent();
      agent.status = { ...agent.status, ...patch };
      const screen = await openConsole({ agent });
      opened.push(screen);
      expect(screen.lines[0]).toContain(`› ${page}`);
    }
  });

  it('Home tells of the receiver in a line, and its worst', async () => {
    const agent = new FakeAgent();
    agent.status = { ...agent.status, alarms };
    const screen = await openConsole({ agent });
    opened.push(screen);
    expect(screen.text).toMatch(
      /! alarms working +site-1 host, 2 of 3 alive, 2 waiting, 2 devices lost.*\[6\]/,
    );
    agent.publish({ alarms: { ...alarms, problem: 'port 6080 is taken', listen: null } });
    await screen.idle();
    expect(screen.text).toMatch(/✗ alarms working +port 6080 is taken/);
  });
});

describe('a node that receives no alarms', () => {
  it('is led from nothing to listening, an output and a device', async () => {
    const screen = await open(idle());
    expect(screen.text).toContain('This node receives no alarms');
    await screen.press('w', 'tab', 'ctrl-u');
    await screen.type('6081');
    await screen.press('enter', 'enter');
    expect(screen.text).toContain('step 2 of 3');
    await screen.press('tab');
    await screen.type('arc.example');
    await screen.press(...through(3));
    expect(screen.text).toContain('step 3 of 3');
    await screen.type('1a2b');
    await screen.press('enter');
    await screen.type('Main street 4');
    await screen.press(...through(2));
    expect(calls(screen)).toEqual([
      ['alarm.configure', { enabled: true, listenHost: '0.0.0.0', port: 6081 }],
      [
        'alarm.setOutput',
        { id: 'arc', name: 'ARC', host: 'arc.example', port: 1025, kind: 'dc09', key: null },
      ],
      ['device.add', { account: '1A2B', name: 'Main street 4', key: null }],
    ]);
    await screen.tick();
    expect(screen.text).toContain('[Events]');
  });

  it.each([
    [true, 'No output yet: events wait here until there is one.'],
    [false, 'No output yet: panels are answered once there is one.'],
  ])('says at the end what becomes of events without an output, keeping %s', async (keeps, text) => {
    const screen = await open(idle(), ['w', 'tab', 'tab', 'enter', 'esc']);
    const { receivers } = screen.agent;
    receivers.outputs = [];
    receivers.settings = { ...receivers.settings, keepWithoutOutput: keeps };
    await screen.type('1a2b');
    await screen.press('enter');
    await screen.type('Main street 4');
    await screen.press(...through(2));
    expect(screen.text).toContain(text);
  });

  it('may skip what it does not know yet', async () => {
    const screen = await open(idle(), ['w', 'tab', 'tab', 'enter', 'esc', 'esc']);
    expect(calls(screen).map(([name]) => name)).toEqual(['alarm.configure']);
    await screen.tick();
    expect(screen.text).toContain('[Events]');
  });
});

describe('the group', () => {
  it('counts the lease down, and tells when its store is away', async () => {
    const screen = await open();
    expect(screen.text).toContain('If arc-1 dies now, arc-2 takes over in about 5.0 s.');
    screen.agent.receivers.lost = new AppError('unavailable', 'away');
    await screen.tick(1_200);
    expect(screen.text).toContain('2.0 s left');
    const spare = await open({ group: spareGroup() });
    expect(spare.text).toContain('NOT REACHABLE: nobody forwards');
    expect(spare.text).toMatch(/spare-1, standby/);
  });

  it('connects to a hub, and keeps the key off the screen', async () => {
    const screen = await open(alone(), [...toGroup, 'c', 'h']);
    await screen.type('hub.example:6070');
    await screen.press('tab');
    await screen.type('site-1');
    await screen.press('tab');
    await screen.type('top-secret');
    await screen.press('tab');
    await screen.type('AB:CD');
    expect(screen.text).not.toContain('top-secret');
    await screen.press('tab', 'tab', 'right', 'tab', 'enter');
    expect(calls(screen)).toEqual([
      [
        'group.connect',
        {
          store: {
            kind: 'hub',
            url: 'hub.example:6070',
            account: 'site-1',
            key: 'top-secret',
            fingerprint: 'AB:CD',
          },
          arcId: 'site-1',
          backupKey: null,
          replaceOwn: true,
        },
      ],
    ]);
    expect(foot(screen)).toContain('This receiver is host of the group.');
  });

  it('says when the new member does not listen to devices', async () => {
    const screen = await open(alone(), [...toGroup, 'c', 'h']);
    const { receivers } = screen.agent;
    receivers.settings = { ...receivers.settings, enabled: false };
    for (const text of ['hub.example:6070', 'site-1', 'top-secret', 'AB:CD']) {
      await screen.type(text);
      await screen.press('tab');
    }
    await screen.press('tab', 'tab', 'enter');
    expect(foot(screen)).toContain('does not listen to devices yet: Outputs, l.');
  });

  it('connects to NATS, and refuses an ARC ID that is none', async () => {
    const screen = await open(alone(), [...toGroup, 'c', 'n']);
    await screen.type('nats://n1:4222 nats://n2:4222');
    await screen.press('tab');
    await screen.type('Site 1');
    await screen.press(...through(7));
    expect(screen.text).toContain('ARC ID: lower-case letters, digits and dashes');
    await screen.press('ctrl-u');
    await screen.type('site-1');
    await screen.press(...through(7));
    expect(calls(screen)[0]?.[1]).toMatchObject({
      store: { kind: 'nats', servers: ['nats://n1:4222', 'nats://n2:4222'], user: null, password: null },
    });
    expect(calls(screen)[0]?.[1]).not.toHaveProperty('store.ca');
    expect(calls(screen)[0]?.[1]).not.toHaveProperty('store.replicas');
  });

  it('connects to NATS with the certificate of its authority, and with as many copies as one says', async () => {
    const ca = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    const path = join(folder, 'ca.pem');
    await writeFile(path, 'no certificate');
    const screen = await open(alone(), [...toGroup, 'c', 'n']);
    await screen.type('tls://n1:4222');
    await screen.press('tab');
    await screen.type('site-1');
    await screen.press('tab', 'tab', 'tab');
    await screen.paste(path);
    await screen.press('tab', 'right', 'right', ...through(2), 'enter');
    await expect.poll(() => screen.text, { timeout: 10_000 }).toContain('holds no certificate');
    await writeFile(path, ca);
    await screen.press('enter');
    await expect.poll(() => calls(screen), { timeout: 10_000 }).toHaveLength(1);
    expect(calls(screen)[0]?.[1]).toMatchObject({ store: { kind: 'nats', ca, replicas: 3 } });
  });

  it('says what leaving clears, and leaves only when the ARC ID was typed', async () => {
    const screen = await open({}, ['D']);
    expect(screen.text).toContain('The host leaves: the group ends for all members.');
    expect(screen.text).toContain('Clears: copies of the devices on the spares');
    expect(screen.text).toContain('Keeps: devices and outputs of this host');
    await screen.type('site');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('Nothing was done.');
    expect(calls(screen)).toEqual([['group.disable', { dryRun: true }]]);
    await screen.press('ctrl-u');
    await screen.type('site-1');
    await screen.press('tab', 'tab', 'enter');
    expect(calls(screen).at(-1)).toEqual(['group.disable', { dryRun: false, confirm: 'site-1' }]);
  });

  it('hands over to whom and for how long one says', async () => {
    const screen = await open({}, ['H', 'tab', 'ctrl-u']);
    expect(screen.text).toContain('arc-2 (spare-1)');
    await screen.type('3600');
    await screen.press(...through(1));
    expect(calls(screen)).toEqual([['group.handOver', { to: 'n-2', holdSeconds: 3600 }]]);
  });

  it('orders the spares behind the host, and removes one that will not come back', async () => {
    const screen = await open({}, ['o', 'down', '+', 'enter']);
    expect(calls(screen)).toEqual([['group.order', { members: ['n-1', 'n-3', 'n-2'] }]]);
    await screen.press('down', 'down', 'X');
    await screen.type('arc-3');
    await screen.press('tab', 'tab', 'enter');
    expect(calls(screen).at(-1)).toEqual(['group.removeMember', { member: 'n-3', confirm: 'n-3' }]);
  });

  it('on a spare names the host for what is done there', async () => {
    const screen = await open({ group: spareGroup() }, ['o']);
    expect(foot(screen)).toContain('The order is set on arc-1, the host of the group.');
    await screen.press('down', 'down', 'X');
    expect(foot(screen)).toContain('Members are removed on arc-1');
    await screen.press('S');
    expect(calls(screen)).toEqual([['device.synchronise', undefined]]);
  });

  it('explains itself', async () => {
    const screen = await open({}, ['x']);
    expect(screen.text).toContain('arc-1 works: it is the host, alive and current.');
  });
});

describe('the devices', () => {
  const asked = (screen: TestConsole) => screen.agent.receivers.deviceQueries;

  it('are fetched as they are shown, of however many', async () => {
    const screen = await open({}, views(1));
    expect(screen.text).toContain('1204 devices');
    expect(asked(screen).every(({ limit }) => limit === 100)).toBe(true);
    expect(asked(screen).length).toBeLessThanOrEqual(3);
    for (let page = 0; page < 6; page += 1) await screen.press('pagedown');
    expect(screen.text).toContain('10096');
    await screen.press('G');
    expect(screen.text).toContain('1204 of 1204');
    expect(screen.text).toContain('11203');
    await screen.press('g');
    expect(screen.text).toContain('10000');
    expect(screen.text).not.toContain('…  ');
  });

  it('are found by the node, and by state', async () => {
    const screen = await open({}, [...views(1), '/']);
    await screen.type('Shop 77');
    await screen.press('enter');
    expect(asked(screen).at(-1)).toMatchObject({ text: 'Shop 77' });
    expect(screen.text).toContain('11 devices  /Shop 77');
    await screen.press('s');
    expect(asked(screen).at(-1)).toMatchObject({ text: 'Shop 77', state: 'lost' });
  });

  it('show zones and users, and lead to their events', async () => {
    const screen = await open({}, [...views(1), 'enter'], { size: { columns: 80, rows: 40 } });
    expect(screen.text).toMatch(/1 {2}Front door +area 1, channel 2/);
    expect(screen.text).toContain('Miller');
    await screen.press('v');
    expect(screen.text).toContain('account 10000');
  });

  it('are entered with an AES key, which is checked and hidden', async () => {
    const screen = await open({}, [...views(1), 'a']);
    await screen.type('4711');
    await screen.press('tab');
    await screen.type('Shop 9');
    await screen.press('tab', 'right', 'tab', 'right', 'tab');
    await screen.type('abc');
    await screen.press(...through(6));
    expect(screen.text).toContain('AES key: 32, 48 or 64 hex digits');
    await screen.press('ctrl-u');
    await screen.type('00112233445566778899AABBCCDDEEFF');
    await screen.press('tab');
    await screen.type('180');
    await screen.press(...through(5));
    expect(calls(screen)).toEqual([
      [
        'device.add',
        {
          account: '4711',
          name: 'Shop 9',
          mode: 'hub',
          requireEncryption: true,
          supervisionSeconds: 180,
          serial: '',
          model: '',
          version: '',
          enabled: true,
          key: '00112233445566778899AABBCCDDEEFF',
        },
      ],
    ]);
  });

  it('are changed without touching the key that is set', async () => {
    const screen = await open({}, [...views(1), 'c', 'tab', 'ctrl-u']);
    await screen.type('New name');
    await screen.press(...through(9));
    expect(calls(screen)[0]?.[1]).toMatchObject({ account: '10000', change: { name: 'New name', key: '' } });
    await screen.press('enter', 'z', 'ctrl-u');
    await screen.type('1=Hall;2=Office');
    await screen.press(...through(4));
    expect(calls(screen).at(-1)?.[1]).toMatchObject({
      change: {
        areas: [
          { number: '1', name: 'Hall' },
          { number: '2', name: 'Office' },
        ],
        zones: [{ number: '1', name: 'Front door', area: '1', channel: '2' }, { number: '2' }],
      },
    });
  });

  it('are deleted only when the account was typed', async () => {
    const screen = await open({}, [...views(1), 'D']);
    await screen.type('1000');
    await screen.press('tab', 'tab', 'enter');
    expect(calls(screen)).toEqual([]);
    await screen.press('tab');
    await screen.press('ctrl-u');
    await screen.press('esc', 'D');
    await screen.type('10000');
    await screen.press('tab', 'tab', 'enter');
    expect(calls(screen)).toEqual([['device.remove', { account: '10000' }]]);
  });

  it('are imported from a file: tried, then asked, then done', async () => {
    const path = join(folder, 'devices.csv');
    await writeFile(path, 'account,name,key\n4711,Shop,\n4712,Bar,zz\n');
    const screen = await open({}, [...views(1), 'i']);
    await screen.paste(path);
    await screen.press(...through(0), 'enter');
    await expect.poll(() => screen.text, { timeout: 10_000 }).toContain('the file has 1 problem');
    expect(screen.text).toContain('line 3: key');
    await writeFile(path, 'account,name\n4711,Shop\n4712,Bar\n');
    await screen.press('enter');
    await expect.poll(() => screen.text, { timeout: 10_000 }).toContain('2 devices would be added');
    expect(calls(screen).map(([, input]) => (input as { dryRun: boolean }).dryRun)).toEqual([true]);
    await screen.press('tab', 'enter');
    expect(calls(screen).map(([, input]) => (input as { dryRun: boolean }).dryRun)).toEqual([true, false]);
  });

  it('are refused on a spare with the name of the host, before a form opens', async () => {
    const screen = await open({ group: spareGroup() }, views(1));
    for (const key of ['a', 'c', 'D', 'i']) {
      await screen.press(key);
      expect(foot(screen)).toMatch(/This receiver is spare-1: devices are \w+ on arc-1, the host/);
    }
    await screen.press('tab', 'tab');
    for (const key of ['a', 'c', 'D']) {
      await screen.press(key);
      expect(foot(screen)).toMatch(/outputs are \w+ on arc-1/);
    }
    expect(calls(screen)).toEqual([]);
  });
});

describe('the events', () => {
  const inEvents = (patch: Partial<FakeReceivers> = {}, keys: readonly string[] = [], options = {}) =>
    open(patch, [...views(2), ...keys], options);
  const next = (number: number) => sampleAlarm(number, { words: `Event ${number}` });

  it('are opened with the names of their area, zone and user', async () => {
    const screen = await inEvents();
    screen.agent.receivers.publish([
      { ...next(48_212), account: '10001', device: 'Shop', area: '01', zone: '002', user: '9' },
    ]);
    await screen.idle();
    await screen.press('up', 'enter');
    await screen.idle();
    expect(screen.text).toMatch(/Area +01 Hall/);
    expect(screen.text).toMatch(/Zone +002 Till/);
    expect(screen.text).toMatch(/User +9 /);
  });

  it('that are missing are explained where nothing could forward them', async () => {
    const screen = await inEvents({ alarms: [], receiver: sampleReceiver({ outputs: [] }) });
    expect(screen.text).toContain('no output that could forward one');
    const other = await inEvents({ alarms: [] });
    expect(other.text).toContain('No event has come in yet.');
  });

  it('come in by themselves, newest first, while the cursor stays with its event', async () => {
    const screen = await inEvents();
    expect(screen.agent.receivers.watchers).toBe(1);
    screen.agent.receivers.publish([next(48_212)]);
    await screen.idle();
    expect(screen.text).toContain('Event 48212');
    expect(foot(screen)).toContain('48212');
    await screen.press('down', 'down');
    const before = foot(screen);
    screen.agent.receivers.publish([next(48_213), next(48_214)]);
    await screen.tick();
    expect(foot(screen)).toBe(before);
    expect(screen.text.indexOf('Event 48214')).toBeLessThan(screen.text.indexOf('Event 48213'));
  });

  it('move the list at once after a pause, and of a stream once per refresh, the newest first', async () => {
    const screen = await inEvents();
    const { receivers } = screen.agent;
    for (const number of [48_212, 48_213, 48_214]) receivers.publish([next(number)]);
    await screen.idle();
    expect(screen.text).toContain('Event 48212');
    expect(screen.text).not.toContain('Event 48213');
    await screen.tick();
    expect(screen.lines[5]).toContain('Event 48214');
    expect(screen.lines[6]).toContain('Event 48213');
    expect(screen.lines[7]).toContain('Event 48212');
    await screen.tick();
    receivers.publish([next(48_215)]);
    await screen.idle();
    expect(screen.text).toContain('Event 48215');
  });

  it('that came before a pause are shown in it, and none of them twice', async () => {
    const screen = await inEvents();
    const { receivers } = screen.agent;
    for (const number of [48_212, 48_213]) receivers.publish([next(number)]);
    await screen.press('p');
    expect(screen.text).toContain('Event 48213');
    expect(screen.text).not.toContain('1 new');
    receivers.alarms = [next(48_213), next(48_212), ...receivers.alarms];
    await screen.press('p');
    await screen.tick();
    expect(screen.lines.slice(0, -2).filter((row) => row.includes('Event 48213'))).toHaveLength(1);
  });

  it('stop while paused and are counted, and come when it goes on', async () => {
    const screen = await inEvents({}, ['p']);
    const { receivers } = screen.agent;
    receivers.alarms = [next(48_212), ...receivers.alarms];
    receivers.publish([next(48_212)]);
    await screen.idle();
    expect(screen.text).toContain('paused, 1 new');
    expect(screen.text).not.toContain('Event 48212');
    await screen.press('p');
    expect(screen.text).toContain('Event 48212');
  });

  it('follow again after the stream was cut, with nothing missed', async () => {
    const screen = await inEvents();
    const { receivers } = screen.agent;
    receivers.cut();
    await screen.idle();
    await screen.tick();
    expect(receivers.watchers).toBe(1);
    receivers.publish([next(48_212)]);
    await screen.idle();
    expect(screen.text).toContain('Event 48212');
  });

  it('of a flood only the newest are fetched, once per refresh', async () => {
    const screen = await inEvents();
    const { receivers } = screen.agent;
    const flood = Array.from({ length: 500 }, (_, at) => next(48_212 + at));
    receivers.alarms = [...[...flood].reverse(), ...receivers.alarms];
    receivers.publish(flood);
    await screen.idle();
    expect(screen.text).not.toContain('Event 48711');
    expect(receivers.watchers).toBe(0);
    await screen.tick();
    expect(screen.text).toContain('Event 48711');
    expect(receivers.watchers).toBe(1);
  });

  it('are followed only while they are shown', async () => {
    const screen = await inEvents({}, ['1']);
    screen.agent.receivers.publish([next(48_212)]);
    await screen.idle();
    screen.agent.receivers.publish([next(48_213)]);
    await screen.idle();
    expect(screen.agent.receivers.watchers).toBe(0);
  });

  it('go on into the past as the cursor nears the end', async () => {
    const screen = await inEvents({}, ['G', 'G', 'G', 'G']);
    expect(foot(screen)).toContain('47762');
  });

  it('show their way to the ARC as it goes on', async () => {
    const screen = await inEvents();
    expect(screen.lines[5]).toContain('waiting');
    screen.agent.receivers.alarms = screen.agent.receivers.alarms.map((each) => ({
      ...each,
      state: 'acknowledged',
    }));
    await screen.tick(2_000);
    expect(screen.lines[5]).toContain('at the ARC');
  });

  it('are filtered by account, category, state, unacknowledged and text', async () => {
    const screen = await inEvents({}, ['c']);
    expect(screen.text).toContain('live  burglary');
    expect(screen.text).not.toContain('Automatic test');
    await screen.press('x', 'u');
    expect(screen.text).toContain('unacknowledged');
    expect(screen.lines.filter((row) => /\d\d:\d\d:\d\d {3}[!✓]/.test(row))).toHaveLength(3);
    await screen.press('x', 'f');
    await screen.type('1001');
    await screen.press('tab', 'tab', 'right', 'right', 'right', 'right');
    await screen.press(...through(3));
    expect(screen.text).toContain('account 1001, REFUSED');
    await screen.press('x', '/');
    await screen.type('fire');
    await screen.press('enter');
    expect(screen.text).toContain('Fire alarm');
    expect(screen.text).not.toContain('Opened');
    await screen.press('/', 'ctrl-u');
    await screen.type('!fire');
    await screen.press('enter');
    expect(screen.text).not.toContain('Fire alarm');
    expect(screen.text).toContain('Opened');
    screen.agent.receivers.publish([sampleAlarm(48_212, { words: 'Fire drill' })]);
    await screen.idle();
    expect(screen.text).not.toContain('Fire drill');
  });

  it('are opened whole with raw frame and video', async () => {
    const alarms = [sampleAlarm(48_210, { problem: 'the ARC said NAK' })];
    const screen = await inEvents({ alarms }, ['enter']);
    for (const words of ['https://cctv.example/clip/1', '"SIA-DCS"', 'encrypted', 'the ARC said NAK'])
      expect(screen.text).toContain(words);
  });

  it('are acknowledged one by one, and all after a question', async () => {
    const screen = await inEvents({}, ['a']);
    expect(calls(screen)).toEqual([['alarm.acknowledge', { numbers: [48_211] }]]);
    expect(screen.lines[5]).not.toMatch(/ ! /);
    await screen.press('a');
    expect(calls(screen)).toHaveLength(1);
    await screen.press('A');
    expect(screen.text).toContain('2 events from number 48209 to 48210');
    await screen.press('tab', 'enter');
    expect(calls(screen).at(-1)).toEqual(['alarm.acknowledge', { numbers: [48_210, 48_209] }]);
  });

  it('are resent after a question', async () => {
    const screen = await inEvents({}, ['down', 'R']);
    expect(screen.text).toContain('takes it as a new event');
    expect(calls(screen)).toEqual([]);
    await screen.press('tab', 'enter');
    expect(calls(screen)).toEqual([['alarm.resend', { numbers: [48_210] }]]);
  });

  it('are saved as CSV', async () => {
    const screen = await inEvents({}, ['e']);
    const path = join(folder, 'holdfast-events.csv');
    await expect
      .poll(async () => (await readFile(path, 'utf8').catch(() => '')).split('\r\n').length)
      .toBe(202);
    expect((await readFile(path, 'utf8')).split('\r\n')[1]).toContain(
      '48211,id-48211,2026-11-20T13:21:07.000Z',
    );
    expect(screen.text).toContain('live');
  });

  it('cost a slow line little more than the rows that move with each of them', async () => {
    const screen = await inEvents({}, [], { size: { columns: 80, rows: 24 } });
    const before = screen.terminal.output.bytes;
    for (let second = 1; second <= 5; second += 1) {
      screen.agent.receivers.publish([next(48_211 + second)]);
      screen.agent.publish({ timeMs: screen.agent.status.timeMs + 1000 });
      await screen.idle();
      await screen.tick(1000);
    }
    const perSecond = (screen.terminal.output.bytes - before) / 5;
    expect(perSecond).toBeGreaterThan(100);
    expect(perSecond).toBeLessThan(4_000);
  });

  it.each([1, 5])(
    'of a tall terminal cost a slow line under 8 kB a second at %d a second, each in full colour',
    async (eventsPerSecond) => {
      const screen = await inEvents({}, [], { size: { columns: 120, rows: 50 } });
      const { receivers } = screen.agent;
      let number = 48_211;
      const loud = { device: null, category: 'burglary', words: 'Burglary alarm', state: 'waiting' } as const;
      const come = (count: number): void => {
        for (let event = 0; event < count; event += 1) {
          number += 1;
          const alarm = sampleAlarm(number, { ...loud, acknowledgedBy: null });
          receivers.alarms = [alarm, ...receivers.alarms];
          receivers.publish([alarm]);
        }
      };
      come(60);
      await screen.press('r');
      const before = screen.terminal.output.bytes;
      for (let second = 0; second < 8; second += 1) {
        for (let part = 0; part < Math.min(5, eventsPerSecond); part += 1) {
          come(Math.ceil(eventsPerSecond / 5));
          await screen.idle();
        }
        receivers.receiver = { ...receivers.receiver, unacknowledged: number };
        screen.agent.publish({ timeMs: screen.agent.status.timeMs + 1000 });
        await screen.idle();
        await screen.tick(1000);
      }
      const perSecond = (screen.terminal.output.bytes - before) / 8;
      expect(screen.text).toContain(String(number));
      expect(perSecond).toBeGreaterThan(1_000);
      expect(perSecond).toBeLessThan(8_000);
    },
  );
});

describe('the outputs', () => {
  const inOutputs = (patch: Partial<FakeReceivers> = {}, keys: readonly string[] = []) =>
    open(patch, [...views(3), ...keys]);

  it('show what they do now, and the reason of one that fails', async () => {
    const screen = await inOutputs();
    expect(screen.text).toMatch(/ARC north +arc.example:1025 +✗ FAILING/);
    expect(screen.text).toMatch(/ARC south +192.0.2.8:1025 +✓ connected +now +14.2/);
    expect(foot(screen)).toContain('no answer within 20 s');
  });

  it('are added: the kind, then the address', async () => {
    const screen = await inOutputs({}, ['a', '3']);
    await screen.press('tab', 'tab', 'tab');
    expect(screen.text).toContain('empty: this machine only');
    await screen.type('arc.example');
    await screen.press(...through(7));
    expect(screen.text).toContain('Who may connect: IP addresses, or any');
    await screen.press('ctrl-u');
    await screen.type('192.0.2.8, 192.0.2.9');
    await screen.press(...through(7));
    expect(calls(screen)[0]).toMatchObject([
      'alarm.setOutput',
      {
        id: 'arc3',
        kind: 'surgard-server',
        name: 'ARC',
        listenHost: '0.0.0.0',
        clients: ['192.0.2.8', '192.0.2.9'],
      },
    ]);
  });

  it('are changed without touching the key, and lose it when told so', async () => {
    const screen = await inOutputs({}, ['c', 'ctrl-u']);
    await screen.type('North');
    await screen.press(...through(16));
    expect(calls(screen)[0]).toMatchObject(['alarm.setOutput', { id: 'arc', name: 'North', key: '' }]);
    await screen.press('c', 'tab', 'tab', 'tab', 'tab', 'tab', 'right');
    await screen.press(...through(11));
    expect(calls(screen).at(-1)).toMatchObject(['alarm.setOutput', { id: 'arc', key: null }]);
  });

  it('are removed when the name was typed', async () => {
    const screen = await inOutputs({}, ['down', 'D']);
    await screen.type('ARC south');
    await screen.press('tab', 'tab', 'enter');
    expect(calls(screen)).toEqual([['alarm.removeOutput', { id: 'arc2' }]]);
  });

  it('have the settings of the receiver beside them', async () => {
    const screen = await inOutputs({}, ['l', 'tab', 'tab', 'ctrl-u']);
    expect(screen.text).toMatch(/Without an output +‹ acknowledged, and wait for one ›/);
    await screen.type('70000');
    await screen.press(...through(4));
    expect(screen.text).toContain('a port from 1 to 65535');
    await screen.press('ctrl-u');
    await screen.type('6090');
    await screen.press('tab', 'tab', 'tab', 'right', ...through(1));
    expect(calls(screen)).toEqual([
      [
        'alarm.configure',
        {
          ...{ enabled: true, listenHost: '0.0.0.0', port: 6090 },
          ...{ forwardUnknown: true, checkTime: true, keepWithoutOutput: false },
        },
      ],
    ]);
  });

  it('are verified by the chain', async () => {
    const screen = await inOutputs({}, ['V']);
    expect(foot(screen)).toContain('The chain of 48211 entries is whole.');
  });
});

describe('a read-only console', () => {
  it('asks for nothing that changes', async () => {
    const screen = await open({}, [], { readOnly: true });
    const keys = [
      ['D', 'H', 'o', 'S'],
      ['a', 'c', 'D', 'i'],
      ['a', 'A', 'R'],
      ['a', 'c', 'D'],
      ['a', 'c', 'D', 'i'],
    ];
    for (const view of keys) {
      for (const key of view) {
        await screen.press(key);
        expect(foot(screen)).toContain('--read-only');
      }
      await screen.press('tab');
    }
    expect(calls(screen)).toEqual([]);
  });

  it('is told in the group what is not possible as it is', async () => {
    const screen = await open({ group: sampleGroup({ members: sampleGroup().members.slice(0, 1) }) }, ['H']);
    expect(foot(screen)).toContain('Nobody stands by who could take over.');
    await screen.press('o');
    expect(foot(screen)).toContain('There are no two spares to be ordered.');
    await screen.press('X');
    expect(foot(screen)).toContain('This is this node: D leaves the group.');
  });
});
