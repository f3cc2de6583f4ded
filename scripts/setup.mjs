/**
 * Installs and builds what is missing or stale, and says what it does; the one file that must run on an older Node.
 * Flags: --quiet (only speak when something is done), --force-build.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = join(root, '.holdfast');
const dist = join(root, 'dist');
const modules = join(root, 'node_modules');
const lockFile = join(root, 'package-lock.json');
const installStamp = join(modules, '.holdfast-installed');
const buildStamp = join(dist, '.sources');
const bundledNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const sourceFolders = ['src', 'agent', 'tui'];
const lockWaitMs = 10 * 60_000;

const quiet = process.argv.includes('--quiet');
const forceBuild = process.argv.includes('--force-build');

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(message, hint) {
  process.stderr.write(`error: ${message}\nhint: ${hint}\n`);
  process.exit(14);
}

function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function runs(path, args) {
  return spawnSync(path, args, { stdio: 'ignore' }).status === 0;
}

/** True when node_modules belongs to the package-lock.json of now. */
function installed(lockDigest) {
  if (!existsSync(bundledNode)) return false;
  if (readIfThere(installStamp) === lockDigest) return true;
  const npmRecord = join(modules, '.package-lock.json');
  const byHand = existsSync(npmRecord) && statSync(npmRecord).mtimeMs >= statSync(lockFile).mtimeMs;
  if (byHand) writeFileSync(installStamp, lockDigest);
  return byHand;
}

function install() {
  const lockDigest = sha256(readFileSync(lockFile));
  if (installed(lockDigest)) {
    if (!quiet) say('dependencies are up to date');
    return;
  }
  say('installing dependencies (about a minute, once)');
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'];
  const npm = process.env.npm_execpath;
  const byNode = npm !== undefined && /\.c?js$/.test(npm);
  const result = byNode
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    : spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        shell: process.platform === 'win32',
      });
  if (result.error) fail(`npm does not start: ${result.error.message}`, 'install Node.js together with npm');
  if (result.status !== 0) {
    fail(
      'npm install failed (its own message is above)',
      'a name or time-out error means there is no network or a proxy is not set (npm config set proxy …); ENOSPC means the disk is full; then run the same command again',
    );
  }
  if (!runs(bundledNode, ['--version'])) {
    fail(
      'the Node that npm brought along does not run on this machine',
      'install Node 24 or newer yourself, put it on the PATH and set HOLDFAST_NODE to it',
    );
  }
  writeFileSync(installStamp, lockDigest);
}

function* filesBelow(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function sourcesDigest() {
  const files = sourceFolders.flatMap((folder) => [...filesBelow(join(root, folder))]).sort();
  const parts = [join(root, 'tsconfig.json'), lockFile, ...files];
  return sha256(...parts.flatMap((path) => [path.slice(root.length), readFileSync(path)]));
}

function build() {
  const digest = sourcesDigest();
  if (!forceBuild && readIfThere(buildStamp) === digest) {
    if (!quiet) say('the build is up to date');
    return;
  }
  say('building (some seconds)');
  const fresh = join(work, `build-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  const tsc = join(modules, 'typescript', 'bin', 'tsc');
  const result = spawnSync(bundledNode, [tsc, '-p', 'tsconfig.json', '--outDir', fresh], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    fail('the build failed (the messages of tsc are above)', 'undo or correct the named files');
  }
  writeFileSync(join(fresh, '.sources'), digest);
  const old = join(work, `old-${process.pid}`);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Two set-ups at once (npm start and npm test) take turns. */
function lock() {
  const path = join(work, 'setup.lock');
  const deadline = Date.now() + lockWaitMs;
  mkdirSync(work, { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`cannot write ${path}: ${error.message}`, 'make the folder writable');
    }
    const owner = Number(readIfThere(path));
    if (owner > 0 && !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (Date.now() > deadline) fail('another set-up does not end', `end process ${owner} or remove ${path}`);
    if (!told) say(`waiting for another set-up (process ${owner})`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  }
}

const unlock = lock();
process.on('exit', unlock);
install();
build();
