/** `holdfast inspect`: hour by hour which minutes hold video, and why the others do not. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import type { NodeClient } from '../../client/connect.ts';
import {
  daySchema,
  type InspectionDay,
  type InspectionHour,
  type InspectionMonth,
} from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { toCsv, toHtml, toSvg } from '../../model/inspection-report.ts';
import { addCommand, type CommandContext, type CommandHost } from '../command.ts';
import { csvLine } from '../csv.ts';
import { fileError } from '../file-errors.ts';
import type { Column, Output, Tone } from '../output.ts';
import { formatTime } from '../time.ts';
import { repeatUntilStopped } from '../watch.ts';

const optionsSchema = z.object({
  day: daySchema.optional(),
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month as YYYY-MM')
    .optional(),
  today: z.boolean().optional(),
  camera: z.string().optional(),
  exceptions: z.boolean().default(false),
  worstFirst: z.boolean().default(false),
  csv: z.boolean().optional(),
  html: z.string().optional(),
  svg: z.string().optional(),
  watch: z.boolean().optional(),
});
type Options = z.output<typeof optionsSchema>;

export function addInspect(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'inspect',
    summary: 'which minutes of which hours hold video, and why the others do not',
    flags: [
      ['--day <date>', 'a day as YYYY-MM-DD'],
      ['--month <month>', 'a month as YYYY-MM'],
      ['--today', 'today, up to this minute (the default)'],
      ['--camera <name>', 'only cameras with this id, name, or part of a name'],
      ['--exceptions', 'only cameras with exceptions'],
      ['--worst-first', 'most missing seconds first'],
      ['--csv', 'a line for each camera and hour'],
      ['--html <file>', 'write a page'],
      ['--svg <file>', 'write a picture'],
      ['--watch', 'repeat until Ctrl-C'],
    ],
    options: optionsSchema,
    examples: [
      'holdfast inspect --today',
      'holdfast inspect --day 2026-11-19 --exceptions --worst-first',
      'holdfast inspect --month 2026-11 --csv > november.csv',
      'holdfast inspect --today --json',
    ],
    run: async (context, _args, options) => {
      if ([options.day, options.month, options.today].filter((given) => given !== undefined).length > 1) {
        throw new AppError('invalid_input', '--day, --month and --today exclude each other', {
          hint: 'give one of them',
        });
      }
      if (options.month !== undefined && (options.html ?? options.svg) !== undefined) {
        throw new AppError('unsupported', '--html and --svg show a day', {
          hint: 'use --csv or --json for a month',
        });
      }
      const once = () =>
        options.month === undefined ? showDay(context, options) : showMonth(context, options, options.month);
      if (options.watch) await repeatUntilStopped(context, once);
      else await once();
    },
  });
}

function filterOf(options: Options) {
  return {
    exceptionsOnly: options.exceptions,
    worstFirst: options.worstFirst,
    ...(options.camera === undefined ? {} : { camera: options.camera }),
  };
}

async function showDay(context: CommandContext, options: Options): Promise<void> {
  const { output } = context;
  const day = await context.withNode(async ({ client }) => {
    const found = await client.inspection.day({
      detail: output.json ? 'minutes' : 'hours',
      ...filterOf(options),
      ...(options.day === undefined ? {} : { day: options.day }),
    });
    if (found.cameras.length === 0) await requireCamera(client, options.camera);
    return found;
  });
  const files = [
    [options.html, toHtml],
    [options.svg, toSvg],
  ] as const;
  for (const [path, render] of files) {
    if (path === undefined) continue;
    writeReport(path, render(day));
    output.note(`written: ${path}`);
  }
  if (options.csv) output.io.stdout.write(toCsv(day));
  else if (output.json) output.document(day);
  else if ((options.html ?? options.svg) === undefined) printDay(output, day);
}

/** An empty grid may mean that all is well, but not of a camera that there is not. */
async function requireCamera(client: NodeClient, wanted: string | undefined): Promise<void> {
  if (wanted === undefined) return;
  const part = wanted.toLowerCase();
  const cameras = await client.camera.list();
  if (cameras.some(({ id, name }) => id.includes(part) || name.toLowerCase().includes(part))) return;
  throw new AppError('not_found', `no camera is called ${wanted}, or holds that in its name`, {
    hint: 'holdfast camera list shows them',
  });
}

function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw fileError(error, path) ?? error;
  }
}

type CameraDay = InspectionDay['cameras'][number];

function hourTone(hour: InspectionHour | undefined): Tone {
  if (hour?.state === 'exception') return 'bad';
  return hour?.state === 'normal' ? 'good' : 'dim';
}

/** Minutes held with a mark for what they mean, or only the mark where nothing is held. */
function hourSign(hour: InspectionHour | undefined): string {
  if (!hour) return '';
  if (hour.state === 'no-plan') return '.';
  if (hour.state === 'unchecked') return hour.minutes === 0 ? '?' : `${hour.minutes}?`;
  return hour.state === 'exception' ? `${hour.minutes}!` : String(hour.minutes);
}

function printDay(output: Output, day: InspectionDay): void {
  output.line(`${day.day}  ${day.timeZone}  checked to ${formatTime(day.checkedToMs)}`);
  const columns: Column<CameraDay>[] = [
    { title: 'camera', value: (row) => row.id },
    { title: 'name', value: (row) => row.name.slice(0, 20) },
    ...(day.cameras[0]?.hours ?? []).map(
      ({ hour }, at): Column<CameraDay> => ({
        title: String(hour).padStart(2, '0'),
        value: (row) => hourSign(row.hours[at]),
        align: 'right',
        tone: (row) => hourTone(row.hours[at]),
      }),
    ),
  ];
  output.table(day.cameras, columns, 'nothing to show');
  output.line('minutes held of each hour;  ! exception   . no plan   ? not over yet');
  for (const camera of day.cameras) printReasons(output, camera);
}

function printReasons(output: Output, camera: CameraDay): void {
  const byReason = new Map<string, number>();
  for (const { reason, missingSeconds } of camera.hours) {
    if (missingSeconds > 0)
      byReason.set(reason ?? 'unknown', (byReason.get(reason ?? 'unknown') ?? 0) + missingSeconds);
  }
  if (byReason.size === 0) return;
  const parts = [...byReason].map(([reason, seconds]) => `${seconds} s ${reason}`);
  output.line(`${camera.id}: missing ${parts.join(', ')}`);
}

async function showMonth(context: CommandContext, options: Options, month: string): Promise<void> {
  const { output } = context;
  const found = await context.withNode(async ({ client }) => {
    const grid = await client.inspection.month({ month, ...filterOf(options) });
    if (grid.cameras.length === 0) await requireCamera(client, options.camera);
    return grid;
  });
  if (options.csv) printMonthCsv(output, found);
  else output.result(found, () => printMonth(output, found));
}

function printMonthCsv(output: Output, month: InspectionMonth): void {
  output.line('day,camera,name,channel,state,minutes,planned_minutes');
  for (const camera of month.cameras) {
    for (const { day, state, minutes, plannedMinutes } of camera.days) {
      output.line(csvLine([day, camera.id, camera.name, camera.channel, state, minutes, plannedMinutes]));
    }
  }
}

type CameraMonth = InspectionMonth['cameras'][number];
type CameraMonthDay = CameraMonth['days'][number];

function daySign(day: CameraMonthDay | undefined): string {
  if (!day) return '';
  if (day.state === 'no-plan') return '.';
  if (day.state === 'unchecked') return '?';
  if (day.state !== 'exception') return 'ok';
  const share = day.plannedMinutes === 0 ? 0 : day.minutes / day.plannedMinutes;
  return `${Math.min(99, Math.floor(share * 100))}!`;
}

function printMonth(output: Output, month: InspectionMonth): void {
  output.line(`${month.month}  ${month.timeZone}`);
  const days = month.cameras[0]?.days ?? [];
  const columns: Column<CameraMonth>[] = [
    { title: 'camera', value: (row) => row.id },
    { title: 'name', value: (row) => row.name.slice(0, 20) },
    ...days.map(
      ({ day }, at): Column<CameraMonth> => ({
        title: day.slice(-2),
        value: (row) => daySign(row.days[at]),
        align: 'right',
        tone: (row) => (row.days[at]?.state === 'exception' ? 'bad' : 'plain'),
      }),
    ),
  ];
  output.table(month.cameras, columns, 'nothing to show');
  output.line('ok all held   NN! percent held, exception   . no plan   ? not over yet');
}
