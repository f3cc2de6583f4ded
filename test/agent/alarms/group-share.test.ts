/** The way of events into the group's queue: in order, at least once, and never in the way of a device. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GroupShare, shareTimeoutMs } from '../../../agent/alarms/group-share.ts';
import type { AlarmEvent } from '../../../agent/alarms/types.ts';
import { AppError } from '../../../src/errors.ts';
import { FakeClock } from '../standby/resources/fakes.ts';
import { sampleEvent } from './sample-event.ts';

/** A disk that stores in order of calls, and a queue that can be away, slow, or lose its answers. */
class World {
  readonly clock = new FakeClock();
  readonly rows: { number: number; event: AlarmEvent; shared: boolean }[] = [];
  readonly queued: string[] = [];
  readonly states: string[] = [];
  queue: 'answers' | 'away' | 'silent' | 'takes it and is silent' = 'answers';
  appendMs = 2;
  storeMs = 3;
  diskIsFull = false;
  readonly #storing = new Set<Promise<unknown>>();
  readonly share: GroupShare;

  constructor() {
    this.share = new GroupShare({
      clock: this.clock,
      queue: { append: (events) => this.#append(events) },
      unshared: async (limit, after) => {
        await Promise.all(this.#storing);
        return this.rows.filter(({ shared, number }) => !shared && number > after).slice(0, limit);
      },
      markShared: async (numbers) => {
        if (this.diskIsFull) throw new AppError('disk_full', 'no room for alarms');
        for (const row of this.rows) if (numbers.includes(row.number)) row.shared = true;
      },
      onState: (state) => this.states.push(state),
    });
  }

  take(event: AlarmEvent): Promise<boolean> {
    return this.share.share(event, this.store(event));
  }

  store(event: AlarmEvent): Promise<{ number: number }> {
    const stored = this.#pause(this.storeMs).then(() => {
      const number = this.rows.length + 1;
      if (this.diskIsFull) throw new AppError('disk_full', 'no room for alarms');
      this.rows.push({ number, event, shared: false });
      return { number };
    });
    const settled = stored.then(
      () => {},
      () => {},
    );
    this.#storing.add(settled);
    void settled.then(() => this.#storing.delete(settled));
    return stored;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(delayMs, resolve);
    });
  }

  async #append(events: readonly AlarmEvent[]): Promise<{ duplicate: boolean }[]> {
    const { queue } = this;
    await this.#pause(this.appendMs);
    if (queue === 'away') throw new AppError('unavailable', 'the hub is away');
    if (queue === 'silent') return new Promise(() => {});
    const answers = events.map(({ id }) => {
      const duplicate = this.queued.includes(id);
      if (!duplicate) this.queued.push(id);
      return { duplicate };
    });
    return queue === 'answers' ? answers : new Promise(() => {});
  }

  get unshared(): number {
    return this.rows.filter(({ shared }) => !shared).length;
  }
}

const event = (index: number) => sampleEvent({ id: `e${index}`, account: String(1000 + (index % 3)) });

describe('events of a receiver in a group', () => {
  it('go into the queue while they are stored, once each', async () => {
    const world = new World();
    world.share.start();
    await world.clock.advance(50);
    const taken = [1, 2, 3].map((index) => world.take(event(index)));
    await world.clock.advance(100);
    expect(await Promise.all(taken)).toEqual([true, true, true]);
    expect(world.queued).toEqual(['e1', 'e2', 'e3']);
    expect(world.unshared).toBe(0);
    expect(world.states).toEqual(['sharing']);
  });

  it('hold up no device when the queue does not answer, and go there later in their order', async () => {
    const world = new World();
    world.share.start();
    await world.clock.advance(50);
    world.queue = 'silent';
    let answered: boolean | null = null;
    void world.take(event(1)).then((shared) => {
      answered = shared;
    });
    await world.clock.advance(shareTimeoutMs - 10);
    expect(answered).toBeNull();
    await world.clock.advance(50);
    expect(answered).toBe(false);
    const second = world.take(event(2));
    await world.clock.advance(1);
    expect(await second).toBe(false);
    expect(world.states).toEqual(['sharing', 'behind']);

    world.queue = 'answers';
    await world.clock.advance(5_000);
    expect(world.queued).toEqual(['e1', 'e2']);
    expect(world.unshared).toBe(0);
    expect(world.states.at(-1)).toBe('sharing');
  });

  it('that were stored by an earlier run come first', async () => {
    const world = new World();
    world.rows.push({ number: 1, event: event(1), shared: false });
    world.share.start();
    const taken = world.take(event(2));
    await world.clock.advance(100);
    await taken;
    expect(world.queued).toEqual(['e1', 'e2']);
  });

  it('that are sent once more by hand go there too', async () => {
    const world = new World();
    world.share.start();
    await world.clock.advance(50);
    world.rows.push({ number: 1, event: event(9), shared: false });
    world.share.sweep();
    await world.clock.advance(100);
    expect(world.queued).toEqual(['e9']);
  });

  it('that are sent once more just while the last rows are looked at go there too', async () => {
    const world = new World();
    world.rows.push({ number: 1, event: event(1), shared: false });
    world.share.start();
    // While row 1 is on its way: what comes now is seen by no look that is under way.
    for (let waitedMs = 0; waitedMs < 20; waitedMs += 1) {
      world.rows.push({ number: world.rows.length + 1, event: event(world.rows.length + 1), shared: false });
      world.share.sweep();
      await world.clock.advance(1);
    }
    await world.clock.advance(2_000);
    expect(world.unshared).toBe(0);
  });

  it('reach the queue while the disk is full, and are marked when it has room', async () => {
    const world = new World();
    world.share.start();
    await world.clock.advance(50);
    const first = world.take(event(1));
    await world.clock.advance(4);
    world.diskIsFull = true;
    await world.clock.advance(50);
    expect(await first).toBe(true);
    const second = world.take(event(2));
    await world.clock.advance(50);
    expect(await second).toBe(true);
    expect([world.unshared, world.states]).toEqual([1, ['sharing']]);
    world.queue = 'away';
    void world.take(event(3));
    await world.clock.advance(2_000);
    world.queue = 'answers';
    await world.clock.advance(3_000);
    expect(world.states).toEqual(['sharing', 'behind', 'sharing']);
    world.diskIsFull = false;
    await world.clock.advance(2_000);
    expect(world.unshared).toBe(0);
    expect(world.queued).toEqual(['e1', 'e2']);
  });

  it('are left on the disk when it is closed', async () => {
    const world = new World();
    world.queue = 'away';
    world.share.start();
    await world.clock.advance(100);
    const taken = world.take(event(1));
    world.share.close();
    expect(await taken).toBe(false);
    world.queue = 'answers';
    await world.clock.advance(10_000);
    expect(world.queued).toEqual([]);
  });

  it('reach it in order of their account whatever the queue does, and none is forgotten', async () => {
    const moods = fc.constantFrom('answers', 'away', 'silent', 'takes it and is silent' as const);
    const steps = fc.array(
      fc.oneof(
        fc.record({ mood: moods }),
        fc.record({ events: fc.integer({ min: 1, max: 60 }) }),
        fc.record({ waitMs: fc.integer({ min: 0, max: 4_000 }) }),
        fc.record({ storeMs: fc.integer({ min: 0, max: 3_000 }) }),
      ),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const world = new World();
        world.share.start();
        let made = 0;
        let answered = 0;
        for (const step of schedule) {
          if ('mood' in step) world.queue = step.mood as World['queue'];
          if ('storeMs' in step) world.storeMs = step.storeMs;
          if ('waitMs' in step) await world.clock.advance(step.waitMs);
          if (!('events' in step)) continue;
          for (let count = 0; count < step.events; count += 1) {
            made += 1;
            void world.take(event(made)).then(() => {
              answered += 1;
            });
          }
          // One disk: an event that came later is never stored earlier.
          await world.clock.advance(world.storeMs);
        }
        world.queue = 'answers';
        await world.clock.advance(60_000);
        expect(answered).toBe(made);
        expect(world.queued.length).toBe(made);
        expect(world.unshared).toBe(0);
        for (const account of [0, 1, 2]) {
          const order = world.queued
            .map((id) => Number(id.slice(1)))
            .filter((index) => index % 3 === account);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
      { numRuns: 60 },
    );
  });
});
