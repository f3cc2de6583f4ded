/**
 * Runs a script or program of this repository with the Node from node_modules, passing on standard input and output,
 * signals and the exit code. `--setup` or `--setup=quiet` first brings installation and build up to date.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);

if (args[0]?.startsWith('--setup')) {
  const flags = args.shift() === '--setup=quiet' ? ['--quiet'] : [];
  const setup = spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs'), ...flags], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (setup.status !== 0) process.exit(setup.status ?? 14);
}

const [program, ...rest] = args;
if (program === undefined) {
  process.stderr.write('error: run.mjs needs a program to run\nhint: npm run has the usual ones\n');
  process.exit(2);
}

const windows = process.platform === 'win32';
const bundled = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node');
const node = existsSync(bundled) ? bundled : process.execPath;
const path = join(root, program);
const isScript = /\.([cm]?js|ts)$/.test(program);
const launcher = windows && !isScript ? [`${path}.cmd`, rest] : [path, rest];
const [command, commandArgs] = isScript ? [node, [path, ...rest]] : launcher;

function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1];
  } catch {
    return '';
  }
}

const child = spawn(command, commandArgs, {
  stdio: 'inherit',
  shell: windows && !isScript,
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` },
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}

// npm may be killed without a word; what it started must not stay behind. Between npm and this there is a shell, so
// where /proc tells, the parent's parent is watched too.
const ancestors = () => `${process.ppid} ${parentOf(process.ppid)}`;
const before = ancestors();
const watch = setInterval(() => {
  if (ancestors() !== before) child.kill('SIGTERM');
}, 500);
watch.unref();

child.on('error', (error) => {
  process.stderr.write(`error: cannot run ${program}: ${error.message}\nhint: run "npm run setup"\n`);
  process.exit(14);
});
child.on('exit', (code, signal) => {
  process.exit(signal === null ? (code ?? 14) : 128 + (constants.signals[signal] ?? 0));
});
