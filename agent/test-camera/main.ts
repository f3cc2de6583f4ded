/** Entry of `holdfast test-camera`: reads the flags, starts the cameras, says where they are, and ends cleanly on Ctrl-C. */
import { parseArgs } from 'node:util';
import { AppError, exitCodes, toAppError } from '../../src/errors.ts';
import { cameraCodecs, startTestCameras, type TestCameraOptions } from './cameras.ts';
import { parseFaults } from './faults.ts';

const urlsShown = 8;

function readFlags() {
  try {
    return parseArgs({
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '8554' },
        count: { type: 'string', default: '1' },
        mbps: { type: 'string', default: '2' },
        codec: { type: 'string', default: 'mixed' },
        fault: { type: 'string', multiple: true, default: [] },
        user: { type: 'string' },
        password: { type: 'string' },
      },
    }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'The flags cannot be read.';
    throw new AppError('invalid_input', message, { cause });
  }
}

function readOptions(): TestCameraOptions {
  const values = readFlags();
  const codec = cameraCodecs.find((known) => known === values.codec);
  if (codec === undefined) {
    throw new AppError('invalid_input', `There is no codec "${values.codec}".`, {
      hint: `Codecs: ${cameraCodecs.join(', ')}.`,
    });
  }
  return {
    host: values.host,
    port: number('port', values.port, 65_535),
    count: number('count', values.count, 100_000),
    mbps: number('mbps', values.mbps, 1000),
    codec,
    faults: parseFaults(values.fault.flatMap((list) => list.split(','))),
    ...(values.user === undefined ? {} : { user: values.user }),
    ...(values.password === undefined ? {} : { password: values.password }),
  };
}

function number(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= max) return value;
  throw new AppError('invalid_input', `--${name} takes a number up to ${max}, not "${text}".`);
}

try {
  const options = readOptions();
  const cameras = await startTestCameras(options);
  for (const url of cameras.urls.slice(0, urlsShown)) console.log(url);
  if (cameras.urls.length > urlsShown) console.log(`... ${cameras.urls.at(-1)}`);
  const stop = () => {
    void cameras.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (thrown) {
  const error = toAppError(thrown);
  console.error(error.hint === undefined ? error.message : `${error.message} ${error.hint}`);
  process.exit(exitCodes[error.code]);
}
