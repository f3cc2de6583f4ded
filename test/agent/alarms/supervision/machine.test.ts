import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksPerSweepMax, SupervisionMachine } from '../../../../agent/alarms/supervision/machine.ts';

const kinds = (machine: SupervisionMachine, nowMs: number, limit = 1_000) =>
  machine.sweep(nowMs, limit).map(({ account, kind }) => `${account} ${kind}`);

describe('the supervision of a device', () => {
  it('finds it lost when its interval is over, once, and back with its next message', () => {
    const machine = new SupervisionMachine();
    machine.put('A', 60_000, 0);
    machine.heard('A', 10_000);
    expect(kinds(machine, 69_999)).toEqual([]);
    expect(machine.sweep(70_000, 10)).toEqual([{ account: 'A', kind: 'lost', heardMs: 10_000 }]);
    expect(kinds(machine, 500_000)).toEqual([]);
    expect(machine.watchOf('A')).toEqual({ watch: 'lost', heardMs: 10_000 });
    machine.heard('A', 500_001);
    expect(machine.sweep(500_001, 10)).toEqual([{ account: 'A', kind: 'restored', heardMs: 500_001 }]);
    expect(kinds(machine, 560_000)).toEqual([]);
    expect(kinds(machine, 560_001)).toEqual(['A lost']);
  });

  it('counts a device that never reports from when it was added', () => {
    const machine = new SupervisionMachine();
    machine.put('A', 5_000, 1_000);
    expect(machine.watchOf('A')).toEqual({ watch: 'never', heardMs: null });
    expect(machine.sweep(6_000, 10)).toEqual([{ account: 'A', kind: 'lost', heardMs: null }]);
  });

  it('gives each a whole interval after it began to work', () => {
    const machine = new SupervisionMachine();
    machine.put('A', 10_000, 0);
    machine.put('B', 20_000, 0);
    machine.begin(100_000);
    expect(kinds(machine, 109_999)).toEqual([]);
    expect(kinds(machine, 110_000)).toEqual(['A lost']);
    expect(kinds(machine, 120_000)).toEqual(['B lost']);
  });

  it('hands over at most as many as asked for, and the rest with the next', () => {
    const machine = new SupervisionMachine();
    for (const account of ['A', 'B', 'C']) machine.put(account, 5_000, 0);
    const found = [machine.sweep(9_000, 2), machine.sweep(9_000, 0), machine.sweep(9_000, 2)];
    expect(found.map(({ length }) => length)).toEqual([2, 0, 1]);
    machine.heard('A', 9_001);
    expect(kinds(machine, 99_000, 1)).toEqual(['A restored']);
    expect(kinds(machine, 99_000, 1)).toEqual(['A lost']);
  });

  it('follows an interval that is changed, and forgets a device that is removed', () => {
    const machine = new SupervisionMachine();
    machine.put('A', 60_000, 0);
    machine.put('B', 5_000, 0);
    machine.put('C', 5_000, 0);
    machine.put('A', 5_000, 1_000);
    machine.put('B', 60_000, 1_000);
    machine.remove('C');
    expect(kinds(machine, 5_000)).toEqual(['A lost']);
    machine.heard('A', 5_001);
    machine.remove('A');
    expect(kinds(machine, 59_999)).toEqual([]);
    expect(machine.counts()).toEqual({ total: 1, online: 0, lost: 0, never: 1 });
    expect(kinds(machine, 60_000)).toEqual(['B lost']);
  });

  it('knows after a restart who was lost, and tells it no second time', () => {
    const machine = new SupervisionMachine();
    for (const account of ['A', 'B']) machine.put(account, 5_000, 0);
    machine.restore('A', -90_000, true);
    machine.restore('B', -2_000, false);
    machine.restore('unheard of', 0, true);
    expect(machine.counts()).toEqual({ total: 2, online: 1, lost: 1, never: 0 });
    expect(kinds(machine, 4_999)).toEqual([]);
    expect(kinds(machine, 5_000)).toEqual(['B lost']);
    machine.heard('A', 6_000);
    expect(kinds(machine, 6_000)).toEqual(['A restored']);
  });
});

/** Looks at every device every time: what the heap must come to as well. */
class NaiveWatch {
  readonly devices = new Map<
    string,
    { intervalMs: number; fromMs: number; heard: boolean; lost: boolean; back: boolean }
  >();
  beganMs = Number.NEGATIVE_INFINITY;

  sweep(nowMs: number): string[] {
    const found: string[] = [];
    for (const [account, device] of this.devices) {
      if (device.back) found.push(`${account} restored`);
      device.back = false;
      if (device.lost || nowMs - Math.max(device.fromMs, this.beganMs) < device.intervalMs) continue;
      device.lost = true;
      found.push(`${account} lost`);
    }
    return found.sort();
  }
}

describe('any course of things', () => {
  const account = fc.constantFrom('A', 'B', 'C', 'D', 'E');
  const waits = fc.integer({ min: 0, max: 4_000 });
  const step = fc.oneof(
    fc.record({ do: fc.constant('put' as const), account, ms: fc.integer({ min: 1_000, max: 9_000 }) }),
    fc.record({ do: fc.constant('remove' as const), account, ms: waits }),
    { weight: 4, arbitrary: fc.record({ do: fc.constant('heard' as const), account, ms: waits }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('sweep' as const), account, ms: waits }) },
    fc.record({ do: fc.constant('begin' as const), account, ms: waits }),
  );

  it('finds the same as looking at every device every time', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const machine = new SupervisionMachine();
        const naive = new NaiveWatch();
        let nowMs = 0;
        for (const each of steps) {
          if (each.do !== 'put') nowMs += each.ms;
          const device = naive.devices.get(each.account);
          if (each.do === 'put') {
            machine.put(each.account, each.ms, nowMs);
            if (device !== undefined) device.intervalMs = each.ms;
            else {
              const fresh = { intervalMs: each.ms, fromMs: nowMs, heard: false, lost: false, back: false };
              naive.devices.set(each.account, fresh);
            }
          } else if (each.do === 'remove') {
            machine.remove(each.account);
            naive.devices.delete(each.account);
          } else if (each.do === 'heard') {
            machine.heard(each.account, nowMs);
            if (device !== undefined) {
              device.back ||= device.lost;
              Object.assign(device, { lost: false, heard: true, fromMs: nowMs });
            }
          } else if (each.do === 'begin') {
            machine.begin(nowMs);
            naive.beganMs = nowMs;
          } else {
            expect(kinds(machine, nowMs).sort()).toEqual(naive.sweep(nowMs));
          }
          const all = [...naive.devices.values()];
          const never = all.filter(({ heard, lost }) => !heard && !lost).length;
          const lost = all.filter((one) => one.lost).length;
          const total = all.length;
          expect(machine.counts()).toEqual({ total, lost, never, online: total - lost - never });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('costs with 50,000 devices what comes up, not what is watched', () => {
    const machine = new SupervisionMachine();
    for (let index = 0; index < 50_000; index += 1) machine.put(`A${index}`, 60_000 + index, 0);
    for (let index = 0; index < 50_000; index += 1) machine.heard(`A${index}`, 30_000);
    const startedMs = performance.now();
    let found = 0;
    for (let nowMs = 30_000; nowMs < 90_000; nowMs += 10) found += machine.sweep(nowMs, 1_000).length;
    expect(found).toBe(0);
    // A restart brings them all up at once: no single sweep looks at more than its share.
    const crowd = new SupervisionMachine();
    for (let index = 0; index < checksPerSweepMax + 1; index += 1) crowd.put(`A${index}`, 5_000, 0);
    expect(crowd.sweep(5_000, 50_000)).toHaveLength(checksPerSweepMax);
    expect(crowd.sweep(5_000, 50_000)).toHaveLength(1);
    // 6,000 sweeps; looking at every device each time would take minutes.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    for (let nowMs = 90_000; nowMs <= 140_000; nowMs += 1_000) found += machine.sweep(nowMs, 10_000).length;
    expect(found).toBe(50_000);
  });
});
