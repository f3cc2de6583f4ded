/** Runs the console on this terminal with a fake node behind it, to look at it and to test it on a real PTY. */
import type { NodeStatus } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { type Skin, skins } from '../../tui/theme.ts';
import { runTui } from '../../tui/tui.ts';
import { FakeAgent } from './fake-agent.ts';
import { sampleStatus } from './sample-status.ts';

const flags = new Set(process.argv.slice(2));
const empty = { spaces: [], pools: [], cameras: [], lastEvents: [], concerns: [] };
const status = flags.has('--empty')
  ? sampleStatus({
      ...empty,
      setup: { passwordChanged: false, hasSpace: false, hasPool: false, hasCamera: false },
    })
  : sampleStatus();
const agent = new FakeAgent({
  status,
  local: !flags.has('--login'),
  ...(flags.has('--login') ? { whoami: null } : {}),
});

setInterval(() => {
  const wobble = (value: number) => (value === 0 ? 0 : Math.round(value * (0.97 + Math.random() * 0.06)));
  agent.publish({
    timeMs: agent.status.timeMs + 1000,
    cameras: agent.status.cameras.map((camera) => ({
      ...camera,
      bitsPerSecond: wobble(camera.bitsPerSecond),
    })),
  });
}, 1000).unref();

if (flags.has('--lose')) {
  setTimeout(
    () => agent.connect('disconnected', new AppError('unavailable', 'the connection was lost')),
    3000,
  ).unref();
}
if (flags.has('--crash')) {
  setTimeout(() => {
    throw new Error('crash on purpose');
  }, 1000);
}
if (flags.has('--break')) {
  setTimeout(() => agent.publish({ recorder: null as unknown as NodeStatus['recorder'] }), 1000);
}

const skin: Skin | undefined = skins.find((name) => flags.has(`--skin=${name}`));
try {
  await runTui({
    connection: agent,
    ascii: flags.has('--ascii'),
    readOnly: flags.has('--read-only'),
    screenReader: flags.has('--screen-reader'),
    ...(skin === undefined ? {} : { skin }),
  });
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}
