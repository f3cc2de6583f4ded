/** Alarms through real processes: from a panel to the ARC, through crashes of either. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Arc, startArc } from '../support/arc.ts';
import { report } from '../support/panel.ts';
import { killReceiver, startReceiver, type TestReceiver, toArc, until } from '../support/receiver.ts';

describe('a receiver alone', { timeout: 60_000 }, () => {
  let arc: Arc;
  let alone: TestReceiver;

  beforeAll(async () => {
    arc = await startArc();
    alone = await startReceiver('alone');
    await alone.node.client.alarm.setOutput(toArc(arc));
    await alone.node.client.device.add({ account: '1234', name: 'Main street 4' });
  }, 60_000);
  afterAll(async () => {
    await alone?.node.remove();
    await arc?.close();
  }, 60_000);

  it('acknowledges an event, and the ARC has it', async () => {
    const { client } = alone.node;
    const stop = new AbortController();
    const seen = (async () => {
      for await (const batch of await client.alarm.watch({ after: 0 }, { signal: stop.signal })) return batch;
      return [];
    })();
    expect(await report(alone.port, '1234', 'Nri1/BA501')).toMatch(/^"ACK"0001L0#1234\[\]/);
    await until('the ARC has it', async () => arc.events.length === 1);
    expect(arc.events[0]).toMatchObject({ account: '1234', data: '#1234|Nri1/BA501' });
    await until('it is acknowledged', async () => {
      const { alarms } = await client.alarm.list({ state: 'acknowledged' });
      return alarms.length === 1;
    });
    const { alarms } = await client.alarm.list({});
    expect(alarms[0]).toMatchObject({
      number: 1,
      account: '1234',
      device: 'Main street 4',
      code: 'BA',
      category: 'burglary',
      output: 'ARC',
      attempts: 1,
    });
    expect(await seen).toMatchObject([{ number: 1 }]);
    stop.abort();
    expect(await client.alarm.verify()).toMatchObject({ ok: true });
  });

  it('takes an unknown account in, flags it, and says so on Home', async () => {
    const { client } = alone.node;
    expect(await report(alone.port, 'ABCD', 'Nri1/FA1')).toMatch(/^"ACK"/);
    await until('the ARC has it', async () => arc.events.length === 2);
    const { alarms } = await client.alarm.list({ account: 'ABCD' });
    expect(alarms[0]).toMatchObject({ device: null, category: 'fire' });
    await until('Home tells it', async () => {
      const { concerns } = await client.node.status();
      return concerns.some(({ text }) => text.includes('accounts that are not entered'));
    });
  });

  it('gives the ARC everything after it was killed while the ARC was away', async () => {
    const { client } = alone.node;
    await arc.shut();
    for (let zone = 10; zone < 20; zone += 1) {
      expect(await report(alone.port, '1234', `Nri1/BA${zone}`)).toMatch(/^"ACK"/);
    }
    killReceiver(alone);
    await until('it is started again and listens', async () => {
      const { listen, queue } = await client.alarm.status();
      return listen !== null && queue.waiting === 10;
    });
    expect(await report(alone.port, '1234', 'Nri1/BA20')).toMatch(/^"ACK"/);
    expect(arc.events.length).toBe(2);
    await arc.open();
    await until('the ARC has all', async () => arc.events.length === 13);
    const zones = arc.byAccount
      .get('1234')
      ?.slice(1)
      .map((data) => Number(data.slice(-2)));
    expect(zones).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    await until('nothing waits', async () => (await client.alarm.status()).queue.waiting === 0);
  });

  it('goes on while the agent is killed, and is found again by the next', async () => {
    process.kill(alone.node.pid(), 'SIGKILL');
    expect(await report(alone.port, '1234', 'Nri1/BA30')).toMatch(/^"ACK"/);
    await until('the ARC has it', async () => arc.events.length === 14);
    const { client } = alone.node;
    await alone.node.start();
    await until('the agent sees it', async () => (await client.alarm.status()).listen !== null);
    expect((await client.alarm.list({ limit: 1 })).alarms[0]).toMatchObject({ zone: '30' });
  });

  it('says in words that it is not enabled, and keeps what it has', async () => {
    const { client } = alone.node;
    await client.alarm.configure({ enabled: false });
    await expect(client.alarm.list({})).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('--enable'),
    });
    expect(await client.alarm.status()).toMatchObject({ enabled: false, listen: null, problem: null });
    await client.alarm.configure({ enabled: true });
    await until('it is there again', async () => (await client.alarm.list({})).alarms.length === 14);
  });
});
