import { describe, expect, it } from 'vitest';
import { AddressLifetimes } from '../../../../agent/standby/resources/address-lifetimes.ts';
import { FakeClock, FakeCommands, settled } from './fakes.ts';

function rig(governed = true) {
  const clock = new FakeClock();
  const commands = new FakeCommands();
  const events: string[] = [];
  const lifetimes = new AddressLifetimes({ commands, clock, onEvent: ({ text }) => events.push(text) });
  lifetimes.govern(governed);
  const inputs = () => commands.calls.map(({ input }) => input);
  return { clock, commands, events, lifetimes, inputs };
}

const four = { cidr: '192.0.2.50/24', interfaceName: 'eth0', flags: [] };
const six = { cidr: 'fd00::50/64', interfaceName: 'eth1', flags: ['nodad'] };
const signal = new AbortController().signal;

describe('the lifetime of virtual addresses', () => {
  it('is renewed for all of them by one program', async () => {
    const { lifetimes, commands, inputs } = rig();
    lifetimes.hold('four', four);
    lifetimes.hold('six', six);
    lifetimes.grant(1, 700);
    await settled();
    expect(commands.lines).toEqual(['ip -force -batch -']);
    expect(inputs()).toEqual([
      'address change 192.0.2.50/24 dev eth0 valid_lft 1 preferred_lft 1\n' +
        'address change fd00::50/64 dev eth1 valid_lft 1 preferred_lft 1 nodad\n',
    ]);
  });

  it('is not renewed of one that was let go, which waits for a renewal under way', async () => {
    const { clock, lifetimes, commands } = rig();
    lifetimes.hold('four', four);
    commands.answer = () => 'hang';
    lifetimes.grant(1, 300);
    let gone = false;
    void lifetimes.letGo('four').then(() => {
      gone = true;
    });
    await settled();
    expect(gone).toBe(false);
    // Too late to count, the program is ended.
    await clock.advance(300);
    expect(gone).toBe(true);
    lifetimes.grant(1, 2_000);
    await settled();
    expect(commands.calls).toHaveLength(1);
  });

  it('is given to a new address only while the right to work is young, else from the next grant on', async () => {
    const { clock, lifetimes } = rig();
    lifetimes.grant(1, 100);
    expect(await lifetimes.words(signal)).toEqual(['valid_lft', '1', 'preferred_lft', '1']);
    await clock.advance(100);
    let words: string[] | null = null;
    void lifetimes.words(signal).then((given) => {
      words = given;
    });
    await clock.advance(500);
    expect(words).toBeNull();
    lifetimes.grant(6, 1_000);
    await settled();
    expect(words).toEqual(['valid_lft', '6', 'preferred_lft', '6']);
  });

  it('is not waited for longer than the start may take', async () => {
    const { lifetimes } = rig();
    const late = new AbortController();
    const refused = expect(lifetimes.words(late.signal)).rejects.toMatchObject({ code: 'timeout' });
    await settled();
    late.abort();
    await refused;
  });

  it('has no end where no lease governs', async () => {
    const { lifetimes, commands } = rig(false);
    expect(await lifetimes.words(signal)).toEqual([]);
    lifetimes.hold('four', four);
    lifetimes.grant(1, 700);
    await settled();
    expect(commands.calls).toEqual([]);
  });

  it('that cannot be renewed is told, once', async () => {
    const { clock, lifetimes, commands, events } = rig();
    lifetimes.hold('four', four);
    commands.answer = () => ({ code: 1, lastLines: 'RTNETLINK answers: Operation not permitted' });
    for (let round = 1; round <= 3; round += 1) {
      lifetimes.grant(1, round * 500 + 700);
      await clock.advance(500);
    }
    expect(commands.calls).toHaveLength(3);
    expect(events).toHaveLength(1);
    expect(events[0]).toContain('Operation not permitted');
  });

  it('is not renewed more often than needed, however often the right is confirmed', async () => {
    const { clock, lifetimes, commands } = rig();
    lifetimes.hold('four', four);
    for (let at = 0; at < 1_000; at += 10) {
      lifetimes.grant(1, at + 700);
      await clock.advance(10);
    }
    expect(commands.calls.length).toBeGreaterThan(4);
    expect(commands.calls.length).toBeLessThanOrEqual(7);
  });
});
