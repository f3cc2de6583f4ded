/** `npm run bench -- NAME [--json]`: runs one benchmark and prints its figures; each measures its peer in the same run. */
import { parseArgs } from 'node:util';

import { machine } from './machine.ts';
import type { BenchOptions } from './options.ts';

/** Each is loaded only when it is asked for: a bench may need programs that others do not. */
const benches: Readonly<Record<string, () => Promise<(options: BenchOptions) => Promise<object>>>> = {
  recorder: async () => (await import('./recorder.ts')).benchRecorder,
  scale: async () => (await import('./scale.ts')).benchScale,
  inspection: async () => (await import('./inspection.ts')).benchInspection,
  storage: async () => (await import('./storage.ts')).benchStorage,
  console: async () => (await import('./console.ts')).benchConsole,
  start: async () => (await import('./start.ts')).benchStart,
  alarms: async () => (await import('./alarms.ts')).benchAlarms,
  failover: async () => (await import('./failover.ts')).benchFailover,
};

const { values, positionals } = readFlags();
const name = positionals[0] ?? '';
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (!load) refuse(name === '' ? 'which benchmark?' : `there is no benchmark ${name}`);

const measuredOn = machine();
const figures = await (await load())({
  cameras: count('cameras'),
  mbps: count('mbps'),
  seconds: count('seconds'),
  ffmpegCameras: count('ffmpeg-cameras'),
  dir: values.dir,
  say: (line: string) => console.error(line),
});
const document = { ...figures, machine: measuredOn };
console.log(JSON.stringify(document, null, values.json ? 0 : 2));
process.exit(0);

function readFlags() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        cameras: { type: 'string', default: '300' },
        mbps: { type: 'string', default: '2' },
        seconds: { type: 'string', default: '30' },
        'ffmpeg-cameras': { type: 'string', default: '40' },
        dir: { type: 'string' },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function count(option: 'cameras' | 'mbps' | 'seconds' | 'ffmpeg-cameras'): number {
  const value = Number(values[option]);
  return value > 0 && value <= 10_000 ? value : refuse(`--${option} wants a number from 1 to 10,000`);
}

function refuse(why: string): never {
  console.error(`error: ${why}`);
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--cameras N] [--mbps M] [--seconds S] [--ffmpeg-cameras N] [--dir DIR]`,
  );
  process.exit(2);
}
