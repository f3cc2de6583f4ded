import { describe, expect, it } from 'vitest';
import { explain } from '../../../agent/standby/machine/explain.ts';
import { stayRules } from '../../../agent/standby/machine/verdict.ts';
import type { Decision } from '../../../src/contract/standby.ts';
import { Desk, heartbeat, lease } from './machine-desk.ts';

function explained(desk: Desk, atMs = desk.nowMs) {
  const decisions = desk.all.flatMap((action, id): Decision[] =>
    action.type === 'record' ? [{ id, ...action.decision }] : [],
  );
  return explain(desk.state, decisions, { monotonicMs: atMs, utcMs: 0 });
}

describe('explain', () => {
  it('says how long ago the lease was renewed', () => {
    const desk = new Desk().becomeStandby();
    desk.tell(heartbeat({ role: 'active' }), 2_100);
    expect(explained(desk, 2_400).summary).toBe(
      'Anna did not take over: the lease of Bert was renewed 0.4 s ago.',
    );
  });

  it('says how long a silent lease must still be watched', () => {
    const desk = new Desk().becomeStandby().look(lease({}, '7'), 4_000);
    expect(explained(desk).summary).toContain(
      'was renewed 2.0 s ago, and only 2.4 s without a renewal prove',
    );
  });

  it('tells a take-over with its grounds', () => {
    const desk = new Desk().becomeStandby().look(lease({}, '7'), 4_450).accepts('8', 4_470);
    const { lines, summary } = explained(desk);
    expect(lines.join('\n')).toMatch(
      /Anna campaigns: the lease of epoch 1 was not renewed for 2\.\d s, 2\.4 s are needed/,
    );
    expect(lines.at(-1)).toBe('Anna took the lease under epoch 2 and starts the resources.');
    expect(summary).toContain('becoming active under epoch 2');
  });

  it('tells why the active goes on without the arbiter, and why it stopped', () => {
    const desk = new Desk()
      .becomeActive()
      .tick(4_100)
      .writes({ kind: 'unknown', problem: 'time-out' }, 4_600);
    desk.tell(heartbeat({ promiseForMs: 1_500, promiseEchoOfMs: 4_550 }), 4_610);
    expect(explained(desk).summary).toContain('it goes on because Bert promises not to take over');
    desk.tick(6_050);
    expect(explained(desk).lines.join('\n')).toContain(
      'its lease of epoch 1 ran out, as the arbiter had not answered',
    );
  });

  it('says that lost storage moved the application, or why it did not', () => {
    const trouble = { type: 'trouble', cause: 'storage', problem: 'pool main has no space left' } as const;
    const alone = new Desk().becomeActive().tell(trouble, 3_800);
    expect(explained(alone).lines.join('\n')).toContain(
      'storage is lost: pool main has no space left; it stays active, as Bert is not heard (storage-stays)',
    );
    const moved = new Desk().becomeActive().tell(heartbeat({}), 3_750).tell(trouble, 3_800);
    expect(explained(moved).lines.join('\n')).toContain(
      'Anna: storage is lost: pool main has no space left (storage-lost)',
    );
  });

  it('names the trouble, the third node, the restored arbiter, the person to ask', () => {
    const unfit = new Desk()
      .becomeStandby()
      .tell({ type: 'trouble', cause: 'network', problem: 'eth0 is down' });
    expect(explained(unfit.look(lease({}, '7'), 4_500)).summary).toContain('eth0 is down');
    const claimed = new Desk().becomeStandby({ holder: 'mallory' });
    expect(explained(claimed).summary).toContain('held by mallory, which is not of this pair');
    const restored = new Desk({}, { highestEpoch: 9 }).becomeStandby({ epoch: 4 });
    expect(explained(restored).summary).toContain('shows epoch 4, but 9 was in use');
    const manual = new Desk({ arbiter: { kind: 'manual' } })
      .tick(1_000)
      .tell({ type: 'resourcesStopped' }, 1_100);
    expect(explained(manual.idle(9_000)).summary).toContain('only a person can see that Bert is off');
  });

  it('has one rule for each name', () => {
    expect(new Set(stayRules).size).toBe(stayRules.length);
  });
});
