/** Alarms at the API: the receiver process is kept while it is wanted, its answers are passed on, its secrets stay sealed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { groupEndedEvent } from '../../../../agent/alarms/protocol/schema.ts';
import type { Alarm } from '../../../../src/contract/index.ts';
import { AppError } from '../../../../src/errors.ts';
import { type Client, failureOf, TestControl } from '../test-control.ts';

let control: TestControl;
let client: Client;

beforeEach(async () => {
  control = await TestControl.start();
  client = (await control.local()).client;
});
afterEach(() => control.stop());

const hub = {
  kind: 'hub',
  url: 'hub.example:6070',
  account: 'site-1',
  key: 'the-arc-key-of-site-1',
  fingerprint: 'AB:CD',
} as const;
const runs = () => vi.waitFor(async () => expect((await client.alarm.status()).listen).not.toBeNull());

async function enable(): Promise<void> {
  await client.alarm.configure({ enabled: true });
  await runs();
}

describe('a node that receives no alarms', () => {
  it('starts no process, and says how to begin', async () => {
    expect(control.receiver.starts).toBe(0);
    expect(await client.alarm.status()).toMatchObject({ enabled: false, listen: null, problem: null });
    expect(await client.group.status()).toMatchObject({ enabled: false, members: [] });
    for (const call of [client.alarm.list({}), client.device.list({}), client.group.explain()]) {
      expect(await failureOf(call)).toMatchObject({
        code: 'unavailable',
        hint: expect.stringContaining('alarm settings --enable'),
      });
    }
    expect((await failureOf(client.alarm.watch({}))).code).toBe('unavailable');
  });

  it('has nothing to say about alarms on Home', async () => {
    const { concerns } = await client.node.status();
    expect(concerns.filter(({ text }) => /alarm|ARC|group/.test(text))).toEqual([]);
  });
});

describe('the receiver process', () => {
  it('is started with the settings, given changes, and ended when it is not wanted any more', async () => {
    await enable();
    expect(control.receiver.config).toMatchObject({
      enabled: true,
      port: 6080,
      group: null,
      nodeName: 'test',
    });
    const changed = await client.alarm.configure({ port: 6081, checkTime: false });
    expect(changed).toMatchObject({ enabled: true, port: 6081, checkTime: false });
    expect(control.receiver.config).toMatchObject({ port: 6081, checkTime: false });
    await client.alarm.configure({ enabled: false });
    expect(await client.alarm.status()).toMatchObject({ enabled: false, listen: null, problem: null });
    expect(control.receiver.starts).toBe(1);
    await enable();
    expect(control.receiver.starts).toBe(2);
  });

  it('is started again when it dies, and its absence is told meanwhile', async () => {
    await enable();
    await control.receiver.die();
    await vi.waitFor(() => expect(control.receiver.starts).toBe(2));
    await runs();
    const { entries } = await client.log.search({ text: 'receiver' });
    expect(entries.some(({ event }) => event === 'receiver.died')).toBe(true);
  });

  it('answers what is asked of the API, and is told who asks', async () => {
    await enable();
    control.receiver.answers.set('alarm.resend', () => ({ queued: 2 }));
    expect(await client.alarm.resend({ numbers: [1, 2] })).toEqual({ queued: 2 });
    expect(control.receiver.calls.at(-1)).toMatchObject({
      procedure: 'alarm.resend',
      input: { numbers: [1, 2] },
      user: 'tester',
    });
    control.receiver.answers.set('device.remove', () => {
      throw new AppError('forbidden', 'edit on the host arc-1', { hint: 'There.' });
    });
    expect(await failureOf(client.device.remove({ account: '1234' }))).toMatchObject({
      code: 'forbidden',
      message: 'edit on the host arc-1',
      hint: 'There.',
    });
    const { entries } = await client.log.search({ type: 'audit', text: 'resend' });
    expect(entries[0]?.text).toBe('2 alarms queued once more');
  });

  it('does not get an answer past the contract', async () => {
    await enable();
    control.receiver.answers.set('alarm.verify', () => ({ ok: 'perhaps' }));
    expect((await failureOf(client.alarm.verify())).code).toBe('internal');
  });

  it('tells what concerns the Home page', async () => {
    await enable();
    control.receiver.report({
      problem: 'port 6080 is taken',
      queue: { waiting: 3, oldestMs: 1, unshared: 0 },
    });
    await vi.waitFor(async () => {
      const texts = (await client.node.status()).concerns.map(({ text }) => text);
      expect(texts).toContain('alarms: port 6080 is taken');
      expect(texts.some((text) => text.startsWith('3 alarms wait for the ARC'))).toBe(true);
    });
  });
});

const numbersOf = (result: IteratorResult<Alarm[], unknown>) =>
  result.done ? null : result.value.map(({ number }) => number);

describe('the stream of events', () => {
  it('gives what comes, from the next event on, each once and in order', async () => {
    await enable();
    control.receiver.numbers = [1, 2, 3];
    control.receiver.report();
    const stream = await client.alarm.watch({});
    const first = stream.next();
    await vi.waitFor(() => expect(control.receiver.calls.length).toBeGreaterThan(0));
    control.receiver.numbers = [1, 2, 3, 4, 5];
    control.receiver.report();
    expect(numbersOf(await first)).toEqual([4, 5]);
    control.receiver.numbers = [5, 6];
    control.receiver.report();
    expect(numbersOf(await stream.next())).toEqual([6]);
    await client.alarm.configure({ enabled: false });
    expect((await failureOf(stream.next())).code).toBe('unavailable');
  });

  it('goes through a long past in batches, over the holes that retention left', async () => {
    await enable();
    const numbers = Array.from({ length: 1_700 }, (_, index) => index + 1).filter(
      (number) => number < 100 || number > 1_200,
    );
    control.receiver.numbers = numbers;
    control.receiver.report();
    const seen: number[] = [];
    for await (const batch of await client.alarm.watch({ after: 10 })) {
      expect(batch.length).toBeLessThanOrEqual(500);
      seen.push(...batch.map(({ number }) => number));
      if (seen.at(-1) === 1_700) break;
    }
    expect(seen).toEqual(numbers.filter((number) => number > 10));
  });
});

describe('the group', () => {
  const joined = { role: 'host', members: [] } as const;

  it('is joined through the process; its account is kept sealed, and given to the next process open', async () => {
    control.receiver.answers.set('group.connect', () => joined);
    const answer = await client.group.connect({ store: hub, arcId: 'site-1', backupKey: 'a backup key' });
    expect(answer).toEqual(joined);
    await vi.waitFor(() => expect(control.receiver.config?.group).not.toBeNull());
    expect(control.receiver.config).toMatchObject({
      enabled: false,
      group: { arcId: 'site-1', store: hub, backupKey: 'a backup key' },
    });
    const onDisk = readFileSync(join(control.folder, 'settings.json'), 'utf8');
    const journal = JSON.stringify(await client.log.search({ pageSize: 1_000 }));
    for (const secret of [hub.key, 'a backup key']) {
      expect(onDisk).not.toContain(secret);
      expect(journal).not.toContain(secret);
    }
  });

  it('leaves nothing behind when joining failed', async () => {
    control.receiver.answers.set('group.connect', () => {
      throw new AppError('unauthorized', 'the hub does not know this key', { hint: 'Look there.' });
    });
    expect(await failureOf(client.group.connect({ store: hub, arcId: 'site-1' }))).toMatchObject({
      code: 'unauthorized',
    });
    expect(control.settings.current().group).toBeNull();
    expect((await failureOf(client.alarm.list({}))).code).toBe('unavailable');
  });

  it('is left only with its name typed, after a look at what that clears', async () => {
    control.receiver.answers.set('group.connect', () => joined);
    await client.group.connect({ store: hub, arcId: 'site-1' });
    expect((await failureOf(client.group.connect({ store: hub, arcId: 'site-2' }))).code).toBe('conflict');
    control.receiver.answers.set('group.disable', (input) => ({
      clears: ['the group'],
      keeps: [],
      done: !Object(input).dryRun,
    }));
    expect(await client.group.disable({ dryRun: true })).toMatchObject({ done: false });
    expect(control.settings.current().group).not.toBeNull();
    expect(await failureOf(client.group.disable({}))).toMatchObject({
      code: 'invalid_input',
      hint: expect.stringContaining('site-1'),
    });
    expect(await client.group.disable({ confirm: 'site-1' })).toMatchObject({ done: true });
    expect(control.settings.current().group).toBeNull();
    expect((await failureOf(client.group.disable({ confirm: 'site-1' }))).code).toBe('not_found');
  });

  it('is forgotten when the host has ended it, and not when another is named', async () => {
    control.receiver.answers.set('group.connect', () => joined);
    await client.group.connect({ store: hub, arcId: 'site-1' });
    control.receiver.tell(groupEndedEvent, 'site-9');
    control.receiver.tell(groupEndedEvent, 'site-1');
    await vi.waitFor(() => expect(control.settings.current().group).toBeNull());
    await vi.waitFor(async () => expect((await failureOf(client.alarm.list({}))).code).toBe('unavailable'));
  });
});
