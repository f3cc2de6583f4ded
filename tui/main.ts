/** `node dist/tui/main.js`: the console as a program of its own, for a data folder on this machine or a node elsewhere. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseNodeUrl, type Target } from '../src/client/address.ts';
import { openConnection } from '../src/client/connect.ts';
import { fileTokenStore } from '../src/client/token-store.ts';
import { exitCodes, toAppError } from '../src/errors.ts';
import { skins } from './theme.ts';

const usage = `holdfast tui [URL]

  --data DIR        the agent of this data folder (default: HOLDFAST_DATA)
  --url URL         a node elsewhere, such as https://node1:6060
  --read-only       show everything, change nothing
  --skin NAME       ${skins.join(', ')} (NO_COLOR means mono)
  --ascii           no characters beyond ASCII
  --slow            one refresh in five seconds
  --screen-reader   text in reading order, no alternate screen
  --no-suspend      Ctrl-Z does nothing
  --ends-agent      the agent ends with the console: ask before a node of a pair is left
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      url: { type: 'string' },
      'read-only': { type: 'boolean', default: false },
      skin: { type: 'string' },
      ascii: { type: 'boolean', default: false },
      slow: { type: 'boolean', default: false },
      'screen-reader': { type: 'boolean', default: false },
      'no-suspend': { type: 'boolean', default: false },
      'ends-agent': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const skin = skins.find((each) => each === values.skin);
  const target = targetOf({ data: values.data, url: values.url ?? positionals[0] });
  if (target === undefined || (values.skin !== undefined && skin === undefined)) return refuse(usage);
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    return refuse('The console needs a terminal. Without one use: holdfast status --once\n');
  }
  // React decides while it is loaded; its development build costs a third more.
  process.env.NODE_ENV ??= 'production';
  const { runTui } = await import('./tui.ts');
  const tokens = fileTokenStore();
  const url = target.kind === 'remote' ? target.url : undefined;
  let fingerprint: string | null = null;
  await runTui({
    connection: openConnection(target, {
      token: url === undefined ? undefined : tokens.get(url)?.token,
      onFirstContact: (_url, seen) => {
        fingerprint = seen;
      },
    }),
    firstContact: () => fingerprint,
    readOnly: values['read-only'],
    ascii: values.ascii,
    slow: values.slow,
    screenReader: values['screen-reader'] || process.env.INK_SCREEN_READER === 'true',
    canSuspend: !values['no-suspend'],
    endsAgent: values['ends-agent'],
    ...(skin === undefined ? {} : { skin }),
    onSession: (session) => {
      if (url === undefined) return;
      if (session) tokens.set(url, session);
      else tokens.remove(url);
    },
  });
  return 0;
}

function refuse(text: string): number {
  process.stderr.write(text);
  return exitCodes.invalid_input;
}

function targetOf(from: { data: string | undefined; url: string | undefined }): Target | undefined {
  if (from.url !== undefined) return { kind: 'remote', url: parseNodeUrl(from.url).url };
  const data = from.data ?? process.env.HOLDFAST_DATA;
  return data === undefined ? undefined : { kind: 'local', dataDir: resolve(data) };
}

main().then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    const error = toAppError(thrown);
    const text =
      error.code === 'internal' && thrown instanceof Error ? (thrown.stack ?? error.message) : error.message;
    process.stderr.write(`${text}${error.hint === undefined ? '' : `\n${error.hint}`}\n`);
    process.exit(exitCodes[error.code]);
  },
);
