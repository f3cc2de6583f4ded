/** `holdfast export`: a stretch of one camera as an MP4 file that is either complete or not there. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Download } from '../../client/download.ts';
import type { ExportPlan } from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { formatSize } from '../../model/size.ts';
import { addCommand, type CommandContext, type CommandHost } from '../command.ts';
import { errnoOf, fileError } from '../file-errors.ts';
import { progressBar } from '../progress.ts';
import { formatDuration, formatTime, parseStretch } from '../time.ts';

export function addExport(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'export',
    summary: 'write a stretch of one camera to an MP4 file',
    flags: [
      ['--camera <name>', 'camera, by id or name'],
      ['--from <time>', 'start: 2026-11-19T14:30 (local, or with Z), 14:30, -10m'],
      ['--to <time>', 'end, likewise; or now'],
      ['--out <file>', 'file to write'],
      ['--force', 'replace the file when it exists'],
    ],
    options: z.object({
      camera: z.string(),
      from: z.string(),
      to: z.string(),
      out: z.string(),
      force: z.boolean().default(false),
    }),
    examples: [
      'holdfast export --camera door --from 14:30 --to 14:45 --out door.mp4',
      'holdfast export --camera c1 --from -10m --to now --out last.mp4',
      'holdfast export --camera c1 --from 2026-11-19T08:00:00Z --to 2026-11-19T09:00:00Z --out hour.mp4 --json',
    ],
    run: async (context, _args, options) => {
      const { fromMs, toMs } = parseStretch(options, context.io.nowMs());
      const out = resolve(options.out);
      if (!options.force && existsSync(out)) throw exists(out);
      await context.withNode(async (connection) => {
        const plan = await connection.client.export.plan({ camera: options.camera, fromMs, toMs });
        const download = await connection.download(plan.downloadPath);
        const bytes = await save(context, download, { out, force: options.force, label: plan.cameraId });
        report(context, plan, { file: out, bytes });
      });
    },
  });
}

function exists(out: string): AppError {
  return new AppError('conflict', `${out} exists`, {
    hint: 'choose another name, or add --force to replace it',
  });
}

interface SaveRequest {
  out: string;
  force: boolean;
  label: string;
}

/** Writes beside the file and renames at the end; whatever goes wrong leaves nothing behind. Returns the bytes. */
async function save(context: CommandContext, download: Download, request: SaveRequest): Promise<number> {
  const temporary = `${request.out}.part-${randomBytes(4).toString('hex')}`;
  const unhook = context.io.onStop(() =>
    download.stream.destroy(new AppError('unavailable', 'cancelled: nothing was written')),
  );
  try {
    const bytes = await copy(context, download, temporary, request.label);
    if (download.totalBytes !== null && bytes !== download.totalBytes) {
      throw new AppError('unavailable', `the node sent ${bytes} of ${download.totalBytes} bytes`, {
        hint: 'try again',
      });
    }
    await publish(temporary, request);
    return bytes;
  } catch (error) {
    throw asFileError(error, request.out);
  } finally {
    unhook();
    download.stream.destroy();
    await rm(temporary, { force: true });
  }
}

async function copy(
  context: CommandContext,
  download: Download,
  path: string,
  label: string,
): Promise<number> {
  const bar = progressBar(context.io, `exporting ${label}`);
  const startedAtMs = context.io.nowMs();
  const file = await open(path, 'wx', 0o600);
  let doneBytes = 0;
  let shownAtMs = 0;
  try {
    for await (const chunk of download.stream) {
      await file.writeFile(chunk);
      doneBytes += chunk.length;
      const nowMs = context.io.nowMs();
      if (nowMs - shownAtMs < 100) continue;
      shownAtMs = nowMs;
      const bytesPerSecond = (doneBytes * 1_000) / Math.max(1, nowMs - startedAtMs);
      const { totalBytes } = download;
      const secondsLeft = totalBytes === null ? null : (totalBytes - doneBytes) / bytesPerSecond;
      bar.show({ doneBytes, totalBytes, bytesPerSecond, secondsLeft });
    }
    await file.sync();
    return doneBytes;
  } finally {
    bar.end();
    await file.close();
  }
}

async function publish(temporary: string, request: SaveRequest): Promise<void> {
  if (request.force) return rename(temporary, request.out);
  try {
    await link(temporary, request.out);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') throw exists(request.out);
    // File systems without hard links (FAT, some shares).
    if (existsSync(request.out)) throw exists(request.out);
    await rename(temporary, request.out);
  }
}

function asFileError(error: unknown, out: string): AppError {
  if (error instanceof AppError) return error;
  const known = fileError(error, out);
  if (known) return known;
  return new AppError('unavailable', 'the transfer broke before the end: nothing was written', {
    hint: 'try again; holdfast log search shows what the node says',
    cause: error,
  });
}

function report(context: CommandContext, plan: ExportPlan, written: { file: string; bytes: number }): void {
  const { cameraId, fromMs, toMs, presentSeconds, gaps } = plan;
  context.output.result({ ...written, cameraId, fromMs, toMs, presentSeconds, gaps }, () => {
    const { output } = context;
    output.line(
      `${written.file}: ${formatSize(written.bytes)}, ${formatDuration(presentSeconds)} of video from ${cameraId}`,
    );
    if (gaps.length === 0) return output.line('no gaps');
    output.table(
      gaps,
      [
        { title: 'gap from', value: (gap) => formatTime(gap.fromMs) },
        { title: 'to', value: (gap) => (gap.toMs === null ? 'now' : formatTime(gap.toMs)) },
        { title: 'reason', value: (gap) => gap.reason },
        { title: 'detail', value: (gap) => gap.detail ?? '' },
      ],
      '',
    );
  });
}
