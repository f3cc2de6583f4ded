/** A receiver group at work: joining, who forwards, taking over, failing back, leaving, and what each is told. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { Site } from './receivers.ts';

describe('joining', () => {
  it('makes the first host, the next ones spare 1 to 3, and refuses a fifth', async () => {
    const site = new Site();
    const roles: string[] = [];
    for (const id of ['a', 'b', 'c', 'd'])
      roles.push((await site.receiver(id).group.connect({ replaceOwn: false })).role);
    expect(roles).toEqual(['host', 'spare-1', 'spare-2', 'spare-3']);
    await expect(site.receiver('e').group.connect({ replaceOwn: false })).rejects.toMatchObject({
      code: 'conflict',
      message: 'the group has 4 receivers already: A, B, C, D',
    });
  });

  it('does not replace devices of a receiver that has some unless told to', async () => {
    const site = new Site();
    await site.group('a');
    const spare = site.receiver('b', '7001');
    await expect(spare.group.connect({ replaceOwn: false })).rejects.toMatchObject({ code: 'conflict' });
    expect(spare.directory.text).toBe('7001');
    expect((await spare.make().connect({ replaceOwn: true })).role).toBe('spare-1');
    await site.until(() => spare.directory.text === '1001,1002', 5_000);
  });

  it('says that the store cannot be reached', async () => {
    const site = new Site();
    site.store.down = true;
    await expect(site.receiver('a').group.connect({ replaceOwn: false })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('refuses a second machine with the id of one that runs, and takes back one that was restarted', async () => {
    const site = new Site();
    const [, b] = await site.group('a', 'b');
    const copy = site.receiver('b');
    await expect(site.while(copy.group.connect({ replaceOwn: true }))).rejects.toMatchObject({
      code: 'conflict',
      message: 'another machine of the group uses the id b and runs',
    });
    await site.while(b?.group.close());
    expect((await site.while(copy.make().connect({ replaceOwn: true }))).role).toBe('spare-1');
  });

  it('a copied data folder that is started without joining takes no part and says so', async () => {
    const site = new Site();
    const [a] = await site.group('a', 'b');
    const copy = site.receiver('a');
    copy.memory = a?.memory ?? null;
    await copy.group.start();
    await site.run(12_000);
    expect(site.working).toEqual(['a']);
    expect(copy.works).toBe(false);
    expect(copy.status().problem).toContain('another machine uses the id a');
    expect(copy.group.explain().summary).toContain('another machine uses its id');
  });
});

describe('who forwards', () => {
  it('is the host alone, and its right is extended again and again', async () => {
    const site = new Site();
    const [a] = await site.group('a', 'b', 'c', 'd');
    expect(site.working).toEqual(['a']);
    await site.run(20_000);
    expect(site.log).toEqual(['a works']);
    expect(a?.status()).toMatchObject({
      self: { role: 'host', status: 'working' },
      lease: { holder: 'a', epoch: 1 },
      store: { state: 'reachable' },
      forecast: 'If A died now, B would take over 6.0 s after its last renewal.',
    });
    expect(a?.status().members.map(({ role, status }) => `${role} ${status}`)).toEqual([
      'host working',
      'spare-1 standby',
      'spare-2 standby',
      'spare-3 standby',
    ]);
  });

  it('is spare 1 within ten seconds when the host is gone, and the host again when it is back, in order', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b', 'c');
    site.store.cut.add('a');
    const switchMs = await site.until(() => b?.works === true, 10_000);
    expect(switchMs).toBeLessThan(8_000);
    expect(site.log).toEqual(['a works', 'a rests', 'b works']);
    expect(a?.status()).toMatchObject({ self: { status: 'offline' }, store: { state: 'unreachable' } });
    expect(b?.status().members[0]).toMatchObject({ id: 'a', status: 'offline' });
    site.store.cut.delete('a');
    await site.until(() => a?.works === true, 10_000);
    expect(site.log.slice(-2)).toEqual(['b rests', 'a works']);
    expect(b?.drains).toBe(1);
    expect(a?.epoch).toBe(3);
    expect(a?.status().decisions.map(({ rule }) => rule)).toContain('asks');
  });

  it('finishes what is under way before it hands over, and hands over all the same when that hangs', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    let acknowledged = () => {};
    if (a) {
      a.underWay = new Promise((resolve) => {
        acknowledged = resolve;
      });
    }
    b?.group.handOver({ holdSeconds: 60 });
    await site.until(() => a?.drains === 1, 3_000);
    await site.run(1_000);
    expect(site.working).toEqual(['a']);
    acknowledged();
    expect(await site.until(() => b?.works === true, 2_000)).toBeLessThan(1_000);
    if (b) b.underWay = new Promise(() => {});
    a?.group.handOver({ holdSeconds: 60 });
    const tookMs = await site.until(() => a?.works === true, 10_000);
    expect(tookMs).toBeGreaterThan(3_000);
    expect(b?.status().decisions.map(({ rule }) => rule)).toContain('drain-given-up');
  });

  it('is nobody while the store is away, says so, and is the same one when it is back', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    site.store.down = true;
    await site.run(20_000);
    expect(site.working).toEqual([]);
    expect(a?.status().problem).toMatch(/store is out of reach.*events are kept here, nobody forwards/);
    expect(b?.group.explain().lines.join()).toContain('nobody forwards without the store');
    site.store.down = false;
    await site.until(() => a?.works === true, 5_000);
    expect(site.log).toEqual(['a works', 'a rests', 'a works']);
  });

  it('is a receiver without an output only when nobody better is there', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    if (a) a.ready = false;
    await site.until(() => b?.works === true, 15_000);
    expect(a?.drains).toBe(1);
    site.store.cut.add('b');
    await site.until(() => a?.works === true, 15_000);
    expect(a?.status().members[0]?.problem).toBe('no output');
  });

  it('changes at once when the working one ends in order', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    await site.while(a?.group.close());
    expect(await site.until(() => b?.works === true, 3_000)).toBeLessThan(1_000);
  });
});

describe('a hand-over by hand', () => {
  it('holds for as long as was said, and then goes back to the first in the order', async () => {
    const site = new Site();
    const [a, b, c] = await site.group('a', 'b', 'c');
    c?.group.handOver({ holdSeconds: 30 });
    await site.until(() => c?.works === true, 5_000);
    await site.run(25_000);
    expect(site.working).toEqual(['c']);
    await site.until(() => a?.works === true, 15_000);
    expect(b?.works).toBe(false);
    expect(site.log).toEqual(['a works', 'a rests', 'c works', 'c rests', 'a works']);
  });

  it('can be given by the working one, and is refused with the reason where it cannot be', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b', 'c');
    expect(() => b?.group.handOver({ to: 'c', holdSeconds: 0 })).toThrow(
      'only the working receiver can hand over',
    );
    expect(() => a?.group.handOver({ holdSeconds: 0 })).toThrow('A works already');
    expect(() => a?.group.handOver({ to: 'x', holdSeconds: 0 })).toThrow('x is no member of the group');
    if (b) b.ready = false;
    await site.run(2_000);
    expect(() => a?.group.handOver({ to: 'b', holdSeconds: 0 })).toThrow('B cannot forward: no output');
    if (b) b.ready = true;
    await site.run(2_000);
    a?.group.handOver({ to: 'b', holdSeconds: 20 });
    await site.until(() => b?.works === true, 5_000);
    await site.run(15_000);
    expect(site.working).toEqual(['b']);
    await site.until(() => a?.works === true, 15_000);
  });
});

describe('the order', () => {
  it('is changed on the host only, and the next take-over follows it', async () => {
    const site = new Site();
    const [a, b, c] = await site.group('a', 'b', 'c');
    await expect(b?.group.order(['a', 'c', 'b'])).rejects.toMatchObject({
      code: 'forbidden',
      hint: 'Set the order on A.',
    });
    await expect(a?.group.order(['b', 'a', 'c'])).rejects.toMatchObject({ code: 'invalid_input' });
    await a?.group.order(['a', 'c', 'b']);
    await site.run(2_000);
    expect([b?.group.role(), c?.group.role()]).toEqual(['spare-2', 'spare-1']);
    expect(b?.directory.refusal).toBe('this receiver is spare 2 of the group: edit on the host A');
    site.store.cut.add('a');
    await site.until(() => c?.works === true, 10_000);
  });

  it('is taken over by the next when the host is removed that will not come back', async () => {
    const site = new Site();
    const [, b, c] = await site.group('a', 'b', 'c');
    await expect(b?.group.removeMember('a', 'A')).rejects.toMatchObject({ code: 'forbidden' });
    site.store.cut.add('a');
    await site.until(() => b?.works === true, 10_000);
    await expect(b?.group.removeMember('a', 'wrong')).rejects.toMatchObject({ code: 'invalid_input' });
    await b?.group.removeMember('a', 'A');
    expect(b?.group.role()).toBe('host');
    expect(b?.directory.refusal).toBeNull();
    b?.directory.edit('1001,1002,1003');
    b?.group.directoryChanged();
    await site.until(() => c?.directory.text === '1001,1002,1003', 5_000);
    expect([...site.store.backups.keys()]).toContain('HF_Backup_site_b');
  });
});

describe('leaving', () => {
  it('a spare loses its role and its copy, and the others go on', async () => {
    const site = new Site();
    const [a, b, c] = await site.group('a', 'b', 'c');
    expect(b?.directory.text).toBe('1001,1002');
    const before = await b?.group.clearing();
    expect(before).toMatchObject({ done: false });
    expect(before?.clears).toEqual([
      'the role spare-1 of this receiver in the group site',
      '2 devices, the outputs and mappings that were copied from A',
    ]);
    expect(b?.directory.text).toBe('1001,1002');
    expect(await site.while(b?.group.leave())).toMatchObject({ done: true });
    expect(b?.directory).toMatchObject({ text: '', refusal: null });
    expect(b?.memory).toBeNull();
    await site.run(3_000);
    expect(c?.group.role()).toBe('spare-1');
    expect(site.working).toEqual(['a']);
    expect(a?.status().members).toHaveLength(2);
  });

  it('of the working spare hands over first', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    b?.group.handOver({ holdSeconds: 300 });
    await site.until(() => b?.works === true, 5_000);
    await site.while(b?.group.leave());
    expect(b?.works).toBe(false);
    await site.until(() => a?.works === true, 5_000);
  });

  it('of the host ends the group: spares lose roles and copies, the host keeps its own', async () => {
    const site = new Site();
    const [a, b, c] = await site.group('a', 'b', 'c');
    const left = await site.while(a?.group.leave());
    expect(left.clears.join('\n')).toContain('on B, C: the role, and everything copied from this host');
    await site.until(() => b?.removedWhy !== null && c?.removedWhy !== null, 5_000);
    expect(b?.removedWhy).toBe('the host has disabled the group');
    expect([a, b, c].map((each) => each?.directory.text)).toEqual(['1001,1002', '', '']);
    expect([a, b, c].map((each) => each?.directory.refusal)).toEqual([null, null, null]);
    expect(site.working).toEqual([]);
    expect(site.store.backups.size).toBe(0);
    expect(site.store.ingress?.accounts).toEqual([]);
  });

  it('of the host is followed by a spare whose disk refuses it at first', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    if (!b) throw new Error('no spare');
    const clear = b.directory.clear.bind(b.directory);
    let full = true;
    b.directory.clear = () => {
      if (full) throw new AppError('disk_full', 'no room');
      clear();
    };
    await site.while(a?.group.leave());
    await site.until(() => b.notes.some(({ event }) => event === 'group.not-cleared'), 10_000);
    expect(b.removedWhy).toBeNull();
    full = false;
    await site.until(() => b.removedWhy !== null, 15_000);
    expect(b.directory.text).toBe('');
  });

  it('of the host is found by a spare that was off meanwhile', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    await site.while(b?.group.close());
    await site.while(a?.group.leave());
    await b?.make().start();
    await site.until(() => b?.removedWhy !== null, 5_000);
    expect(b?.directory.text).toBe('');
  });

  it('of the host is refused while alarms wait in the queue of the group', async () => {
    const site = new Site();
    const [a] = await site.group('a', 'b');
    site.store.events.set(1, { receivedMs: 5 } as never);
    await expect(site.while(a?.group.leave())).rejects.toMatchObject({
      code: 'conflict',
      message: "1 alarm of the group's queue is not forwarded yet",
    });
    expect(site.working).toEqual(['a']);
  });

  it('without the store clears what is here, and says what stays elsewhere', async () => {
    const site = new Site();
    const [, b] = await site.group('a', 'b');
    site.store.down = true;
    const left = await site.while(b?.group.leave());
    expect(left.clears.join('\n')).toContain('not its entry in the list of receivers');
    expect(b?.directory.text).toBe('');
  });
});

describe('alarms that were handed to the queue', () => {
  const sentAgain = (keeps: readonly string[] = []) =>
    keeps.filter((line) => line.includes('not known here'));

  it('wait here again when the host leaves a store that is gone, but for those that an empty queue vouches for', async () => {
    const site = new Site();
    const [a] = await site.group('a', 'b');
    if (a) Object.assign(a.shared, { mark: 3, numbers: [1, 2, 3] });
    await site.run(5_000);
    site.store.events.set(9, { receivedMs: 5 } as never);
    await site.run(3_000);
    if (a) Object.assign(a.shared, { mark: 5, numbers: [1, 2, 3, 4, 5] });
    await site.run(5_000);
    site.store.down = true;
    const plan = await site.while(a?.group.clearing());
    expect(sentAgain(plan.keeps)).toEqual([
      "2 alarms of the group's queue whose end is not known here: they are sent from here once more; the ARC may get some twice",
    ]);
    expect(await site.while(a?.group.leave())).toEqual({ ...plan, done: true });
    expect(a?.shared).toMatchObject({ back: [4, 5], closed: true });
    expect(a?.memory).toBeNull();
  });

  it('are counted from where it was known before a restart', async () => {
    const site = new Site();
    const [a] = await site.group('a');
    if (a) Object.assign(a.shared, { mark: 3, numbers: [1, 2, 3, 4] });
    await site.run(65_000);
    await site.while(a?.group.close());
    expect(a?.memory?.settledThrough).toBe(3);
    site.store.down = true;
    await a?.make().start();
    await site.run(1_000);
    await site.while(a?.group.leave());
    expect(a?.shared.back).toEqual([4]);
  });

  it('are none of this group when an earlier one had them', async () => {
    const site = new Site();
    const a = site.receiver('a', '1001');
    Object.assign(a.shared, { mark: 7, numbers: [6, 7] });
    site.store.events.set(1, { receivedMs: 5 } as never);
    await a.group.connect({ replaceOwn: false });
    a.shared.numbers.push(8);
    await site.run(3_000);
    site.store.down = true;
    await site.while(a.group.leave());
    expect(a.shared.back).toEqual([8]);
  });

  it('stay with a group that goes on, and wait on a spare again when it leaves without the store or the group ends', async () => {
    const site = new Site();
    const [a, b, c, d] = await site.group('a', 'b', 'c', 'd');
    for (const each of [b, c, d]) if (each) Object.assign(each.shared, { mark: 0, numbers: [1] });
    await site.while(b?.group.leave());
    expect(b?.shared.back).toEqual([]);
    site.store.cut.add('c');
    const left = await site.while(c?.group.leave());
    expect(sentAgain(left.keeps)).toHaveLength(1);
    expect(c?.shared.back).toEqual([1]);
    await site.while(a?.group.leave());
    await site.until(() => d?.removedWhy !== null, 5_000);
    expect(d?.shared).toMatchObject({ back: [1], closed: true });
  });

  it('are handed over once more when the store went back or was made anew', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    for (const each of [a, b]) if (each) Object.assign(each.shared, { mark: 4, numbers: [3, 4] });
    await site.run(5_000);
    for (const each of [a, b]) each?.shared.numbers.push(5);
    site.store.putBack(site.store.keep());
    await site.until(() => a?.shared.back.length === 1 && b?.shared.back.length === 1, 5_000);
    await site.until(() => a?.works === true, 15_000);
    for (const each of [a, b]) each?.shared.numbers.push(6);
    site.store.loseRegisters();
    await site.until(() => a?.shared.back.length === 2 && b?.shared.back.length === 2, 20_000);
    expect([a?.shared.back, b?.shared.back]).toEqual([
      [5, 6],
      [5, 6],
    ]);
    expect(a?.shared.closed).toBe(false);
    expect(a?.notes.map(({ text }) => text)).toContain(
      'the store may have lost alarms of its queue: 1 alarm handed over once more',
    );
  });
});

describe('an empty queue', () => {
  it.each([0, 400, 860, 880, 900, 1_300, 1_860, 1_880, 1_900])(
    'vouches for nothing when the store has just lost what it held (%i ms into the round)',
    async (offsetMs) => {
      const site = new Site();
      const [a] = await site.group('a');
      if (a) Object.assign(a.shared, { mark: 4, numbers: [3, 4] });
      await site.run(10_000 + offsetMs);
      if (a) Object.assign(a.shared, { mark: 5, numbers: [3, 4, 5] });
      site.store.loseRegisters();
      await site.until(() => (a?.shared.back.length ?? 0) > 0, 20_000);
      expect(a?.shared.back).toEqual([5]);
    },
  );
});

describe('a store that forgets', () => {
  it('with an older copy put back makes all rest and wait, and then one works', async () => {
    const site = new Site();
    const kept = site.store.keep();
    const [a, b] = await site.group('a', 'b');
    const later = site.store.keep();
    await site.run(5_000);
    site.store.putBack({ ...kept, registers: later.registers });
    await site.run(1_000);
    expect(site.working).toEqual([]);
    expect(a?.notes.map(({ event }) => event)).toContain('group.store-went-back');
    await site.until(() => a?.works === true, 8_000);
    expect(a?.epoch).toBeGreaterThan(1);
    expect(b?.works).toBe(false);
  });

  it('without the list of receivers gets it back from the host', async () => {
    const site = new Site();
    const [a, b] = await site.group('a', 'b');
    site.store.loseRegisters();
    await site.until(() => site.store.text('roster') !== null, 15_000);
    await site.until(() => a?.works === true, 15_000);
    expect(a?.notes.map(({ event }) => event)).toContain('group.roster-restored');
    expect(b?.directory.text).toBe('1001,1002');
    expect(b?.removedWhy).toBeNull();
  });
});
