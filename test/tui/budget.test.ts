/** Bytes on the wire: what the console costs a bad line. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Camera } from '../../src/contract/index.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { sampleCameras, sampleStatus } from '../support/sample-status.ts';
import { openConsole, type TestConsole } from '../support/terminal-console.ts';

let opened: TestConsole | undefined;
afterEach(async () => {
  await opened?.stop();
  opened = undefined;
});

const seconds = 5;

/** Sixty cameras, so that every row of a tall terminal is in use. */
function manyCameras(round: number): Camera[] {
  return Array.from({ length: 60 }, (_, index): Camera => {
    const [template] = sampleCameras;
    if (!template) throw new Error('the sample has no camera');
    return {
      ...template,
      id: `c${index}`,
      name: `Camera ${String(index).padStart(2, '0')}`,
      channel: index + 1,
      bitsPerSecond: 2_000_000 + ((index * 7919 + round * 104_729) % 8_000_000),
      recordedBytes: 1e9 * round,
    };
  });
}

describe('the bytes of a second', () => {
  it.each(['1', '2', '3', '4', '7', '8'])(
    'page %s with only the clock changing: under 2 kB',
    async (page) => {
      const screen = await openConsole({ size: { columns: 120, rows: 50 } });
      opened = screen;
      await screen.press(page);
      const before = screen.terminal.output.bytes;
      for (let second = 0; second < seconds; second += 1) {
        screen.agent.publish({ timeMs: screen.agent.status.timeMs + 1000 });
        await screen.idle();
        await screen.tick(1000);
      }
      const perSecond = (screen.terminal.output.bytes - before) / seconds;
      expect(perSecond).toBeGreaterThan(0);
      expect(perSecond).toBeLessThan(2_000);
    },
  );

  it.each(['1', '3'])(
    'page %s at 120x50 while every figure changes five times a second: under 8 kB',
    async (page) => {
      const agent = new FakeAgent({ status: sampleStatus({ cameras: manyCameras(0) }) });
      const screen = await openConsole({ agent, size: { columns: 120, rows: 50 } });
      opened = screen;
      await screen.press(page);
      const before = screen.terminal.output.bytes;
      for (let round = 1; round <= seconds * 5; round += 1) {
        agent.publish({
          timeMs: agent.status.timeMs + 200,
          cameras: manyCameras(round),
          recorder: { ...agent.status.recorder, bitsPerSecond: 1e6 * round, cpuPercent: round },
          pools: agent.status.pools.map((pool) => ({ ...pool, usedBytes: pool.usedBytes + 1e9 })),
        });
        screen.nowMs += 200;
        await screen.idle();
        if (round % 5 === 0) await screen.tick(0);
      }
      const perSecond = (screen.terminal.output.bytes - before) / seconds;
      expect(perSecond).toBeGreaterThan(0);
      expect(perSecond).toBeLessThan(8_000);
    },
  );

  it('a thousand cameras cost no more than the rows that are seen', async () => {
    const cameras = Array.from({ length: 1000 }, (_, index) => ({
      ...(manyCameras(0)[0] as Camera),
      id: `c${index}`,
      name: `Camera ${index}`,
    }));
    const screen = await openConsole({ agent: new FakeAgent({ status: sampleStatus({ cameras }) }) });
    opened = screen;
    const before = screen.terminal.output.bytes;
    await screen.press('3', 'G');
    expect(screen.text).toContain('Camera 999');
    expect(screen.terminal.output.bytes - before).toBeLessThan(12_000);
    expect(screen.terminal.scrolledRows()).toBe(0);
  });
});
