import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../agent/standby/machine/operations.ts';
import { heartbeatOf } from '../../../agent/standby/machine/peer.ts';
import { configWith, Desk, heartbeat, lease } from './machine-desk.ts';

describe('rule 1: only a success extends the lease, from before it was sent', () => {
  it('counts from sending, however late the answer', () => {
    const desk = new Desk().becomeActive();
    expect(desk.state.role).toBe('active');
    expect(desk.state.validUntilMs).toBe(3_600 + 1_500);
    desk.tick(4_100).accepts('2', 4_500);
    expect(desk.state.validUntilMs).toBe(4_100 + 1_500);
  });

  it('arms the watchdog for S after the end of the lease', () => {
    const desk = new Desk().becomeActive();
    expect(desk.all).toContainEqual({ type: 'armWatchdog', deadlineMs: 3_600 + 1_500 + 500 });
  });

  it('believes a write of unknown outcome only once a read shows that very write', () => {
    const desk = new Desk().becomeActive().tick(4_100);
    const { record } = desk.written;
    desk.writes({ kind: 'unknown', problem: 'time-out' }, 4_600);
    expect(desk.state.validUntilMs).toBe(3_600 + 1_500);
    desk.reads({ record, revision: '2' }, 4_610);
    expect(desk.state.validUntilMs).toBe(4_100 + 1_500);
  });

  it('does not take an older write for a later one', () => {
    const desk = new Desk().becomeActive().tick(4_100);
    const first = desk.written.record;
    desk
      .writes({ kind: 'unknown', problem: 'time-out' }, 4_600)
      .reads(lease({ holder: 'a', seq: 100 }, '1'), 4_610);
    const second = desk.written.record;
    expect(second.seq).toBeGreaterThan(first.seq);
    desk
      .writes({ kind: 'unknown', problem: 'time-out' }, 4_900)
      .reads({ record: first, revision: '2' }, 4_910);
    expect(desk.state.validUntilMs).toBe(4_100 + 1_500);
  });

  it('writes no lease twice at once', () => {
    const desk = new Desk().becomeActive().tick(4_100);
    desk.tick(4_200).tick(4_300);
    expect(desk.all.filter(({ type }) => type === 'writeLease')).toHaveLength(2);
  });
});

describe('rule 2: the end of the lease is the end of work', () => {
  it('freezes, drops the address and stops, even when the answer is just coming in', () => {
    const desk = new Desk().becomeActive().tick(4_100);
    desk.accepts('2', 5_100);
    expect(desk.types()).toEqual(expect.arrayContaining(['freeze', 'dropAddresses', 'stopResources']));
    expect(desk.state.role).toBe('deactivating');
    expect(desk.rules()).toContain('lease-ran-out');
  });

  it('resets the machine when S is over and something still runs', () => {
    const desk = new Desk().becomeActive().tick(5_100).tick(5_599);
    expect(desk.rules()).not.toContain('reset-machine');
    desk.tick(5_600);
    expect(desk.types()).toContain('resetMachine');
  });

  it('does not come back by a renewal that succeeds too late', () => {
    const desk = new Desk().becomeActive().tick(4_300).tick(5_100);
    desk.accepts('2', 5_150);
    expect(desk.state.role).toBe('deactivating');
    desk.tell({ type: 'resourcesStopped' }, 5_200);
    expect(desk.state.role).toBe('standby');
  });

  it('releases what it still holds only after everything has stopped', () => {
    const desk = new Desk().becomeActive().tick(4_300).tick(5_100).accepts('2', 5_150);
    expect(desk.written.record.holder).toBe('a');
    desk.tell({ type: 'resourcesStopped' }, 5_200);
    desk.reads({ record: desk.written.record, revision: '2' }, 5_210);
    expect(desk.written.record).toMatchObject({ holder: null, successor: 'b', epoch: 1 });
    expect(desk.written.expected).toBe('2');
  });

  it('loses the lease by a suspend, and is reset when the sleep was too long', () => {
    const short = new Desk().becomeActive().tell({ type: 'suspended', forMs: 200 }, 3_800);
    expect(short.types()).toContain('dropAddresses');
    expect(short.types()).not.toContain('resetMachine');
    const long = new Desk().becomeActive().tell({ type: 'suspended', forMs: 60_000 }, 3_800);
    expect(long.types()).toContain('resetMachine');
  });

  it('resets a machine that cannot stop what it is to hand over', () => {
    const desk = new Desk().becomeActive();
    desk.tell({ type: 'operator', operation: 'hand-over' }, 3_800);
    desk.tell({ type: 'stopFailed', problem: 'does not end' }, 3_900);
    expect(desk.types()).toContain('resetMachine');
    expect(desk.all.some((action) => action.type === 'writeLease' && action.record.holder === null)).toBe(
      false,
    );
  });
});

describe('rule 3: a lease is taken only after T without a change', () => {
  it('waits T from the first receipt, not from the latest', () => {
    const desk = new Desk().becomeStandby();
    for (let atMs = 2_200; atMs < 4_400; atMs += 200) {
      desk.look(lease({ holder: 'b' }, '7'), atMs);
      expect(desk.state.role).toBe('standby');
    }
    desk.look(lease({ holder: 'b' }, '7'), 4_399);
    expect(desk.state.role).toBe('standby');
    desk.look(lease({ holder: 'b' }, '7'), 4_400);
    expect(desk.state.role).toBe('candidate');
    expect(desk.written).toMatchObject({ expected: '7', record: { holder: 'a', epoch: 2 } });
  });

  it('begins again with every renewal', () => {
    const desk = new Desk()
      .becomeStandby()
      .tick(4_000)
      .reads(lease({ holder: 'b', seq: 2 }, '8'), 4_000);
    desk.tick(4_500);
    expect(desk.state.role).toBe('standby');
  });

  it('waits the full T after a restart, also for its own old lease', () => {
    const own = lease({ holder: 'a', epoch: 4 }, '7');
    const desk = new Desk().becomeStandby({ holder: 'a', epoch: 4 }).look(own, 4_399);
    expect(desk.state.role).toBe('standby');
    desk.look(own, 4_401);
    expect(desk.written.record).toMatchObject({ holder: 'a', epoch: 5 });
  });

  it('takes a release to itself at once, when it saw it happen', () => {
    const desk = new Desk().becomeStandby().tick(2_300);
    desk.reads(lease({ holder: null, successor: 'a', seq: 2 }, '8'), 2_310);
    expect(desk.state.role).toBe('candidate');
    desk.accepts('9', 2_320);
    expect(desk.actions).toContainEqual({ type: 'startResources', epoch: 2, handedOver: true });
  });

  it('does not take a release at once that it only found, nor one to the other', () => {
    const found = new Desk().becomeStandby({ holder: null, successor: 'a' }).tick(2_300);
    expect(found.state.role).toBe('standby');
    const other = new Desk().becomeStandby().tick(2_300);
    other.reads(lease({ holder: null, successor: 'b', seq: 2 }, '8'), 2_310);
    expect(other.state.role).toBe('standby');
    expect(other.rules()).toContain('handed-over');
  });

  it('leaves what an operator brought out alone', () => {
    const desk = new Desk().becomeStandby().tick(2_300);
    desk.reads(lease({ holder: null, successor: null, seq: 2 }, '8'), 2_310).tick(20_000);
    expect(desk.rules()).toContain('brought-out');
    expect(desk.state.role).toBe('standby');
  });

  it('does not act on a take that was confirmed too late', () => {
    const desk = new Desk().becomeStandby().look(lease({ holder: 'b' }, '7'), 4_400);
    const sentAtMs = desk.nowMs;
    desk.accepts('8', sentAtMs + 900);
    expect(desk.state.role).toBe('activating');
    const late = new Desk().becomeStandby().look(lease({ holder: 'b' }, '7'), 4_400);
    const { record } = late.written;
    late.writes({ kind: 'unknown', problem: 'time-out' }, 4_900);
    late.reads({ record, revision: '8' }, 6_000);
    expect(late.state.role).not.toBe('activating');
  });
});

describe('epochs never go back', () => {
  it('refuses an arbiter that was restored, and says so, until a person confirms', () => {
    const desk = new Desk({}, { highestEpoch: 9 }).becomeStandby({ epoch: 4 });
    desk.look(lease({ epoch: 4 }, '7'), 4_500);
    expect(desk.state.role).toBe('standby');
    expect(desk.rules()).toContain('arbiter-went-back');
    desk.tell({ type: 'operator', operation: 'take-over' }, 4_600);
    expect(desk.rules()).toContain('take-over-refused');
    desk
      .tell({ type: 'operator', operation: 'take-over', confirm: 'Bert' }, 4_700)
      .look(lease({ epoch: 4 }, '7'), 4_750);
    expect(desk.written.record.epoch).toBe(10);
  });

  it('refuses an emptied arbiter too', () => {
    const desk = new Desk({}, { highestEpoch: 9 }).tick(1_000).tell({ type: 'resourcesStopped' }, 1_100);
    desk.reads(null, 1_200).tick(1_400).reads(null, 1_410).tick(9_000);
    expect(desk.rules()).toContain('arbiter-went-back');
    expect(desk.state.role).toBe('standby');
  });

  it('keeps off a lease that a third node claims, and stops when it held it', () => {
    const standby = new Desk().becomeStandby({ holder: 'mallory', epoch: 3 }).tick(9_000);
    expect(standby.rules()).toContain('foreign-holder');
    expect(standby.state.role).toBe('standby');
    const active = new Desk().becomeActive().tick(4_100).writes({ kind: 'conflict' }, 4_110);
    active.reads(lease({ holder: 'mallory', epoch: 2 }, '9'), 4_120);
    expect(active.rules()).toContain('lease-lost');
    expect(active.types()).toContain('dropAddresses');
  });
});

describe('rule 6: the promise', () => {
  const promising = (echoMs: number) =>
    heartbeat({ epoch: 1, promiseForMs: 1_500, promiseEchoOfMs: echoMs, sentAtMs: 60 });

  it('lets the holder go on without the arbiter, counted from its own clock at the echo', () => {
    const desk = new Desk().becomeActive().tell(promising(4_500), 5_000);
    expect(desk.state.promisedUntilMs).toBe(6_000);
    desk.tick(5_200);
    expect(desk.state.role).toBe('active');
    desk.tick(6_000);
    expect(desk.state.role).toBe('deactivating');
  });

  it('counts for no longer than D, for no other epoch, and not from the future', () => {
    const desk = new Desk().becomeActive();
    desk.tell(heartbeat({ promiseForMs: 99_999, promiseEchoOfMs: 3_700 }), 3_800);
    expect(desk.state.promisedUntilMs).toBe(5_200);
    desk.tell(heartbeat({ epoch: 0, promiseForMs: 1_500, promiseEchoOfMs: 3_790, sentAtMs: 61 }), 3_810);
    desk.tell(heartbeat({ promiseForMs: 1_500, promiseEchoOfMs: 99_999, sentAtMs: 62 }), 3_820);
    expect(desk.state.promisedUntilMs).toBe(5_200);
  });

  it('is given to a holder that is heard, and kept past T', () => {
    const desk = new Desk().becomeStandby();
    desk.tell(heartbeat({ role: 'active', leaseValidForMs: 1_000, sentAtMs: 777 }), 4_300);
    expect(heartbeatOf(desk.state, { monotonicMs: 4_310, utcMs: 0 })).toMatchObject({
      promiseForMs: 1_500,
      promiseEchoOfMs: 777,
      epoch: 1,
    });
    desk.look(lease({}, '7'), 4_500);
    expect(desk.rules()).toContain('promise');
    expect(desk.state.role).toBe('standby');
    desk.look(lease({}, '7'), 4_300 + 2_296);
    expect(desk.state.role).toBe('candidate');
    expect(heartbeatOf(desk.state, { monotonicMs: 6_610, utcMs: 0 }).promiseForMs).toBe(0);
  });

  it('ends when the run that it was made to says that everything has stopped; T is waited for all the same', () => {
    const desk = new Desk().becomeStandby();
    desk.tell(heartbeat({ role: 'active', leaseValidForMs: 1_000, sentAtMs: 777 }), 4_300);
    desk.tell(heartbeat({ role: 'standby', sentAtMs: 780 }), 4_350);
    desk.look(lease({}, '7'), 4_399);
    expect(desk.state.role).toBe('standby');
    desk.look(lease({}, '7'), 4_500);
    expect(desk.state.role).toBe('candidate');
  });

  it.each([
    ['an earlier word', { role: 'standby', sentAtMs: 776 }],
    ['another run', { role: 'standby', sentAtMs: 780, bootId: 'boot-c' }],
    ['a node that is stopping', { role: 'deactivating', sentAtMs: 780 }],
    ['a node that could not stop', { role: 'fault', sentAtMs: 780 }],
  ] as const)('is not ended by %s', (_what, word) => {
    const desk = new Desk().becomeStandby();
    desk.tell(heartbeat({ role: 'active', leaseValidForMs: 1_000, sentAtMs: 777 }), 4_300);
    desk.tell(heartbeat(word), 4_350);
    desk.look(lease({}, '7'), 4_500);
    expect(desk.state.role).toBe('standby');
    expect(desk.rules()).toContain('promise');
  });

  it('is not given to a holder without a right, nor under an old epoch', () => {
    const desk = new Desk().becomeStandby({ epoch: 3 });
    desk.tell(heartbeat({ role: 'active', leaseValidForMs: 0, epoch: 3 }), 2_100);
    desk.tell(heartbeat({ role: 'active', leaseValidForMs: 900, epoch: 2, sentAtMs: 70 }), 2_110);
    expect(heartbeatOf(desk.state, { monotonicMs: 2_120, utcMs: 0 }).promiseForMs).toBe(0);
  });
});

describe('rule 7: heartbeats grant nothing', () => {
  it('are not believed from another pair or node', () => {
    const desk = new Desk().becomeStandby();
    desk.tell(heartbeat({ nodeId: 'mallory' }), 2_100).tell(heartbeat({ pairId: 'pair-0002' }), 2_110);
    expect(desk.state.peer).toBeNull();
  });

  it('end the work of a node that hears of a later epoch at work', () => {
    const desk = new Desk().becomeActive().tell(heartbeat({ role: 'active', epoch: 2 }), 3_800);
    expect(desk.rules()).toContain('higher-epoch');
  });

  it('make the active hand over on request only to a standby that is well', () => {
    const desk = new Desk().becomeActive();
    desk.tell(heartbeat({ yieldRequest: true, configVersion: 2 }), 3_800);
    expect(desk.rules()).toContain('yield-refused');
    desk.tell(heartbeat({ yieldRequest: true, sentAtMs: 70 }), 3_900);
    expect(desk.state.role).toBe('deactivating');
    expect(desk.state.successor).toBe('b');
  });
});

describe('operations and triggers', () => {
  it('a switch waits for the data, and is given up when it does not arrive', () => {
    const desk = new Desk().becomeActive();
    desk.tell({ type: 'data', lagBytes: 10, consistent: true }).tell(heartbeat({}), 3_800);
    desk
      .tell({ type: 'operator', operation: 'switch' }, 3_810)
      .tell({ type: 'data', lagBytes: 0, consistent: true }, 3_900);
    expect(desk.state.role).toBe('deactivating');
    const late = new Desk().becomeActive().tell({ type: 'data', lagBytes: 10, consistent: true });
    late.tell(heartbeat({}), 3_800).tell({ type: 'operator', operation: 'switch' }, 3_810);
    expect(late.state.role).toBe('active');
    late.state = { ...late.state, validUntilMs: 99_999 };
    late.tell(heartbeat({ sentAtMs: 90 }), 13_810);
    expect(late.rules()).toContain('switch-cancelled');
    expect(late.state.role).toBe('active');
  });

  it('a standby that is behind does not take over by itself under complete', () => {
    const desk = new Desk()
      .becomeStandby()
      .tell({ type: 'data', lagBytes: 10, consistent: true }, 2_100)
      .look(lease({}, '7'), 4_500);
    expect(desk.rules()).toContain('data-behind');
    expect(desk.state.role).toBe('standby');
  });

  it('a node on which a resource failed counts as unwell for a minute, and not for good', () => {
    const desk = new Desk().becomeActive();
    desk.tell({ type: 'resourceFailed', id: 'nginx', problem: 'exit code 7' }, 3_800);
    const failedAt = (monotonicMs: number) =>
      heartbeatOf(desk.state, { monotonicMs, utcMs: 0 }).resourcesFailed;
    expect(failedAt(3_800)).toBe(1);
    expect(failedAt(63_799)).toBe(1);
    expect(failedAt(63_800)).toBe(0);
  });

  it('each trigger can be switched off', () => {
    const off = { peerLost: false, network: false, resource: false, process: false, storage: false };
    const active = new Desk({ triggers: off }).becomeActive();
    active.tell({ type: 'trouble', cause: 'network', problem: 'eth0 is down' }, 3_800);
    active.tell({ type: 'resourceFailed', id: 'nginx', problem: 'exit code 7' }, 3_810);
    expect(active.state.role).toBe('active');
    expect(active.rules()).toEqual(expect.arrayContaining(['network-ignored', 'resource-ignored']));
    const standby = new Desk({ triggers: off }).becomeStandby().look(lease({}, '7'), 4_500);
    expect(standby.rules()).toContain('trigger-off');
    expect(standby.state.role).toBe('standby');
  });

  it.each(['network', 'process', 'storage'] as const)(
    '%s lost: the active hands over and says when',
    (cause) => {
      const desk = new Desk().becomeActive().tell(heartbeat({}), 3_750);
      desk.tell({ type: 'trouble', cause, problem: 'gone' }, 3_800);
      expect(desk.rules()).toContain(`${cause}-lost`);
      expect(desk.state.role).toBe('deactivating');
      expect(desk.state.successor).toBe('b');
      expect(desk.state.firedAtMs[cause]).toBe(1_700_000_003_800);
    },
  );

  it.each(['process', 'storage'] as const)('%s lost: the active stays until a peer is well', (cause) => {
    const desk = new Desk().becomeActive().tell({ type: 'trouble', cause, problem: 'gone' }, 3_800);
    expect(desk.state.role).toBe('active');
    expect(desk.rules().filter((rule) => rule === `${cause}-stays`)).toHaveLength(1);
    desk.tell(heartbeat({ resourcesFailed: 1, sentAtMs: 80 }), 3_850).tick(3_900);
    expect(desk.state.role).toBe('active');
    desk.tell(heartbeat({ sentAtMs: 90 }), 3_950);
    expect(desk.state.role).toBe('deactivating');
    expect(desk.rules()).toContain(`${cause}-lost`);
  });

  it('a trouble that is over, or whose trigger is off, moves nothing when the peer comes', () => {
    const over = new Desk()
      .becomeActive()
      .tell({ type: 'trouble', cause: 'storage', problem: 'gone' }, 3_800);
    over.tell({ type: 'trouble', cause: 'storage', problem: null }, 3_850).tell(heartbeat({}), 3_900);
    expect(over.state.role).toBe('active');
    const triggers = { peerLost: true, network: true, resource: true, process: true, storage: false };
    const off = new Desk({ triggers }).becomeActive().tell(heartbeat({}), 3_750);
    off.tell({ type: 'trouble', cause: 'storage', problem: 'gone' }, 3_800).tick(3_850);
    expect(off.state.role).toBe('active');
    expect(off.rules()).toContain('storage-ignored');
  });

  it('a standby with lost storage says so to its peer, and takes over all the same from one that is silent', () => {
    const desk = new Desk().becomeStandby().tell({ type: 'trouble', cause: 'storage', problem: 'gone' });
    const { resourcesFailed } = heartbeatOf(desk.state, { monotonicMs: desk.nowMs, utcMs: 0 });
    expect(resourcesFailed).toBe(1);
    desk.look(lease({}, '7'), 4_500);
    expect(desk.state.role).toBe('candidate');
    const cut = new Desk().becomeStandby().tell({ type: 'trouble', cause: 'network', problem: 'gone' });
    cut.look(lease({}, '7'), 4_500);
    expect(cut.rules()).toContain('not-fit');
  });

  it('settings that safety rests on change only while brought out', () => {
    const desk = new Desk().becomeActive();
    desk.tell({ type: 'configChanged', config: configWith({ profile: 'fast', version: 2 }) }, 3_800);
    expect(desk.rules()).toContain('settings-refused');
    desk.tell({ type: 'configChanged', config: configWith({ failback: 'ask', version: 3 }) }, 3_810);
    expect(desk.state.config).toMatchObject({ version: 3, failback: 'ask' });
  });

  it('an agent that ends hands over and does not come back', () => {
    const desk = new Desk().becomeActive().tell({ type: 'shutdown' }, 3_800);
    desk.tell({ type: 'resourcesStopped' }, 3_900);
    if (desk.state.request) desk.accepts('2', 3_910);
    expect(desk.written.record).toMatchObject({ holder: null, successor: 'b' });
    desk.tick(60_000);
    expect(desk.state.role).toBe('standby');
  });

  it('what cannot be stopped at the start is a fault, not a reason to reset a fresh machine', () => {
    const desk = new Desk().tick(1_000).tell({ type: 'stopFailed', problem: 'exit code 1' }, 1_100);
    expect(desk.state.role).toBe('fault');
    expect(desk.types()).not.toContain('resetMachine');
    desk.tell({ type: 'operator', operation: 'bring-in' }, 1_200);
    expect(desk.types()).toContain('stopResources');
  });

  it('remembers that something may run from before the start until all has stopped', () => {
    const desk = new Desk().becomeActive();
    const persisted = () => desk.all.flatMap((each) => (each.type === 'persist' ? [each.memory.mayRun] : []));
    expect(persisted().at(-1)).toBe(true);
    desk.tell({ type: 'operator', operation: 'hand-over' }, 3_800);
    expect(persisted().at(-1)).toBe(true);
    desk.tell({ type: 'resourcesStopped' }, 3_900);
    expect(persisted().at(-1)).toBe(false);
  });

  it('what could not be stopped is tried again when the node is brought out', () => {
    const desk = new Desk().becomeActive();
    desk.tell({ type: 'operator', operation: 'hand-over' }, 3_800);
    desk.tell({ type: 'stopFailed', problem: 'does not end' }, 3_900);
    const before = desk.all.filter(({ type }) => type === 'stopResources').length;
    desk.tell({ type: 'operator', operation: 'bring-out' }, 4_000);
    expect(desk.all.filter(({ type }) => type === 'stopResources')).toHaveLength(before + 1);
    desk.tell({ type: 'resourcesStopped' }, 4_100);
    expect(desk.state.role).toBe('out');
  });

  it('a take-over is refused while the peer is heard as the active', () => {
    const desk = new Desk().becomeStandby();
    desk.tell(heartbeat({ role: 'active', epoch: 7 }), 2_300);
    expect(refusalOf(desk.state, 'take-over', undefined, 2_310)).toMatch(/is heard and active; use switch/);
    expect(refusalOf(desk.state, 'take-over', undefined, 60_000)).toBeNull();
  });

  it('changes nothing it is given', () => {
    const desk = new Desk().becomeActive();
    const before = structuredClone(desk.state);
    const { state } = desk;
    desk.tell(heartbeat({ yieldRequest: true }), 3_900).tick(9_000);
    expect(state).toEqual(before);
  });
});

describe('without an arbiter', () => {
  const manual = { arbiter: { kind: 'manual' } };

  it('manual: nothing happens until a person has typed the name of the peer', () => {
    const desk = new Desk(manual).tick(1_000).tell({ type: 'resourcesStopped' }, 1_100).idle(9_000);
    expect(desk.rules()).toContain('needs-operator');
    desk.tell({ type: 'operator', operation: 'take-over' }, 9_100);
    expect(desk.rules()).toContain('take-over-refused');
    desk.tell({ type: 'operator', operation: 'take-over', confirm: 'Anna' }, 9_200);
    expect(desk.state.role).toBe('standby');
    desk.tell({ type: 'operator', operation: 'take-over', confirm: 'Bert' }, 9_300);
    expect(desk.state.role).toBe('activating');
  });

  it('fence-agent: only the report that the peer is off allows it', () => {
    const desk = new Desk({ arbiter: { kind: 'fence-agent', command: ['fence'] } });
    desk.tick(1_000).tell({ type: 'resourcesStopped' }, 1_100).idle(3_000);
    const fence = desk.all.find((action) => action.type === 'fence');
    if (fence?.type !== 'fence') throw new Error('no fence was asked for');
    expect(desk.state.role).toBe('candidate');
    desk.tell(
      { type: 'fenceResult', requestId: fence.requestId, peerIsOff: false, problem: 'no power switch' },
      3_100,
    );
    expect(desk.state.role).toBe('standby');
    expect(desk.rules()).toContain('fence-failed');
    desk.idle(13_200);
    const again = desk.all.findLast((action) => action.type === 'fence');
    if (again?.type !== 'fence') throw new Error('not asked again');
    desk.tell({ type: 'fenceResult', requestId: again.requestId, peerIsOff: true, problem: null }, 13_300);
    expect(desk.state.role).toBe('activating');
  });

  it('a guard that was held up listens again before it calls the peer silent', () => {
    const desk = new Desk({ arbiter: { kind: 'fence-agent', command: ['fence'] } });
    desk.tick(1_000).tell({ type: 'resourcesStopped' }, 1_100).tick(1_500);
    desk.tick(30_000);
    expect(desk.types()).not.toContain('fence');
    for (let atMs = 30_100; atMs <= 31_300; atMs += 100) desk.tick(atMs);
    expect(desk.all.some(({ type }) => type === 'fence')).toBe(true);
  });

  it('availability-first says that it is unsafe', () => {
    const desk = new Desk({ arbiter: { kind: 'availability-first' } });
    desk.tick(1_000).tell({ type: 'resourcesStopped' }, 1_100).idle(3_000);
    expect(desk.state.role).toBe('activating');
    expect(desk.all).toContainEqual(expect.objectContaining({ type: 'tell', event: 'standby.unsafe' }));
  });

  it('two that were both active: the default host keeps the address under a higher epoch', () => {
    const active = (defaultNodeId: string) => {
      const desk = new Desk({ arbiter: { kind: 'availability-first' }, defaultNodeId });
      return desk
        .tick(1_000)
        .tell({ type: 'resourcesStopped' }, 1_100)
        .idle(3_000)
        .tell({ type: 'resourcesStarted' });
    };
    const keeper = active('a').tell(heartbeat({ role: 'active', epoch: 5 }), 3_100);
    expect(keeper.state).toMatchObject({ role: 'active', epoch: 6 });
    const other = active('b').tell(heartbeat({ role: 'active', epoch: 1 }), 3_100);
    expect(other.state.role).toBe('deactivating');
    expect(other.types()).toContain('dropAddresses');
  });
});
