/** The triggers `storage` and `process` as the guard hears them: from the agent, and from its silence. */
import { beforeEach, describe, expect, it } from 'vitest';
import { watchHealth } from '../../../../agent/standby/guard/health-watch.ts';
import { FakeClock } from '../../control/fake-clock.ts';

let clock: FakeClock;
let told: (readonly [string, string | null])[];
const watch = () => watchHealth({ clock, onTrouble: (cause, problem) => told.push([cause, problem]) });
beforeEach(() => {
  clock = new FakeClock();
  told = [];
});

describe('the health of a node', () => {
  it('is passed on when it changes, and not otherwise', () => {
    const health = watch();
    health.report({ storage: null, process: null });
    health.report({ storage: 'pool main is lost', process: null });
    health.report({ storage: 'pool main is lost', process: null });
    health.report({ storage: null, process: null });
    expect(told).toEqual([
      ['storage', 'pool main is lost'],
      ['storage', null],
    ]);
  });

  it('is a trouble of its processes when the agent is silent for 15 s, until it speaks again', () => {
    const health = watch();
    clock.advance(14_500);
    expect(told).toEqual([]);
    clock.advance(1_500);
    expect(told).toEqual([['process', 'the agent has said nothing for 15 s']]);
    health.report({ storage: null, process: null });
    expect(told.at(-1)).toEqual(['process', null]);
  });

  it('is not in question because the guard itself stood still', () => {
    let skippedMs = 0;
    const frozen = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs() + skippedMs,
      after: (delayMs: number, run: () => void) => clock.after(delayMs, run),
    };
    watchHealth({ clock: frozen, onTrouble: (cause, problem) => told.push([cause, problem]) });
    clock.advance(2_000);
    skippedMs = 60_000;
    clock.advance(10_000);
    expect(told).toEqual([]);
    clock.advance(10_000);
    expect(told).toHaveLength(1);
  });

  it('is watched no more once it is closed', () => {
    watch().close();
    clock.advance(60_000);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
