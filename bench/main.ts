/** `npm run bench -- NAME [--json]`: runs one benchmark and prints its figures; each measures its peer in the same run. */
import { parseArgs } from 'node:util';
import { benchConsole } from './console.ts';
import { benchInspection } from './inspection.ts';
import { machine } from './machine.ts';
import { benchRecorder } from './recorder.ts';
import { benchScale } from './scale.ts';
import { benchStart } from './start.ts';
import { benchStorage } from './storage.ts';

const benches = {
  recorder: benchRecorder,
  scale: benchScale,
  inspection: benchInspection,
  storage: benchStorage,
  console: benchConsole,
  start: benchStart,
};

const { values, positionals } = parseArgs({
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

const name = positionals[0] ?? '';
if (!(name in benches)) {
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--json] [--cameras N] [--mbps M] [--seconds S]`,
  );
  process.exit(2);
}

const measuredOn = machine();
const figures = await benches[name as keyof typeof benches]({
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

function count(option: 'cameras' | 'mbps' | 'seconds' | 'ffmpeg-cameras'): number {
  const value = Number(values[option]);
  if (!(value > 0 && value <= 10_000)) throw new Error(`--${option} wants a number from 1 to 10,000`);
  return value;
}
