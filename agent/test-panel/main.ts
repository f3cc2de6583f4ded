/** Entry of `holdfast test-panel`: runs the panels, shows how they fare, and ends with a summary; code 1 when something stayed without acknowledgement. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { AppError, exitCodes, toAppError } from '../../src/errors.ts';
import { systemClock } from '../adapters/clock.ts';
import { type PanelFlags, readFlags } from './flags.ts';
import { runPanels } from './panel.ts';
import { liveLine, summaryLines } from './words.ts';

const showEveryMs = 500;
/** A stop later than this after the first one is meant to end it at once. */
const secondStopMs = 500;

function openRecord(path: string): WriteStream {
  const stream = createWriteStream(path, { highWaterMark: 1024 * 1024 });
  stream.on('error', (error) => fail(new AppError('internal', `cannot write ${path}: ${error.message}`)));
  return stream;
}

function fail(thrown: unknown): never {
  const error = toAppError(thrown);
  console.error(error.hint === undefined ? error.message : `${error.message} ${error.hint}`);
  process.exit(exitCodes[error.code]);
}

async function run({ options, json, recordPath }: PanelFlags): Promise<number> {
  const record = recordPath === null ? null : openRecord(recordPath);
  const panels = runPanels(options, {
    clock: systemClock,
    acknowledged: (account, number) => void record?.write(`${account} ${number}\n`),
  });
  let stoppedMs: number | null = null;
  const stop = () => {
    const nowMs = systemClock.monotonicMs();
    stoppedMs ??= nowMs;
    // Ctrl-C reaches this process twice: from the terminal, and from the command that started it.
    if (nowMs - stoppedMs > secondStopMs) panels.abort();
    else panels.stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const live = process.stderr.isTTY && !json;
  const show = setInterval(() => {
    if (live) process.stderr.write(`\r\x1b[K${liveLine(panels.summary(), panels.addresses())}`);
  }, showEveryMs);
  await panels.done;
  clearInterval(show);
  if (live) process.stderr.write('\r\x1b[K');
  if (record !== null) await new Promise<void>((resolve) => record.end(() => resolve()));
  const summary = panels.summary();
  console.log(json ? JSON.stringify(summary) : summaryLines(summary, options.fault).join('\n'));
  return options.fault !== null || summary.acknowledged === summary.sent ? 0 : 1;
}

try {
  process.exitCode = await run(readFlags(process.argv.slice(2)));
} catch (thrown) {
  fail(thrown);
}
