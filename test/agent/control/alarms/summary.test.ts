/** What every page of a console says of alarms: never better than it is. */
import { describe, expect, it } from 'vitest';
import { alarmSummary } from '../../../../agent/control/alarms/summary.ts';
import { noGroup, sampleGroup, sampleReceiver } from '../../../support/sample-alarms.ts';

describe('the summary of alarms', () => {
  it('is left out on a node that receives none', () => {
    expect(alarmSummary(sampleReceiver({ enabled: false }), noGroup())).toBeUndefined();
  });

  it('is there for a member of a group that does not listen itself', () => {
    const summary = alarmSummary(sampleReceiver({ enabled: false, listen: null }), sampleGroup());
    expect(summary).toMatchObject({
      listen: null,
      group: { arcId: 'site-1', role: 'host', status: 'working' },
    });
  });

  it('counts what waits here or in the group, whichever is more, and members that are away', () => {
    const group = sampleGroup({ queue: { waiting: 40, oldestMs: null } });
    expect(alarmSummary(sampleReceiver(), group)).toMatchObject({
      waiting: 40,
      group: { members: 3, offline: 1 },
    });
    const alone = alarmSummary(sampleReceiver(), noGroup());
    expect(alone).toMatchObject({
      waiting: 2,
      unacknowledged: 3,
      devices: 1_204,
      devicesLost: 2,
      group: null,
    });
  });

  it('does not say that alarms are forwarded where no output is', () => {
    expect(alarmSummary(sampleReceiver(), noGroup())?.forwarding).toBe(true);
    expect(alarmSummary(sampleReceiver({ outputs: [] }), noGroup())?.forwarding).toBe(false);
  });

  it('tells the problem of the receiver before that of its group', () => {
    const group = sampleGroup({ problem: 'the store is away' });
    expect(alarmSummary(sampleReceiver(), group)?.problem).toBe('the store is away');
    expect(alarmSummary(sampleReceiver({ problem: 'port taken' }), group)?.problem).toBe('port taken');
  });
});
