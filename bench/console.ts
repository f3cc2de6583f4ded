/** Measures the console: key to paint, first paint, and processor time while everything changes at 120x50. */
import { FakeAgent } from '../test/support/fake-agent.ts';
import { sampleCameras, sampleStatus } from '../test/support/sample-status.ts';
import { openConsole, type TestConsole } from '../test/support/terminal-console.ts';
import { percentile, round } from './figures.ts';

const presses = 200;
const rounds = 50;
/** Between two keys of a fast repeating keyboard. */
const pressPauseMs = 33;

/** Milliseconds from a key arriving to the first byte of its frame leaving. */
async function keyToPaintMs(screen: TestConsole, key: string): Promise<number> {
  const painted = new Promise<number>((resolve) => {
    const before = screen.terminal.output.bytes;
    const look = (): void => {
      if (screen.terminal.output.bytes > before) resolve(performance.now());
      else setImmediate(look);
    };
    look();
  });
  const pressedMs = performance.now();
  screen.terminal.type(key);
  return (await painted) - pressedMs;
}

/** Figures in milliseconds, bytes and per cent of one core. */
export async function benchConsole(): Promise<Record<string, number>> {
  const startedMs = performance.now();
  const cameras = Array.from({ length: 60 }, (_, index) => {
    const template = sampleCameras[index % sampleCameras.length];
    if (!template) throw new Error('the sample has no camera');
    return { ...template, id: `c${index}`, name: `Camera ${index}` };
  });
  const agent = new FakeAgent({ status: sampleStatus({ cameras }) });
  const screen = await openConsole({ agent, size: { columns: 120, rows: 50 } });
  const firstPaintMs = performance.now() - startedMs;
  await screen.press('3');
  const paints: number[] = [];
  for (let press = 0; press < presses; press += 1) {
    paints.push(await keyToPaintMs(screen, press % 20 < 10 ? 'j' : 'k'));
    await screen.idle();
    await new Promise((resolve) => setTimeout(resolve, pressPauseMs));
  }
  const cpu = process.cpuUsage();
  const bytes = screen.terminal.output.bytes;
  for (let turn = 1; turn <= rounds; turn += 1) {
    agent.publish({ cameras: cameras.map((camera) => ({ ...camera, bitsPerSecond: 2e6 + turn * 37_000 })) });
    await screen.idle();
    await screen.tick(200);
  }
  const used = process.cpuUsage(cpu);
  const painted = screen.terminal.output.bytes - bytes;
  await screen.stop();
  return {
    firstPaintMs: round(firstPaintMs),
    keyToPaintMsMedian: round(percentile(paints, 0.5)),
    keyToPaintMs99th: round(percentile(paints, 0.99)),
    bytesPerFrameAllChanging: Math.round(painted / rounds),
    // Five frames a second, each one painted: more than the console does by itself.
    cpuPercentAtFiveFramesPerSecond: round(((used.user + used.system) / 1000 / rounds / 200) * 100),
  };
}
