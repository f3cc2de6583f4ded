/** The role machine's rules one by one: when a lease may be taken, what a write is worth, and what it says of it. */
import { describe, expect, it } from 'vitest';
import { explainLines, GroupDesk, rosterOf } from './group-desk.ts';

describe('taking the lease', () => {
  it('waits the full time after a start, although nobody ever held it', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']);
    expect(desk.takesWithin(10_000)).toBeGreaterThanOrEqual(5_000);
  });

  it.each([
    ['a', 5_000],
    ['b', 6_000],
    ['c', 7_000],
    ['d', 8_000],
  ])('place of %s: after %i ms without a renewal', (id, waitMs) => {
    const desk = new GroupDesk(id).joins(['a', 'b', 'c', 'd']).sees({ holder: 'x', epoch: 7, seq: 1 });
    const tookMs = desk.takesWithin(20_000) ?? 0;
    expect(tookMs).toBeGreaterThanOrEqual(waitMs);
    expect(tookMs).toBeLessThan(waitMs + 200);
    expect(desk.taking()?.record).toMatchObject({ holder: id, epoch: 8, successor: null });
  });

  it('waits four steps longer while it cannot forward, and while its copy is old', () => {
    const unready = new GroupDesk('b').joins(['a', 'b']).sees({ holder: 'x', epoch: 7, seq: 1 });
    unready.facts({ ready: false, problem: 'no output' });
    expect(unready.takesWithin(20_000)).toBeGreaterThanOrEqual(10_000);
    const old = new GroupDesk('b').joins(['a', 'b']).sees({ holder: 'x', epoch: 7, seq: 1 });
    old.hears('a', { backup: { version: 9, state: 'updated', publishedMs: 1 } });
    expect(old.takesWithin(20_000)).toBeGreaterThanOrEqual(10_000);
  });

  it('counts from the first sight of a revision, and anew from each renewal', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).sees({ holder: 'b', epoch: 7, seq: 1 });
    for (let seq = 2; seq < 12; seq += 1) {
      expect(desk.takesWithin(4_000)).toBeNull();
      desk.sees({ holder: 'b', epoch: 7, seq });
    }
    expect(desk.takesWithin(6_000)).toBeGreaterThanOrEqual(5_000);
  });

  it('is immediate for the one it is handed to, and not for a member that has only just looked', () => {
    const witness = new GroupDesk('b').joins(['a', 'b']).sees({ holder: 'a', epoch: 7, seq: 1 });
    witness.sees({ holder: null, epoch: 7, seq: 2, successor: 'b' });
    expect(witness.takesWithin(300)).not.toBeNull();
    const newcomer = new GroupDesk('b')
      .joins(['a', 'b'])
      .sees({ holder: null, epoch: 7, seq: 2, successor: 'b' });
    expect(newcomer.takesWithin(5_000)).toBeNull();
  });

  it('leaves the named one two seconds, and then goes on in the order', () => {
    const desk = new GroupDesk('b').joins(['a', 'b', 'c']).sees({ holder: 'a', epoch: 7, seq: 1 });
    desk.sees({ holder: null, epoch: 7, seq: 2, successor: 'c' });
    const tookMs = desk.takesWithin(10_000) ?? 0;
    expect(tookMs).toBeGreaterThanOrEqual(3_000);
    expect(tookMs).toBeLessThan(4_500);
  });

  it('never happens for who is not in the list, or while the list is not known', () => {
    expect(new GroupDesk('z').joins(['a', 'b']).takesWithin(20_000)).toBeNull();
    expect(new GroupDesk('a').takesWithin(20_000)).toBeNull();
  });

  it('uses an epoch above every one it has seen', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).sees({ holder: 'b', epoch: 90, seq: 1 });
    desk.sees({ holder: 'b', epoch: 3, seq: 1 });
    desk.takesWithin(10_000);
    expect(desk.taking()?.record.epoch).toBe(91);
  });
});

describe('the right to forward', () => {
  it('is worth four seconds from before the take was sent, however late its answer is', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']);
    desk.takesWithin(10_000);
    const sentMs = desk.nowMs;
    desk.passes(1_200);
    desk.confirms();
    expect(desk.last('work')).toEqual({ type: 'work', epoch: 1, rightUntilMs: sentMs + 4_000 });
  });

  it('is not taken up when the answer comes after its end', () => {
    const desk = new GroupDesk('a', { rpcTimeoutMs: 3_000, holdMs: 4_000 }).joins(['a', 'b']);
    desk.takesWithin(10_000);
    desk.passes(4_100);
    desk.confirms();
    expect(desk.last('work')).toBeNull();
    expect(desk.rules()).toContain('taken-too-late');
  });

  it('ends by itself without a renewal, and is not extended by a write without an answer', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).works();
    const untilMs = desk.state.rightUntilMs;
    desk.passesUntil(() => desk.asked('writeLease'), 2_000);
    desk.fails();
    expect(desk.state.rightUntilMs).toBe(untilMs);
    desk.passes(untilMs - desk.nowMs - 100);
    expect(desk.state.phase).toBe('working');
    desk.passes(200);
    expect(desk.state.phase).toBe('closing');
    expect(desk.last('rest')).not.toBeNull();
  });

  it('is extended by a write whose answer was lost, when a read shows it, from when it was sent', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).works();
    desk.passesUntil(() => desk.asked('writeLease'), 2_000);
    const sentMs = desk.nowMs;
    const record = desk.taking()?.record;
    desk.fails();
    desk.passes(500);
    if (record) desk.sees(record);
    expect(desk.state.rightUntilMs).toBe(sentMs + 4_000);
  });

  it('is lost at once when the lease is found to be of another', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).works();
    desk.passesUntil(() => desk.asked('writeLease'), 2_000);
    desk.conflicts();
    desk.sees({ holder: 'b', epoch: 5, seq: 1 });
    expect(desk.state.phase).toBe('closing');
    expect(desk.rules()).toContain('lease-lost');
  });

  it('that ran out is taken up again under a higher epoch without waiting, while nobody else had it', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).works();
    desk.passesUntil(() => desk.state.phase === 'closing', 10_000);
    desk.does({ type: 'rested' });
    desk.answersReads();
    expect(desk.takesWithin(400)).not.toBeNull();
    expect(desk.taking()?.record.epoch).toBe(2);
  });

  it('is given up when the queue knows a later epoch, and the next epoch is far above', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).works();
    desk.does({ type: 'outdated', epoch: 1, problem: 'a later one has opened it' });
    expect(desk.state.phase).toBe('draining');
    expect(desk.state.highestEpoch).toBeGreaterThan(1_000);
  });
});

describe('handing over', () => {
  const asking = (desk: GroupDesk, changes = {}) => {
    desk.hears('a', { wants: true, ...changes });
    desk.hears('a', { wants: true, ...changes });
  };

  it('goes to one before it that asks, can forward and is alive: drain, rest, and only then the release', () => {
    const desk = new GroupDesk('b').joins(['a', 'b']).works();
    asking(desk);
    expect(desk.last('drain')).toEqual({ type: 'drain', limitMs: 3_000 });
    expect(desk.last('rest')).toBeNull();
    desk.does({ type: 'drained' });
    expect(desk.last('rest')).not.toBeNull();
    expect(desk.releases()).toBeNull();
    desk.does({ type: 'rested' });
    expect(desk.releases()).toMatchObject({ holder: null, successor: 'a', epoch: 1 });
  });

  it('does not go to one behind it, to one that cannot forward, or to one whose word lies still', () => {
    const first = new GroupDesk('a').joins(['a', 'b']).works();
    first.hears('b', { wants: true });
    first.hears('b', { wants: true });
    expect(first.state.phase).toBe('working');
    const second = new GroupDesk('b').joins(['a', 'b']).works();
    asking(second, { ready: false });
    expect(second.state.phase).toBe('working');
    const third = new GroupDesk('b').joins(['a', 'b']).works();
    third.hears('a', { wants: true });
    expect(third.state.phase).toBe('working');
  });

  it('is not tried again soon with one that did not take it, and later each time', () => {
    const desk = new GroupDesk('b').joins(['a', 'b']).works();
    const givesInVain = () => {
      asking(desk);
      desk.does({ type: 'drained' });
      desk.does({ type: 'rested' });
      desk.confirms();
      desk.hears('a', { wants: false });
      desk.takesWithin(10_000);
      desk.confirms();
      expect(desk.state.phase).toBe('working');
    };
    givesInVain();
    givesInVain();
    asking(desk);
    expect(desk.state.phase).toBe('working');
    desk.hears('a', { wants: false });
    desk.renews(10_000);
    asking(desk);
    expect(desk.state.phase).toBe('draining');
  });
});

describe('what it says', () => {
  it('names the grounds for staying as it is', () => {
    const desk = new GroupDesk('b').joins(['a', 'b']).sees({ holder: 'a', epoch: 7, seq: 1 });
    desk.hears('a', { working: true });
    desk.hears('a', { working: true });
    for (let turn = 0; turn < 30; turn += 1) {
      desk.passes(100);
      desk.answersReads();
      if (turn % 10 === 9) desk.hears('a', { working: true });
    }
    const lines = explainLines(desk);
    expect(lines[0]).toBe(
      'B does not forward: the lease of A has not been renewed for 3.0 s; it may take it in 3.0 s.',
    );
    expect(lines).toContain('A (host) is there and can forward; works.');
    expect(lines).toContain('B (spare-1) is this receiver; it can forward.');
    expect(lines.at(-1)).toBe('If A died now, B would take over 6.0 s after its last renewal.');
  });

  it('says who takes over once the working one is silent', () => {
    const desk = new GroupDesk('b').joins(['a', 'b']).sees({ holder: 'a', epoch: 7, seq: 1 });
    desk.hears('a', { working: true });
    desk.hears('a', { working: true });
    for (let turn = 0; turn < 50; turn += 1) {
      desk.passes(100);
      desk.answersReads();
    }
    expect(explainLines(desk).at(-1)).toBe('A is silent; B takes over 6.0 s after its last renewal.');
  });

  it('has a sentence for each phase', () => {
    const desk = new GroupDesk('a').joins(['a', 'b']).works();
    expect(explainLines(desk)[0]).toMatch(/^A forwards the alarms under epoch 1, for another 4\.0 s/);
    desk.does({ type: 'end', why: 'this receiver ends' });
    expect(explainLines(desk)[0]).toBe('A finishes what is under way, to hand over to nobody.');
    desk.does({ type: 'drained' });
    expect(explainLines(desk)[0]).toBe('A stops forwarding.');
  });

  it('shows the order when it changes', () => {
    const desk = new GroupDesk('a').joins(['a', 'b', 'c']);
    desk.does({ type: 'rosterRead', outcome: { kind: 'ok', roster: rosterOf(['a', 'c', 'b']) } });
    expect(desk.outcomes()).toContain('the order is A, C, B');
  });
});
