import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../support/random.ts';
import { Rig } from '../support/storage/rig.ts';

const child = fileURLToPath(new URL('../support/storage/crash-child.ts', import.meta.url));
const rounds = Number(process.env.HOLDFAST_CRASHES ?? 10);
let root: Rig | null = null;

afterEach(async () => {
  await root?.end();
  root = null;
});

type Safe = [camera: string, writtenMs: number, committedMs: number][];

/** Runs the writer, kills it a random while after it has begun to record, and returns the last it said. */
async function runAndKill(folder: string, seed: number, afterMs: number): Promise<Safe> {
  const running = spawn(process.execPath, [child, folder, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const last = (): Safe | null => {
    const line = text.split('\n').at(-2);
    return line === undefined ? null : (JSON.parse(line) as Safe);
  };
  const recording = new Promise<void>((resolve, reject) => {
    running.on('exit', (code) => reject(new Error(`the writer ended by itself with ${code}`)));
    running.stdout.on('data', (data: Buffer) => {
      text = text.slice(-4_000) + data.toString();
      if (last()?.every(([, , committedMs]) => committedMs > 0)) resolve();
    });
  });
  await recording;
  const exit = once(running, 'close');
  setTimeout(() => running.kill('SIGKILL'), afterMs);
  await exit;
  return last() ?? [];
}

test('killed at any instant, the store starts by itself with everything that was written, and the index tells the truth (I1, I2)', async () => {
  const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(Math.random() * 1e9));
  const random = createRandom(seed);
  const options = { blocks: 12, blockBytes: 256 * 1024 };
  root = new Rig(options);
  for (let round = 0; round < rounds; round += 1) {
    const safe = await runAndKill(root.root, seed + round, random() * 400);
    const where = `seed ${seed}, round ${round} (HOLDFAST_SEED=${seed} repeats it)`;
    const again = await new Rig({ ...options, root: root.root }).start();
    expect(again.space('s1').state, where).toBe('normal');
    for (const [camera, writtenMs, committedMs] of safe) {
      const foundMs = again.engine.lastRecordedMs(camera) ?? 0;
      expect(foundMs, `${where}: ${camera} lost what was synced`).toBeGreaterThanOrEqual(committedMs);
      expect(foundMs, `${where}: ${camera} lost what was written`).toBeGreaterThanOrEqual(writtenMs);
    }
    const check = await again.check();
    expect(check.faults, where).toEqual([]);
    expect(check.parts, where).toBeGreaterThan(0);
    for (const [camera] of safe)
      expect(again.catalogPresentMs(camera), where).toBe(again.indexPresentMs(camera));
    await again.engine.close();
  }
}, 60_000);
