import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../../agent/alarms/intake/teller.ts';
import { createSupervision } from '../../../../agent/alarms/supervision/supervision.ts';
import type { AlarmEvent } from '../../../../agent/alarms/types.ts';
import { FakeClock } from '../../control/fake-clock.ts';

function desk() {
  const clock = new FakeClock();
  const taken: AlarmEvent[] = [];
  const told: JournalEvent[] = [];
  const sink = { take: async (event: AlarmEvent) => void taken.push(event) };
  const supervision = createSupervision({
    clock,
    takenBy: 'receiver-1',
    take: (event) => sink.take(event),
    onEvent: (event) => void told.push(event),
  });
  const said = () => taken.map(({ account, content }) => `${account} ${content.qualifier}`);
  return { clock, taken, told, sink, supervision, said };
}

describe('a device that is lost and comes back', () => {
  it('becomes events in the format it uses itself', async () => {
    const { clock, taken, told, supervision } = desk();
    supervision.set([
      { account: '1234', intervalMs: 60_000 },
      { account: 'C1D', intervalMs: 60_000 },
    ]);
    supervision.noteFormat({ account: 'C1D', format: 'ADM-CID' });
    supervision.work();
    const heardMs = clock.nowMs();
    for (const account of ['1234', 'C1D']) supervision.heard(account);
    await clock.run(61_000, 1_000);
    for (const account of ['1234', 'C1D']) supervision.heard(account);
    await clock.run(1_000, 1_000);
    expect(taken.map(({ format, data, content }) => ({ format, data, code: content.code }))).toEqual([
      { format: 'SIA-DCS', data: '#1234|NYC', code: 'YC' },
      { format: 'ADM-CID', data: '#C1D|1350 00 000', code: '350' },
      { format: 'SIA-DCS', data: '#1234|NYK', code: 'YK' },
      { format: 'ADM-CID', data: '#C1D|3350 00 000', code: '350' },
    ]);
    expect(taken[0]).toMatchObject({
      kind: 'supervision',
      account: '1234',
      known: true,
      content: { qualifier: 'new' },
      category: 'supervision',
      way: 'local',
      deviceTimeMs: null,
      receivedMs: heardMs + 60_000,
      takenBy: 'receiver-1',
      forward: true,
      raw: '"SIA-DCS"0000L0#1234[#1234|NYC]',
    });
    expect(new Set(taken.map(({ id }) => id)).size).toBe(4);
    expect(told.map(({ event, subject }) => `${event} ${subject}`)).toEqual([
      'alarm.device-lost 2 devices',
      'alarm.device-back 2 devices',
    ]);
  });

  it('is told once when a clock is set forward or back', async () => {
    const { clock, supervision, said } = desk();
    let stepMs = 0;
    const wall = clock.nowMs.bind(clock);
    clock.nowMs = () => wall() + stepMs;
    supervision.put({ account: '1234', intervalMs: 60_000 });
    supervision.work();
    for (const step of [3_600_000, -3_600_000]) {
      stepMs += step;
      supervision.heard('1234');
      await clock.run(59_000, 1_000);
      expect(said()).toEqual([]);
    }
    expect(supervision.watchOf('1234')).toEqual({ watch: 'online', heardMs: clock.nowMs() - 59_000 });
    await clock.run(2_000, 1_000);
    expect(said()).toEqual(['1234 new']);
  });
});

describe('who answers for the devices', () => {
  it('finds nothing while it rests, and gives a whole interval when it works again', async () => {
    const { clock, supervision, said } = desk();
    supervision.put({ account: '1234', intervalMs: 10_000 });
    await clock.run(60_000, 1_000);
    expect(said()).toEqual([]);
    supervision.work();
    await clock.run(9_000, 1_000);
    supervision.rest();
    await clock.run(60_000, 1_000);
    expect(said()).toEqual([]);
    supervision.work();
    await clock.run(9_000, 1_000);
    expect(said()).toEqual([]);
    await clock.run(1_000, 1_000);
    expect(said()).toEqual(['1234 new']);
    supervision.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('an event that could not be made safe', () => {
  it('is handed over again, the same, and in order of its account', async () => {
    const { clock, taken, sink, supervision, said } = desk();
    const tries: string[] = [];
    const take = sink.take;
    sink.take = async (event) => {
      tries.push(event.id);
      throw new Error('the disk is full');
    };
    supervision.put({ account: '1234', intervalMs: 5_000 });
    supervision.work();
    await clock.run(7_000, 500);
    supervision.heard('1234');
    await clock.run(2_000, 500);
    expect(new Set(tries).size).toBe(1);
    expect(tries.length).toBeGreaterThan(2);
    sink.take = take;
    await clock.run(2_000, 500);
    expect(said()).toEqual(['1234 new', '1234 restore']);
    expect(taken[0]?.id).toBe(tries[0]);
    supervision.close();
  });

  it('never waits among more than a thousand, and none of 3,000 lost devices is missing in the end', async () => {
    const { clock, taken, sink, supervision } = desk();
    const take = sink.take;
    sink.take = () => Promise.reject(new Error('away'));
    supervision.set(
      Array.from({ length: 3_000 }, (_, index) => ({ account: `A${index}`, intervalMs: 5_000 })),
    );
    supervision.work();
    await clock.run(10_000, 1_000);
    expect(supervision.counts()).toEqual({ total: 3_000, online: 0, lost: 1_000, never: 2_000 });
    sink.take = take;
    for (let turn = 0; turn < 60 && taken.length < 3_000; turn += 1) await clock.run(1_000, 50);
    expect(new Set(taken.map(({ account }) => account)).size).toBe(3_000);
    expect(taken).toHaveLength(3_000);
    supervision.close();
  });
});

describe('after a restart', () => {
  it('a device that was told as lost is told as back, and not as lost again', async () => {
    const { clock, supervision, said } = desk();
    const devices = ['LOST', 'BACK', 'C1D'].map((account) => ({ account, intervalMs: 60_000 }));
    supervision.set(devices);
    const content = { code: 'YC', area: null, zone: null, user: null, text: null };
    const told = (account: string, qualifier: 'new' | 'restore') => ({
      account,
      kind: 'supervision' as const,
      format: 'SIA-DCS',
      content: { ...content, qualifier },
    });
    supervision.restore({
      heard: devices.map(({ account }) => ({ account, heardMs: clock.nowMs() - 30_000 })),
      // The newest first.
      events: [
        told('LOST', 'new'),
        told('BACK', 'restore'),
        { ...told('C1D', 'new'), kind: 'device', format: 'ADM-CID' },
        told('BACK', 'new'),
        told('LOST', 'restore'),
      ],
    });
    supervision.work();
    expect(supervision.watchOf('LOST')).toEqual({ watch: 'lost', heardMs: clock.nowMs() - 30_000 });
    expect(supervision.watchOf('BACK')?.watch).toBe('online');
    await clock.run(60_000, 1_000);
    expect(said().sort()).toEqual(['BACK new', 'C1D new']);
    supervision.heard('LOST');
    await clock.run(1_000, 1_000);
    expect(said()).toContain('LOST restore');
    supervision.close();
  });
});
