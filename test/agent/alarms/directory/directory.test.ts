import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDirectory } from '../../../../agent/alarms/directory/directory.ts';
import {
  type Directory,
  type DirectoryPart,
  type LiveDevice,
  mappingsMax,
  outputsMax,
} from '../../../../agent/alarms/directory/types.ts';
import { createSealer } from '../../../../agent/settings/seal.ts';
import {
  alarmOutputSchema,
  deviceConfigSchema,
  deviceQuerySchema,
  eventMappingSchema,
} from '../../../../src/contract/index.ts';
import type { AppError } from '../../../../src/errors.ts';
import { sampleEvent } from '../store/sample-events.ts';

const key = '00112233445566778899aabbccddeeff';
const otherKey = 'ffeeddccbbaa99887766554433221100';
const unheard: LiveDevice = {
  ...{ watch: null, lastHeardMs: null, alarms: 0, firstAlarmMs: null, lastAlarmMs: null, activatedMs: null },
};
const device = (account: string, given: object = {}) =>
  deviceConfigSchema.parse({ account, name: `Shop ${account}`, ...given });
const output = (id: string, given: object = {}) =>
  alarmOutputSchema.parse({ kind: 'dc09', id, name: `ARC ${id}`, host: '192.0.2.1', ...given });
const mapping = (code: string, given: object = {}) => eventMappingSchema.parse({ code, ...given });
const query = (given: object = {}) => deviceQuerySchema.parse(given);

let folder: string;
let directory: Directory;
let changes: DirectoryPart[];
let errors: AppError[];
let live: Map<string, LiveDevice>;
let sealer = createSealer(randomBytes(32));
const opened: Directory[] = [];

function open(name = 'devices.db'): Directory {
  const fresh = openDirectory({
    path: join(folder, name),
    sealer,
    live: (account) => live.get(account) ?? unheard,
    onChange: (part) => changes.push(part),
    onError: (error) => errors.push(error),
  });
  opened.push(fresh);
  return fresh;
}
function reopen(): Directory {
  directory.close();
  opened.splice(opened.indexOf(directory), 1);
  directory = open();
  return directory;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-directory-'));
  changes = [];
  errors = [];
  live = new Map();
  directory = open();
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('devices', () => {
  it('are found by account with their key, also after a restart, and the key lies sealed', () => {
    directory.add(device('1234', { key: key.toUpperCase(), requireEncryption: true, mode: 'dual' }));
    reopen();
    const found = directory.find('1234');
    expect(found).toMatchObject({ enabled: true, requireEncryption: true, mode: 'dual', hasKey: true });
    expect(Buffer.from(found?.key ?? []).toString('hex')).toBe(key);
    expect(directory.find('9999')).toBeNull();
    const files = ['devices.db', 'devices.db-wal'].map((name) => readFileSync(join(folder, name), 'latin1'));
    expect(files.join('').toLowerCase()).not.toContain(key);
    expect(statSync(join(folder, 'devices.db')).mode & 0o077).toBe(0);
  });

  it('are shown without their key', () => {
    directory.add(device('1234', { key, areas: [{ number: '1', name: 'Hall' }] }));
    const { device: shown, config } = directory.show('1234');
    expect(config.key).toBe('');
    expect(shown).toMatchObject({ hasKey: true, counts: { areas: 1, zones: 0 }, state: 'unsupervised' });
    expect(JSON.stringify([shown, config, directory.list(query())])).not.toContain(key);
  });

  it('keep on an edit what is left out, and the key unless another or none is given', () => {
    directory.add(device('1234', { key, zones: [{ number: '1', name: 'Door' }] }));
    const keyNow = () => {
      const found = directory.find('1234')?.key;
      return found ? Buffer.from(found).toString('hex') : null;
    };
    directory.edit('1234', { name: 'Other' });
    expect(directory.show('1234').config).toMatchObject({
      name: 'Other',
      zones: [{ name: 'Door' }],
      key: '',
    });
    directory.edit('1234', { key: '' });
    expect(keyNow()).toBe(key);
    directory.edit('1234', { key: otherKey });
    expect(keyNow()).toBe(otherKey);
    directory.edit('1234', { key: null });
    expect(keyNow()).toBeNull();
  });

  it('keep their key under a new account', () => {
    directory.add(device('1234', { key }));
    expect(directory.edit('1234', { account: '4321' }).account).toBe('4321');
    reopen();
    expect(directory.find('1234')).toBeNull();
    expect(Buffer.from(directory.find('4321')?.key ?? []).toString('hex')).toBe(key);
  });

  it.each([
    ['an account twice', () => directory.add(device('1000')), 'conflict', 'already'],
    [
      'a key that is kept of nothing',
      () => directory.add(device('2000', { key: '' })),
      'invalid_input',
      'no key',
    ],
    [
      'encryption without a key',
      () => directory.add(device('2000', { requireEncryption: true })),
      'invalid_input',
      'no key',
    ],
    ['taking the key that it needs', () => directory.edit('1001', { key: null }), 'invalid_input', 'no key'],
    [
      'a zone of no area',
      () => directory.edit('1000', { zones: [{ number: '1', name: 'Door', area: '7', channel: null }] }),
      'invalid_input',
      'area 7',
    ],
    [
      'a zone twice',
      () => directory.edit('1000', { areas: ['1', '1'].map((number) => ({ number, name: 'Hall' })) }),
      'invalid_input',
      'area 1 is there twice',
    ],
    ['another account that is there', () => directory.edit('1000', { account: '1001' }), 'conflict', '1001'],
    ['an edit of nobody', () => directory.edit('9999', { name: 'x' }), 'not_found', '9999'],
    ['removing nobody', () => directory.remove('9999'), 'not_found', '9999'],
    ['showing nobody', () => directory.show('9999'), 'not_found', '9999'],
  ])('refuse %s, and nothing changes', (_, attempt, code, words) => {
    directory.add(device('1000'));
    directory.add(device('1001', { key, requireEncryption: true }));
    const version = directory.version();
    expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
    expect(directory.version()).toBe(version);
    expect(directory.devices()).toBe(2);
  });

  it('are listed in order of account, by text and state, page after page', () => {
    for (const account of ['3000', '1000', '2000', '4000']) {
      directory.add(
        device(account, { serial: `SN-${account}`, supervisionSeconds: account === '3000' ? null : 60 }),
      );
    }
    directory.edit('4000', { enabled: false });
    live.set('1000', { ...unheard, watch: 'lost', lastHeardMs: 5, alarms: 2 });
    live.set('2000', { ...unheard, watch: 'online' });
    const accounts = (given: object) => directory.list(query(given)).devices.map(({ account }) => account);
    expect(directory.list(query()).devices.map(({ state }) => state)).toEqual([
      ...['lost', 'online', 'unsupervised', 'disabled'],
    ]);
    expect(accounts({ state: 'lost' })).toEqual(['1000']);
    expect(accounts({ text: 'sn-2' })).toEqual(['2000']);
    const page = directory.list(query({ limit: 2, after: '1000' }));
    expect(page).toMatchObject({ total: 4, nextAfter: '3000' });
    expect(directory.list(query({ limit: 2, after: '3000' }))).toMatchObject({ nextAfter: null });
    expect(directory.show('1000').device).toMatchObject({ lastHeardMs: 5, alarms: 2, state: 'lost' });
  });

  it('are imported all or none, and a dry run only counts', () => {
    directory.add(device('1000', { key }));
    directory.add(device('1001'));
    const file = [device('1000', { key: '' }), device('1001', { name: 'New' }), device('1002', { key: '' })];
    const counts = { added: 1, changed: 1, unchanged: 1 };
    expect(directory.import(file, true)).toEqual(counts);
    expect(directory.devices()).toBe(2);
    expect(directory.import(file, false)).toEqual(counts);
    expect(directory.import(file, false)).toEqual({ added: 0, changed: 0, unchanged: 3 });
    expect(directory.find('1000')?.hasKey).toBe(true);
    expect(directory.find('1002')?.hasKey).toBe(false);
    const version = directory.version();
    expect(() =>
      directory.import([device('1003'), device('1004', { requireEncryption: true })], false),
    ).toThrow();
    expect(() => directory.import([device('1003'), device('1003')], false)).toThrow('twice');
    expect([directory.devices(), directory.version()]).toEqual([3, version]);
  });

  it('whose key its seal does not give up let nothing plain in, and it is told once', () => {
    directory.add(device('1234', { key }));
    sealer = createSealer(randomBytes(32));
    reopen();
    expect(directory.find('1234')).toMatchObject({ key: null, requireEncryption: true });
    expect(directory.find('1234')?.key).toBeNull();
    expect(errors.map(({ code }) => code)).toEqual(['data_loss']);
  });
});

describe('outputs', () => {
  it('keep their order and their keys, which no answer shows', () => {
    directory.setOutput(output('main', { key }));
    directory.setOutput(output('second'));
    expect(directory.setOutput(output('main', { key: '', port: 2000 }))).toMatchObject({
      key: '',
      port: 2000,
    });
    reopen();
    expect(directory.outputs().map(({ id }) => id)).toEqual(['main', 'second']);
    expect(directory.outputsWithKeys()).toMatchObject([{ key }, { key: null }]);
    expect(JSON.stringify(directory.outputs())).not.toContain(key);
    directory.removeOutput('main');
    expect(directory.outputs().map(({ id }) => id)).toEqual(['second']);
    expect(() => directory.removeOutput('main')).toThrow(expect.objectContaining({ code: 'not_found' }));
  });

  it('whose key its seal does not give up are left out and told, the others serve, and no copy is made without them', async () => {
    directory.setOutput(output('main', { key }));
    directory.setOutput(output('second'));
    sealer = createSealer(randomBytes(32));
    reopen();
    expect(directory.outputsWithKeys().map(({ id }) => id)).toEqual(['second']);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('output main')]);
    expect(JSON.stringify(errors)).not.toContain(key);
    await expect(directory.export()).rejects.toMatchObject({ code: 'data_loss' });
  });

  it('refuse to keep a key that is not there, and more than their maximum', () => {
    expect(() => directory.setOutput(output('a', { key: '' }))).toThrow('no key');
    for (let each = 0; each < outputsMax; each += 1) directory.setOutput(output(`o${each}`));
    expect(() => directory.setOutput(output('one-more'))).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
    directory.setOutput(output('o3', { port: 9 }));
  });
});

describe('event mappings', () => {
  const content = (code: string, given: object = {}) => ({ ...sampleEvent(1).content, code, ...given });

  it('go before what the formats say', () => {
    expect(directory.categorise('SIA-DCS', content('BA'))).toEqual({ category: 'burglary', forward: true });
    directory.setMappings([mapping('BA', { words: 'Vault', category: 'panic', forward: false })], false);
    reopen();
    expect(directory.categorise('SIA-DCS', content('BA'))).toEqual({ category: 'panic', forward: false });
    directory.add(device('1000'));
    const names = (code: string, given?: object) =>
      directory.namesOf({ account: '1000', content: content(code, given) });
    expect(names('BA')).toEqual({ device: 'Shop 1000', words: 'Vault' });
    expect(names('BA', { qualifier: 'restore' }).words).toBe('Vault, restored');
    expect(names('FA').words).toBe('Fire alarm');
    expect(directory.namesOf({ account: '9', content: content('FA') }).device).toBeNull();
  });

  it('are added, changed and, where the whole is replaced, removed', () => {
    expect(directory.setMappings([mapping('BA'), mapping('130')], false)).toEqual({
      added: 2,
      changed: 0,
      removed: 0,
    });
    const next = [mapping('BA', { words: 'x' }), mapping('FA')];
    expect(directory.setMappings(next, true)).toEqual({ added: 1, changed: 1, removed: 1 });
    expect(directory.mappings().map(({ code }) => code)).toEqual(['BA', 'FA']);
    expect(() => directory.setMappings([mapping('BA'), mapping('BA')], false)).toThrow('twice');
    const many = Array.from({ length: mappingsMax }, (_, index) =>
      mapping((index + 0x100).toString(16).toUpperCase().padStart(3, '0')),
    );
    expect(() => directory.setMappings(many, false)).toThrow(expect.objectContaining({ code: 'conflict' }));
  });

  it('say what a code is sent as', () => {
    const event = sampleEvent(1, { account: '1234' });
    expect(directory.convert(event, 'ADM-CID')).toBe('#1234|1130 01 001');
    directory.setMappings([mapping('BA', { contactId: '139', sia: 'BV' })], false);
    expect(directory.convert(event, 'ADM-CID')).toBe('#1234|1139 01 001');
    expect(directory.convert(event, 'SIA-DCS')).toContain('BV');
  });

  it('and devices are found by a text that they show', () => {
    directory.add(device('1000', { name: 'Main Street' }));
    directory.setMappings([mapping('BA', { words: 'Vault' }), mapping('FA', { words: 'Smoke' })], false);
    expect(directory.meaningOf('street').accounts).toEqual(['1000']);
    expect(directory.meaningOf('vault').codes).toEqual(['BA']);
    expect(directory.meaningOf('fire alarm').codes).not.toContain('FA');
    expect(directory.meaningOf('medical').codes).toContain('100');
  });
});

describe('a version', () => {
  it('grows with each change, is there after a restart, and each change is told', () => {
    const before = directory.version();
    directory.add(device('1000'));
    directory.setOutput(output('main'));
    directory.setMappings([mapping('BA')], false);
    directory.import([device('1000')], false);
    expect(directory.version()).toBe(before + 3);
    expect(changes).toEqual(['devices', 'outputs', 'mappings']);
    expect(reopen().version()).toBe(before + 3);
  });
});

describe('a copy', () => {
  async function filled(): Promise<Uint8Array> {
    for (const account of ['1000', '1001', '1002']) directory.add(device(account, { key, mode: 'dual' }));
    directory.add(device('1003', { zones: [{ number: '1', name: 'Tür "1"' }] }));
    directory.setOutput(output('main', { key }));
    directory.setOutput(output('second'));
    directory.setMappings([mapping('BA', { words: 'Vault' })], false);
    return directory.export();
  }

  it('holds everything, and is the same bytes on the spare', async () => {
    const body = await filled();
    const spare = open('spare.db');
    spare.add(device('7777'));
    spare.setOutput(output('old'));
    await spare.replace(body, 42);
    expect(spare.version()).toBe(42);
    expect(Buffer.from(await spare.export())).toEqual(Buffer.from(body));
    expect(spare.find('7777')).toBeNull();
    expect(spare.outputsWithKeys()).toEqual(directory.outputsWithKeys());
    expect(Buffer.from(spare.find('1001')?.key ?? []).toString('hex')).toBe(key);
    spare.close();
    opened.splice(opened.indexOf(spare), 1);
    const again = open('spare.db');
    expect(Buffer.from(await again.export())).toEqual(Buffer.from(body));
    expect(again.version()).toBe(42);
  });

  it('takes over a later change of key, parts and removal', async () => {
    const spare = open('spare.db');
    await spare.replace(await filled(), 1);
    directory.edit('1000', { key: otherKey });
    directory.edit('1003', { zones: [] });
    directory.remove('1002');
    const body = await directory.export();
    await spare.replace(body, 2);
    expect(Buffer.from(await spare.export())).toEqual(Buffer.from(body));
    expect(Buffer.from(spare.find('1000')?.key ?? []).toString('hex')).toBe(otherKey);
    expect(spare.devices()).toBe(3);
  });

  it.each([
    ['cut short', (text: string) => text.slice(0, -20)],
    ['without a line', (text: string) => text.split('\n').slice(0, -1).join('\n')],
    ['with a device that is none', (text: string) => text.replace('"mode":"dual"', '"mode":"both"')],
    ['that is something else', () => '{}'],
    ['that is empty', () => ''],
  ])('%s is refused whole', async (_, damage) => {
    const body = await filled();
    const spare = open('spare.db');
    spare.add(device('7777'));
    const damaged = new TextEncoder().encode(damage(new TextDecoder().decode(body)));
    await expect(spare.replace(damaged, 42)).rejects.toMatchObject({ code: 'data_loss' });
    expect([spare.version(), spare.devices(), spare.outputs().length]).toEqual([1, 1, 0]);
    spare.edit('7777', { name: 'still editable' });
  });

  it('is of one version, though something changes while it is made', async () => {
    for (let at = 0; at < 3; at += 1) {
      directory.import(
        Array.from({ length: 500 }, (_, index) => device(String(1_000 + at * 500 + index))),
        false,
      );
    }
    const exporting = directory.export();
    directory.edit('1000', { name: 'Early' });
    directory.edit('2499', { name: 'Late' });
    const body = await exporting;
    expect(new TextDecoder().decode(body)).toContain('"name":"Early"');
    expect(Buffer.from(body)).toEqual(Buffer.from(await directory.export()));
  });

  it('keeps edits away while it is taken over', async () => {
    const body = await filled();
    const spare = open('spare.db');
    const taking = spare.replace(body, 9);
    expect(() => spare.add(device('7777'))).toThrow(expect.objectContaining({ code: 'unavailable' }));
    await taking;
    spare.add(device('7777'));
    expect(spare.version()).toBe(10);
  });

  it('makes a spare that refuses every edit in the words it was given, and can be cleared', async () => {
    const reason = 'this receiver is spare 1 of the group; edit on the host north';
    directory.add(device('1000'));
    directory.readOnly(reason);
    const edits = [
      () => directory.add(device('2000')),
      () => directory.edit('1000', { name: 'x' }),
      () => directory.remove('1000'),
      () => directory.import([device('2000')], true),
      () => directory.setOutput(output('main')),
      () => directory.removeOutput('main'),
      () => directory.setMappings([mapping('BA')], false),
    ];
    for (const edit of edits) {
      expect(edit).toThrow(expect.objectContaining({ code: 'forbidden', message: reason }));
    }
    const before = directory.version();
    directory.clear();
    expect([directory.devices(), directory.version()]).toEqual([0, before + 1]);
    directory.readOnly(null);
    directory.add(device('2000'));
    reopen();
    expect(directory.devices()).toBe(1);
  });
});

describe('the table of a hub', () => {
  it('holds the devices that report through it, with their keys', () => {
    directory.add(device('1000'));
    directory.add(device('1001', { mode: 'hub', key, requireEncryption: true, supervisionSeconds: 60 }));
    directory.add(device('1002', { mode: 'dual', enabled: false }));
    expect(directory.ingress()).toEqual([
      {
        account: '1001',
        name: 'Shop 1001',
        key,
        requireEncryption: true,
        enabled: true,
        supervisionSeconds: 60,
      },
      {
        account: '1002',
        name: 'Shop 1002',
        key: null,
        requireEncryption: false,
        enabled: false,
        supervisionSeconds: null,
      },
    ]);
  });
});

describe('50,000 devices', () => {
  it('are opened in seconds, take little memory, and each is found at once', { timeout: 120_000 }, () => {
    const count = 50_000;
    for (let from = 0; from < count; from += 500) {
      const devices = Array.from({ length: 500 }, (_, index) => {
        const zones = [{ number: '1', name: 'Front door' }];
        return device(String(100_000 + from + index), { key: index % 2 === 0 ? key : null, zones });
      });
      directory.import(devices, false);
    }
    const startedMs = performance.now();
    reopen();
    const openMs = performance.now() - startedMs;
    const foundMs = performance.now();
    for (let index = 0; index < 1_000_000; index += 1) directory.find(String(100_000 + (index % count)));
    const findNs = performance.now() - foundMs;
    console.log(`50,000 devices: opened in ${openMs.toFixed(0)} ms, found in ${findNs.toFixed(0)} ns`);
    expect(directory.devices()).toBe(count);
    expect(directory.find('149998')?.key?.length).toBe(16);
    expect(openMs).toBeLessThan(5_000);
    expect(findNs).toBeLessThan(20_000);
  });

  it('and a file of a newer release is refused', () => {
    directory.close();
    opened.splice(opened.indexOf(directory), 1);
    const database = new DatabaseSync(join(folder, 'devices.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => open()).toThrow(expect.objectContaining({ code: 'unsupported' }));
    directory = open('other.db');
  });
});
