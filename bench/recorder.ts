/**
 * Recording cost: N test cameras in real time into Holdfast, into `ffmpeg -c copy -f segment` processes, and into a bare
 * socket-to-file copy, one after the other in one run. CPU seconds are those of the recording processes alone.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCameras } from './cameras.ts';
import { startChild } from './child.ts';
import { type Cost, costOf } from './cost.ts';
import { sum } from './figures.ts';
import { measureHoldfast } from './holdfast.ts';
import type { BenchOptions } from './options.ts';
import { cpuSeconds, rssBytes } from './process-cost.ts';

export async function benchRecorder(options: BenchOptions) {
  const work = mkdtempSync(join(options.dir ?? tmpdir(), 'holdfast-bench-'));
  const cameras = await startCameras(options);
  try {
    options.say(
      `${options.cameras} cameras x ${options.mbps} Mbps for ${options.seconds} s each, in ${work}`,
    );
    const holdfast = await measureHoldfast(options, cameras.urls, work);
    const copy = await measureCopy(options, cameras.urls, work);
    const ffmpeg = await measureFfmpeg(options, cameras.urls, work);
    return { cameras: options.cameras, mbps: options.mbps, seconds: options.seconds, holdfast, ffmpeg, copy };
  } finally {
    await cameras.child.end();
    rmSync(work, { recursive: true, force: true });
  }
}

async function measureCopy(options: BenchOptions, urls: readonly string[], work: string): Promise<Cost> {
  const dir = mkdtempSync(join(work, 'copy-'));
  const entry = new URL('./copy-peer.ts', import.meta.url).pathname;
  const child = startChild(process.execPath, ['--no-warnings', entry, dir, ...urls]);
  try {
    await child.line(/ready/);
    options.say('a bare copy records');
    return await measureFolder(options.seconds, [child.pid], dir, urls.length);
  } finally {
    await child.end();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measureFfmpeg(options: BenchOptions, urls: readonly string[], work: string): Promise<Cost> {
  const dir = mkdtempSync(join(work, 'ffmpeg-'));
  const chosen = urls.slice(0, Math.min(urls.length, options.ffmpegCameras));
  const children = chosen.map((url, at) =>
    startChild('ffmpeg', [
      ...['-nostdin', '-v', 'error', '-rtsp_transport', 'tcp', '-i', url, '-c', 'copy'],
      ...['-f', 'segment', '-segment_time', '60', '-segment_format', 'mp4', join(dir, `${at}-%03d.mp4`)],
    ]),
  );
  try {
    await pause(8_000);
    options.say(`${chosen.length} ffmpeg processes record`);
    return await measureFolder(
      options.seconds,
      children.map((child) => child.pid),
      dir,
      chosen.length,
    );
  } finally {
    await Promise.all(children.map((child) => child.end()));
    rmSync(dir, { recursive: true, force: true });
  }
}

/** CPU per byte that reached the files of a folder while so many seconds passed. */
async function measureFolder(
  seconds: number,
  pids: readonly number[],
  dir: string,
  cameras: number,
): Promise<Cost> {
  const before = { cpu: sum(pids.map(cpuSeconds)), bytes: await folderBytes(dir) };
  await pause(seconds * 1_000);
  const cpu = sum(pids.map(cpuSeconds)) - before.cpu;
  const bytes = (await folderBytes(dir)) - before.bytes;
  return costOf(cpu, bytes, sum(pids.map(rssBytes)), cameras);
}

async function folderBytes(dir: string): Promise<number> {
  return sum((await readdir(dir)).map((name) => statSync(join(dir, name)).size));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
