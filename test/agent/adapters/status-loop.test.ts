import { describe, expect, it, vi } from 'vitest';
import { startStatusLoop } from '../../../agent/adapters/status-loop.ts';
import { FakeClock } from '../control/fake-clock.ts';

function rig() {
  const clock = new FakeClock();
  const sent: number[] = [];
  const world = { clients: 1, isAtWork: true, idle: 0, status: (): number | null => clock.monotonicMs() };
  const loop = startStatusLoop<number>({
    clock,
    server: { clients: () => world.clients, send: ({ status }) => sent.push(status) },
    everyMs: 500,
    soonMs: 100,
    status: () => world.status(),
    isAtWork: () => world.isAtWork,
    onIdle: () => {
      world.idle += 1;
      loop.stop();
    },
  });
  const beganMs = clock.monotonicMs();
  return { clock, world, loop, sentAt: () => sent.splice(0).map((atMs) => atMs - beganMs) };
}

describe('the status of a service', () => {
  it('is sent at its pace, and after a change sooner, but no more often than that', () => {
    const { clock, loop, sentAt } = rig();
    clock.advance(1_100);
    expect(sentAt()).toEqual([50, 550, 1_050]);
    loop.due();
    loop.due();
    clock.advance(100);
    loop.due();
    clock.advance(50);
    expect(sentAt()).toEqual([1_150, 1_250]);
  });

  it('is sent at once when asked, and to nobody while nobody listens or there is nothing to say', () => {
    const { clock, world, loop, sentAt } = rig();
    loop.send();
    expect(sentAt()).toEqual([0]);
    world.clients = 0;
    clock.advance(2_000);
    loop.send();
    world.clients = 1;
    world.status = () => null;
    loop.send();
    expect(sentAt()).toEqual([]);
  });

  it('that cannot be made ends neither the service nor the loop', () => {
    const { clock, world, sentAt } = rig();
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const good = world.status;
    world.status = () => {
      throw new Error('a defect');
    };
    clock.advance(600);
    expect(stderr.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringContaining('a defect'),
      expect.stringContaining('a defect'),
    ]);
    stderr.mockRestore();
    world.status = good;
    clock.advance(500);
    expect(sentAt()).toEqual([1_050]);
  });
});

describe('a service that nobody wants', () => {
  it('is told after a minute without work and without listeners, once when it then stops', () => {
    const { clock, world, sentAt } = rig();
    world.isAtWork = false;
    clock.advance(100_000);
    expect(world.idle).toBe(0);
    world.clients = 0;
    clock.advance(60_000);
    expect(world.idle).toBe(0);
    clock.advance(50);
    expect(world.idle).toBe(1);
    world.clients = 1;
    sentAt();
    clock.advance(200_000);
    expect(world.idle).toBe(1);
    expect(sentAt()).toEqual([]);
  });

  it('is not told while it is at work', () => {
    const { clock, world } = rig();
    world.clients = 0;
    clock.advance(200_000);
    expect(world.idle).toBe(0);
  });
});
