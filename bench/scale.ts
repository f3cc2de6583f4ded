/**
 * How many cameras this machine records with nothing lost: their number rises until a part or a packet is lost, a session
 * breaks, or less arrives than the cameras should send. The cameras run on the same machine and take their share of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCameras } from './cameras.ts';
import { type HoldfastFigures, measureHoldfast } from './holdfast.ts';
import type { BenchOptions } from './options.ts';

const step = 100;
const camerasMax = 2_000;
const shareOfRateMin = 0.97;

export interface ScaleFigures {
  readonly mbps: number;
  readonly seconds: number;
  /** The last number with nothing lost, and its figures; then those of the first number with a loss. */
  readonly cameras: number;
  readonly held: HoldfastFigures | null;
  readonly failed: HoldfastFigures | string;
}

/** Begins with `cameras`. */
export async function benchScale(options: BenchOptions): Promise<ScaleFigures> {
  const { mbps, seconds } = options;
  let held: HoldfastFigures | null = null;
  for (let cameras = options.cameras; cameras <= camerasMax; cameras += step) {
    options.say(`${cameras} cameras x ${mbps} Mbps for ${seconds} s`);
    const tried = await tryWith({ ...options, cameras });
    if (typeof tried === 'string' || !isWhole(tried)) {
      return { mbps, seconds, cameras: held?.cameras ?? 0, held, failed: tried };
    }
    held = tried;
  }
  return {
    mbps,
    seconds,
    cameras: camerasMax,
    held,
    failed: 'nothing was lost up to the most that is tried',
  };
}

async function tryWith(options: BenchOptions): Promise<HoldfastFigures | string> {
  const work = mkdtempSync(join(options.dir ?? tmpdir(), 'holdfast-bench-scale-'));
  const cameras = await startCameras(options);
  try {
    return await measureHoldfast(options, cameras.urls, work);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    await cameras.child.end();
    rmSync(work, { recursive: true, force: true });
  }
}

function isWhole(figures: HoldfastFigures): boolean {
  const { partsLost, packetsLost, reconnects, shareOfRate } = figures;
  return partsLost + packetsLost + reconnects === 0 && shareOfRate >= shareOfRateMin;
}
