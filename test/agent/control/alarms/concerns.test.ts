/** What Home says of alarms, worst things first and nothing when all is well. */
import { describe, expect, it } from 'vitest';
import { alarmConcerns } from '../../../../agent/control/alarms/concerns.ts';
import { noGroupStatus } from '../../../../agent/spare/group/ports.ts';
import type { GroupStatus, OutputStatus, ReceiverStatus } from '../../../../src/contract/index.ts';
import { sampleReceiverStatus } from '../fake-receiver.ts';

const nowMs = 1e12;
const output: OutputStatus = {
  id: 'arc',
  name: 'ARC',
  state: 'connected',
  active: true,
  acknowledged: 1,
  failedAttempts: 0,
  lastAckMs: nowMs,
  roundTripMs: 1,
  problem: null,
};
const well: ReceiverStatus = {
  ...sampleReceiverStatus(),
  enabled: true,
  listen: '0.0.0.0:6080',
  forwarding: true,
  outputs: [output],
};
const member: GroupStatus['members'][number] = {
  id: 'n-1',
  name: 'arc-1',
  role: 'host',
  status: 'working',
  self: true,
  ageMs: 0,
  version: '1',
  backupVersion: 2,
  backupState: 'updated',
  unshared: 0,
  problem: null,
};
const none = noGroupStatus({ id: 'n-1', name: 'arc-1' });
const group: GroupStatus = {
  ...none,
  enabled: true,
  arcId: 'site-1',
  store: { ...none.store, kind: 'hub', state: 'reachable' },
  members: [member, { ...member, id: 'n-2', name: 'arc-2', role: 'spare-1', status: 'standby', self: false }],
};

const said = (
  receiver: Partial<ReceiverStatus>,
  inGroup: Partial<GroupStatus> = none,
  lastUnknownMs: number | null = null,
) =>
  alarmConcerns({
    receiver: { ...well, ...receiver },
    group: { ...group, ...inGroup },
    keepsWithoutOutput: true,
    lastUnknownMs,
    nowMs,
  }).map(({ level, text }) => `${level}: ${text}`);

describe('Home says of alarms', () => {
  it('nothing when all is well, alone and in a group', () => {
    expect(said({})).toEqual([]);
    expect(said({}, group)).toEqual([]);
  });

  it('nothing of a receiver that nobody enabled', () => {
    expect(said({ enabled: false, outputs: [] })).toEqual([]);
  });

  it('that events wait, once they wait for a minute', () => {
    const waiting = (ageMs: number) => ({ queue: { waiting: 7, oldestMs: nowMs - ageMs, unshared: 0 } });
    expect(said(waiting(59_000))).toEqual([]);
    expect(said(waiting(180_000))).toEqual(['error: 7 alarms wait for the ARC, the oldest for 3 min']);
  });

  it('that an ARC fails, and less loudly where an alternate serves', () => {
    const failing = { ...output, state: 'failing' as const, active: false, problem: 'no answer' };
    expect(said({ outputs: [failing] })).toEqual(['error: the ARC ARC does not answer: no answer']);
    const second = { ...output, id: 'second', name: 'second' };
    expect(said({ outputs: [failing, second] })).toEqual(['warning: the ARC ARC does not answer: no answer']);
  });

  it('that there is nowhere to send alarms to', () => {
    expect(said({ outputs: [] })[0]).toContain('there is no output');
    expect(said({ outputs: [{ ...output, state: 'disabled' }] })[0]).toContain('there is no output');
  });

  it('what becomes of events meanwhile, as the settings have it', () => {
    const hint = (keepsWithoutOutput: boolean) =>
      alarmConcerns({
        receiver: { ...well, outputs: [] },
        group: none,
        keepsWithoutOutput,
        lastUnknownMs: null,
        nowMs,
      })[0]?.hint;
    expect(hint(true)).toContain('Events wait here until there is one');
    expect(hint(false)).toContain('Panels get no answer until there is one');
  });

  it('that unknown accounts reported, for an hour', () => {
    expect(said({}, none, nowMs - 60_000)[0]).toContain('accounts that are not entered');
    expect(said({}, none, nowMs - 3_700_000)).toEqual([]);
  });

  it('that the port is not open', () => {
    expect(said({ problem: 'port 6080 is taken' })).toEqual(['error: alarms: port 6080 is taken']);
  });

  it('that nobody could take over, and that a copy is old', () => {
    expect(said({}, { ...group, members: [member] })[0]).toContain('no spare that could take over');
    const [host, spare] = group.members;
    if (!host || !spare) throw new Error('no members');
    expect(said({}, { ...group, members: [host, { ...spare, status: 'offline' }] })[0]).toContain('no spare');
    expect(said({}, { ...group, members: [host, { ...spare, backupState: 'failed' }] })).toEqual([
      'warning: the copy of the devices on arc-2 is not current (failed)',
    ]);
  });

  it('that a member is offline, and that one does not listen', () => {
    const [, spare] = group.members;
    if (!spare) throw new Error('no members');
    const gone = { ...member, status: 'offline' as const, self: false, ageMs: 9_000 };
    expect(said({}, { ...group, members: [gone, { ...spare, self: true }] })).toEqual([
      'warning: arc-1, host of the group, is offline',
    ]);
    expect(said({ enabled: false, listen: null }, group)).toEqual([
      'warning: this receiver is in a group, and does not listen to devices',
    ]);
  });

  it('that the store is away, and then nothing that follows from it', () => {
    const away = { ...group.store, state: 'unreachable' as const, problem: 'connection refused' };
    expect(said({}, { ...group, store: away, members: [] })).toEqual([
      'error: the store of the group does not answer: connection refused',
    ]);
  });
});
