/** Exporting a stretch of video from the console: what the file will hold, fetch it here, or copy the command for elsewhere. */
import type { ExportPlan } from '../../../src/contract/index.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { blank, line, span } from '../../format/line.ts';
import { formatDuration, formatSize, plural } from '../../format/numbers.ts';
import { dateTime } from '../../format/time.ts';
import { wrap } from '../../format/width.ts';
import { safeFileName } from '../../save.ts';
import type { Shell } from '../../shell.ts';

export interface ClipRange {
  cameraId: string;
  name: string;
  fromMs: number;
  toMs: number;
}

const iso = (utcMs: number): string => new Date(utcMs).toISOString().replace('.000Z', 'Z');

function fileName(range: ClipRange, timeZone: string): string {
  const time = dateTime(range.fromMs, timeZone).replace(' ', 'T').replaceAll(':', '').slice(0, 15);
  return safeFileName(`${range.name}-${time}.mp4`).toLowerCase();
}

/** The command that does the same on any machine with the CLI. */
export function clipCommand(range: ClipRange, file: string): string {
  return `holdfast export --camera ${range.cameraId} --from ${iso(range.fromMs)} --to ${iso(range.toMs)} --out ${file}`;
}

/** Asks the node what is there, then offers it. */
export function openClip(shell: Shell, range: ClipRange): void {
  shell.run(
    'Looking for video',
    () => shell.client.export.plan({ camera: range.cameraId, fromMs: range.fromMs, toMs: range.toMs }),
    (plan) => shell.open(clipOverlay(shell, range, plan)),
  );
}

function clipOverlay(shell: Shell, range: ClipRange, plan: ExportPlan) {
  const zone = shell.timeZone();
  const file = fileName(range, zone);
  const command = clipCommand(range, file);
  const wantedSeconds = (range.toMs - range.fromMs) / 1000;
  return textOverlay(shell, {
    title: `Export ${range.name}`,
    copy: { text: command, what: 'the command' },
    actions: [
      {
        key: 's',
        text: 'save here',
        run: () => {
          shell.close();
          shell.fetchFile(plan.downloadPath, file);
        },
      },
    ],
    lines: (_frame, width) => [
      line('From    ', span(dateTime(range.fromMs, zone), 'strong')),
      line('To      ', span(dateTime(range.toMs, zone), 'strong')),
      line(
        'Video   ',
        span(formatDuration(plan.presentSeconds), 'strong'),
        ` of ${formatDuration(wantedSeconds)}, about ${formatSize(plan.estimatedBytes)}`,
      ),
      line(
        'Gaps    ',
        plan.gaps.length === 0
          ? span('none', 'good')
          : span(`${plural(plan.gaps.length, 'gap')}; the file jumps over them`, 'warn'),
      ),
      line('File    ', file),
      blank,
      line(span('The same from any shell:', 'dim')),
      ...wrap(command, width).map((row) => line(span(row))),
    ],
  });
}
