/** Records the given cameras into a fresh space for a while, and says what it cost and what was lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cost, costOf } from './cost.ts';
import { round, sum } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { cpuSeconds, peakRssBytes, rssBytes } from './process-cost.ts';
import { configOf, type DrivenRecorder, startRecorder } from './recorder-client.ts';

const MB = 1e6;
const blockBytes = 32 * 1024 * 1024;
/** Beside a block for each camera. */
const sparesMin = 32;

export interface HoldfastFigures extends Cost {
  readonly peakRssMB: number;
  readonly partsLost: number;
  readonly packetsLost: number;
  readonly reconnects: number;
  readonly cpuPercent: number;
  /** Recorded, of what the cameras were to send: under 1 they were too slow themselves. */
  readonly shareOfRate: number;
}

export async function measureHoldfast(
  options: Pick<BenchOptions, 'cameras' | 'mbps' | 'seconds' | 'say'>,
  urls: readonly string[],
  work: string,
): Promise<HoldfastFigures> {
  const dataDir = mkdtempSync(join(work, 'data-'));
  const spaceDir = mkdtempSync(join(work, 'space-'));
  const payloadBytes = (options.cameras * options.mbps * 1e6 * (options.seconds + 30)) / 8;
  const quotaBytes = Math.ceil((payloadBytes * 1.3) / blockBytes + options.cameras + sparesMin) * blockBytes;
  const config = configOf({ dataDir, spaceDir, quotaBytes, blockBytes, urls });
  const recorder = await startRecorder(dataDir);
  const { pid } = recorder.child;
  try {
    await recorder.ask({ method: 'configure', config: { ...config, cameras: [] } });
    await recorder.ask({ method: 'initializeSpace', spaceId: 's1' });
    await recorder.until((status) => status.spaces[0]?.state === 'normal', 300_000);
    await recorder.ask({ method: 'configure', config });
    await recorder.until((status) => status.cameras.every((camera) => camera.recording === 'normal'), 60_000);
    const began = await sample(recorder);
    options.say('holdfast records');
    await new Promise((resolve) => setTimeout(resolve, options.seconds * 1_000));
    const ended = await sample(recorder);
    const bytes = ended.bytes - began.bytes;
    const cpu = ended.cpu - began.cpu;
    const seconds = (ended.atMs - began.atMs) / 1_000;
    return {
      ...costOf(cpu, bytes, rssBytes(pid), urls.length),
      peakRssMB: round(peakRssBytes(pid) / MB),
      partsLost: ended.status.partsLost,
      packetsLost: sum(ended.status.cameras.map((camera) => camera.packetsLost)),
      reconnects: sum(ended.status.cameras.map((camera) => camera.reconnects)),
      cpuPercent: round((cpu / seconds) * 100),
      shareOfRate: round((bytes * 8) / (urls.length * options.mbps * 1e6 * seconds)),
    };
  } finally {
    await recorder.child.end();
    rmSync(spaceDir, { recursive: true, force: true });
  }
}

/** Bytes and processor time of the same moment: of a status that has just arrived. */
async function sample(recorder: DrivenRecorder) {
  const before = recorder.status();
  const status = await recorder.until((seen) => seen !== before, 10_000);
  const bytes = sum(status.cameras.map((camera) => camera.recordedBytes));
  return { status, bytes, cpu: cpuSeconds(recorder.child.pid), atMs: performance.now() };
}
