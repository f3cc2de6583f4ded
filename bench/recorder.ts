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
import { round, sum } from './figures.ts';
import type { BenchOptions } from './options.ts';
import { cpuSeconds, peakRssBytes, rssBytes } from './process-cost.ts';
import { configOf, startRecorder } from './recorder-client.ts';

const GB = 1e9;
const MB = 1e6;
const blockBytes = 64 * 1024 * 1024;

interface Cost {
  cpuSecondsPerGB: number;
  rssMB: number;
  cameras: number;
  gigabytes: number;
}

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

async function measureHoldfast(options: BenchOptions, urls: readonly string[], work: string) {
  const dataDir = mkdtempSync(join(work, 'data-'));
  const spaceDir = mkdtempSync(join(work, 'space-'));
  const payloadBytes = (options.cameras * options.mbps * 1e6 * (options.seconds + 30)) / 8;
  const quotaBytes = Math.ceil((payloadBytes * 1.3) / blockBytes + options.cameras * 2) * blockBytes;
  const config = configOf({ dataDir, spaceDir, quotaBytes, blockBytes, urls });
  const recorder = await startRecorder(dataDir);
  const { pid } = recorder.child;
  try {
    await recorder.ask({ method: 'configure', config: { ...config, cameras: [] } });
    await recorder.ask({ method: 'initializeSpace', spaceId: 's1' });
    await recorder.until((status) => status.spaces[0]?.state === 'normal', 300_000);
    await recorder.ask({ method: 'configure', config });
    await recorder.until((status) => status.cameras.every((camera) => camera.recording === 'normal'), 60_000);
    const began = { status: recorder.status(), cpu: cpuSeconds(pid), atMs: performance.now() };
    options.say('holdfast records');
    await pause(options.seconds * 1_000);
    const cpu = cpuSeconds(pid) - began.cpu;
    const status = await recorder.until((seen) => seen !== began.status, 5_000);
    const bytes = sumBytes(status) - (began.status ? sumBytes(began.status) : 0);
    const elapsedSeconds = (performance.now() - began.atMs) / 1_000;
    return {
      ...costOf(cpu, bytes, rssBytes(pid), urls.length),
      peakRssMB: round(peakRssBytes(pid) / MB),
      partsLost: status.partsLost,
      packetsLost: status.cameras.reduce((sum, camera) => sum + camera.packetsLost, 0),
      reconnects: status.cameras.reduce((sum, camera) => sum + camera.reconnects, 0),
      cpuPercent: round((cpu / elapsedSeconds) * 100),
    };
  } finally {
    await recorder.child.end();
    rmSync(spaceDir, { recursive: true, force: true });
  }
}

function sumBytes(status: { cameras: readonly { recordedBytes: number }[] }): number {
  return status.cameras.reduce((sum, camera) => sum + camera.recordedBytes, 0);
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

function costOf(cpu: number, bytes: number, rss: number, cameras: number): Cost {
  return {
    cpuSecondsPerGB: round(cpu / (bytes / GB)),
    rssMB: round(rss / MB),
    cameras,
    gigabytes: round(bytes / GB),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
