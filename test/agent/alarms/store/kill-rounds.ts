/** Kills a recording process at random moments, and looks for every event that it had acknowledged. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openTestStore } from './open-store.ts';

const child = fileURLToPath(new URL('./recording-child.ts', import.meta.url));
/** Each round begins its events here, far from those of the round before. */
const eventsPerRound = 1_000_000;

export interface KillResult {
  readonly acknowledged: number;
  readonly missing: readonly string[];
  readonly verified: boolean;
  /** Whether the counts of the accounts add up to the rows. */
  readonly counted: boolean;
}

export async function killRounds(rounds: number, random: () => number): Promise<KillResult> {
  const test = await openTestStore();
  const acknowledged = new Map<number, string>();
  await test.store.close();
  for (let round = 0; round < rounds; round += 1) {
    const wanted = 1 + Math.floor(random() * 400);
    for (const [number, id] of await recordAndKill(test.path, round * eventsPerRound, wanted)) {
      acknowledged.set(number, id);
    }
  }
  await test.tamper(() => undefined);
  const missing: string[] = [];
  for (const [number, id] of acknowledged) {
    const stored = await test.store.show(number).catch(() => null);
    if (stored?.event.id !== id) missing.push(`${number} ${id}`);
  }
  const verified = (await test.store.verify()).ok;
  let alarms = 0;
  for (let account = 1_000; account < 1_500; account += 1) {
    alarms += test.store.account(String(account))?.alarms ?? 0;
  }
  const counted = alarms === test.store.counts().rows;
  await test.remove();
  return { acknowledged: acknowledged.size, missing, verified, counted };
}

/** Kills it once it has printed `wanted` lines; all that it printed was acknowledged. */
async function recordAndKill(path: string, first: number, wanted: number): Promise<[number, string][]> {
  const recording = spawn(process.execPath, [child, path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: [number, string][] = [];
  for await (const line of createInterface({ input: recording.stdout })) {
    const [number = '', id = ''] = line.split(' ');
    if (id !== '') lines.push([Number(number), id]);
    if (lines.length === wanted) recording.kill('SIGKILL');
  }
  return lines;
}
