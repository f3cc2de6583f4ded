/** Receivers and panels for DC-09 that nobody here wrote: found where `.ci/run` puts them, started on loopback, ended by process id. */
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { freePort } from '../support/node.ts';
import { stopChild } from '../support/processes.ts';

const here = (name: string) => new URL(name, import.meta.url).pathname;
/** Git ignores it. */
const folder = here('../../.holdfast/peers');
const npmFolder = `${folder}/npm`;
const python = `${folder}/py/bin/python`;

export const haveIobroker = existsSync(`${npmFolder}/node_modules/iobroker.sia/build/lib/sia.js`);
export const havePythonPeers = existsSync(python);

export interface PeerArc {
  readonly port: number;
  /** What it understood, in its own words. */
  readonly seen: readonly Record<string, unknown>[];
  stop(): Promise<void>;
}

/** npm `iobroker.sia`. `key`: hex, of all accounts. */
export function startIobroker(
  accounts: readonly string[],
  key: string | null,
  { quiet = false } = {},
): Promise<PeerArc> {
  const table = accounts.map((accountnumber) =>
    key === null ? { accountnumber, aes: false } : { accountnumber, aes: true, hex: true, password: key },
  );
  const args = [here('iobroker-arc.mjs'), npmFolder];
  return startArc(process.execPath, (port) => [
    ...args,
    String(port),
    JSON.stringify(table),
    ...(quiet ? ['quiet'] : []),
  ]);
}

/** PyPI `pysiaalarm`. `key`: 16, 24 or 32 characters, as it wants it. */
export function startPysiaalarm(accounts: readonly string[], key: string | null): Promise<PeerArc> {
  return startArc(python, (port) => [here('pysiaalarm-arc.py'), String(port), key ?? '', ...accounts]);
}

async function startArc(program: string, args: (port: number) => readonly string[]): Promise<PeerArc> {
  const port = await freePort();
  const child = spawn(program, args(port), { stdio: ['ignore', 'pipe', 'pipe'] });
  const seen: Record<string, unknown>[] = [];
  let trouble = '';
  child.stderr.on('data', (chunk: Buffer) => {
    trouble = (trouble + chunk.toString()).slice(-4_000);
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const document = JSON.parse(line) as Record<string, unknown>;
      if (document.ready === true) resolve();
      else seen.push(document);
    });
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${trouble}`)));
  });
  return { port, seen, stop: () => stopChild(child) };
}

/** Runs a panel written in Python until it ends; what it printed. */
export function runPythonPanel(script: string, args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile(python, [here(script), ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout));
    });
  });
}
