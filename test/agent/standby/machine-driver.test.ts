import { describe, expect, it } from 'vitest';
import { MachineDriver } from '../../../agent/standby/machine-driver.ts';
import { FakeClock } from '../control/fake-clock.ts';

/** Keeps each event with the time at which it was handled, and asks for what a test wants done with it. */
class Recorder extends MachineDriver<readonly string[], string, string> {
  onAction: (action: string) => void = () => {};
  readonly steps: [number, number][] = [];

  protected tick(): void {
    this.feed('tick');
  }

  protected step(state: readonly string[], event: string, now: { monotonicMs: number }) {
    return { state: [...state, `${event}@${now.monotonicMs}`], actions: [event] };
  }

  protected execute(action: string): void {
    this.onAction(action);
  }

  protected stepped(before: readonly string[], after: readonly string[]): void {
    this.steps.push([before.length, after.length]);
  }
}

function rig() {
  const clock = new FakeClock();
  return { clock, driver: new Recorder(clock, 100, []) };
}

describe('the driver of a machine', () => {
  it('handles one event at a time: what an action brings about comes after it, with clocks of its own', () => {
    const { clock, driver } = rig();
    const begun: string[] = [];
    driver.onAction = (action) => {
      begun.push(`${action} of ${driver.state.length}`);
      if (action !== 'first') return;
      driver.feed('second');
      driver.feed('third');
      clock.advance(7);
    };
    driver.feed('first');
    expect(driver.state).toEqual(['first@0', 'second@7', 'third@7']);
    expect(begun).toEqual(['first of 1', 'second of 2', 'third of 3']);
    expect(driver.steps).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  it('ticks from its start to its end, and handles nothing that is fed after it', () => {
    const { clock, driver } = rig();
    driver.start();
    clock.advance(250);
    expect(driver.state).toEqual(['tick@0', 'tick@100', 'tick@200']);
    driver.close();
    driver.feed('late');
    clock.advance(1_000);
    expect(driver.state).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that is closed by its own tick sets no other timer', () => {
    const { clock, driver } = rig();
    driver.onAction = () => driver.close();
    driver.start();
    expect(clock.pendingTimers).toBe(0);
    driver.start();
    expect(driver.state).toEqual(['tick@0']);
  });

  it('goes on with what waits when an action throws', () => {
    const { driver } = rig();
    driver.onAction = (action) => {
      if (action !== 'first') return;
      driver.feed('second');
      throw new Error('a defect');
    };
    expect(() => driver.feed('first')).toThrow('a defect');
    driver.feed('third');
    expect(driver.state).toEqual(['first@0', 'second@0', 'third@0']);
  });

  it('keeps a thousand events that wait, and no more', () => {
    const { driver } = rig();
    driver.onAction = (action) => {
      if (action === 'flood') for (let count = 0; count < 2_000; count += 1) driver.feed('drop');
    };
    driver.feed('flood');
    expect(driver.state).toHaveLength(1_001);
  });
});
