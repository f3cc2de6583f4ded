/** Kills the recorder or the agent at random moments under load, and measures what each kill cost. Used short in the tests, long in the proof. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSpace } from '../../agent/storage/check.ts';
import { startTestCameras } from '../../agent/test-camera/cameras.ts';
import { openConnection } from '../../src/client/connect.ts';
import type { Gap, NodeStatus } from '../../src/contract/index.ts';
import { addCamera, addStorage, freePort, statusUntil } from './node.ts';
import { descendants } from './processes.ts';
import { createRandom } from './random.ts';

export interface KillCost {
  readonly victim: 'recorder' | 'agent';
  /** Video that had arrived before the kill and is not in the store: the worst camera, ms. 0 when nothing was lost. */
  readonly lostBeforeMs: number;
  /** The longest gap of a camera around the kill, ms. */
  readonly gapMs: number;
  /** From the kill until status says that every camera records again. */
  readonly recoveredMs: number;
}

export interface KillRunResult {
  readonly costs: readonly KillCost[];
  readonly gaps: readonly Gap[];
  /** Planned seconds that are missing and that no gap row explains. */
  readonly unexplainedSeconds: number;
  /** What the checker found wrong on disk (I1); empty when all is well. */
  readonly faults: readonly string[];
  readonly partsChecked: number;
}

export interface KillRunOptions {
  readonly kills: number;
  readonly cameras: number;
  readonly seed: number;
  say?(line: string): void;
}

const launcher = new URL('../../bin/holdfast', import.meta.url).pathname;

export async function killRun(options: KillRunOptions): Promise<KillRunResult> {
  const random = createRandom(options.seed);
  const dataDir = mkdtempSync(join(tmpdir(), 'hf-kill-'));
  const testCameras = await startTestCameras({ port: 0, count: options.cameras, mbps: 2 });
  const supervisor = await startSupervisor(dataDir);
  const connection = openConnection({ kind: 'local', dataDir });
  const { client } = connection;
  try {
    const node = { dataDir, client };
    await addStorage(node, join(dataDir, 'space'), 1024 ** 3);
    for (const [at, url] of testCameras.urls.entries()) await addCamera(node, `camera ${at + 1}`, url);
    await statusUntil(client, (status) => status.counts.recording === options.cameras);
    const kills: { victim: 'recorder' | 'agent'; atMs: number; recoveredMs: number }[] = [];
    for (let round = 0; round < options.kills; round++) {
      await pause(1_500 + random() * 2_000);
      const victim = random() < 0.6 ? 'recorder' : 'agent';
      const status = await statusUntil(client, (seen) => recordsAll(seen, options.cameras));
      const pid = victim === 'recorder' ? status.recorder.pid : agentPid(supervisor.pid ?? 0);
      if (pid === null) throw new Error('no process to kill');
      const atMs = Date.now();
      process.kill(pid, 'SIGKILL');
      await statusUntil(
        client,
        (seen) =>
          seen.recorder.pid !== null &&
          (victim === 'agent' || seen.recorder.pid !== pid) &&
          recordsAll(seen, options.cameras),
        30_000,
      );
      kills.push({ victim, atMs, recoveredMs: Date.now() - atMs });
      options.say?.(`${round + 1}/${options.kills} ${victim} killed, back after ${Date.now() - atMs} ms`);
    }
    await pause(2_500);
    const gaps = await client.inspection.gaps({ fromMs: (kills[0]?.atMs ?? 0) - 10_000, limit: 10_000 });
    const unexplainedSeconds = await unexplained(client, options.cameras);
    await stop(supervisor);
    const check = await checkSpace(join(dataDir, 'space'), join(dataDir, 'index', 's1.db'));
    return {
      costs: kills.map((kill) => ({ ...kill, ...costOf(kill.atMs, gaps) })),
      gaps,
      unexplainedSeconds,
      faults: check.faults,
      partsChecked: check.parts,
    };
  } finally {
    connection.close();
    await stop(supervisor);
    await testCameras.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function recordsAll(status: NodeStatus, cameras: number): boolean {
  return status.counts.recording === cameras;
}

function costOf(killMs: number, gaps: readonly Gap[]): { lostBeforeMs: number; gapMs: number } {
  const around = gaps.filter(
    (gap) => gap.fromMs <= killMs + 50 && (gap.toMs ?? Number.POSITIVE_INFINITY) >= killMs,
  );
  return {
    lostBeforeMs: Math.max(0, ...around.map((gap) => killMs - gap.fromMs)),
    gapMs: Math.max(0, ...around.map((gap) => (gap.toMs ?? killMs) - gap.fromMs)),
  };
}

/** Missing planned seconds of today without a reason, all cameras. */
async function unexplained(
  client: ReturnType<typeof openConnection>['client'],
  cameras: number,
): Promise<number> {
  const day = await client.inspection.day({ detail: 'minutes' });
  if (day.cameras.length !== cameras) throw new Error(`inspection shows ${day.cameras.length} cameras`);
  const hours = day.cameras.flatMap((camera) => camera.hours);
  return hours
    .filter((hour) => hour.missingSeconds > 0 && hour.reason === null)
    .reduce((sum, hour) => sum + hour.missingSeconds, 0);
}

async function startSupervisor(dataDir: string): Promise<ChildProcess> {
  const child = spawn(launcher, ['agent', '--data', dataDir, '--listen', `127.0.0.1:${await freePort()}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/^ready$/m.test(text)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the agent ended with ${code}: ${text}`)));
  });
  return child;
}

function agentPid(supervisorPid: number): number | null {
  return descendants(supervisorPid).find((found) => /agent\/main\.js/.test(found.command))?.pid ?? null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
