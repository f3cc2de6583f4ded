/** What the operating system says of itself for the preflight: its name, its network cards, its virus scanner. */
import { readdir, readFile } from 'node:fs/promises';
import { networkInterfaces, version } from 'node:os';
import { join } from 'node:path';
import type { NetworkInterface, NodeFacts } from '../../../src/contract/index.ts';
import type { RunProgram } from './probes.ts';

const netFolder = '/sys/class/net';
const cardsMax = 128;
const pathsMax = 256;

/** `PRETTY_NAME` of os-release. */
export function parseOsRelease(text: string): string | null {
  return /^PRETTY_NAME=(?:"([^"]*)"|(.*))$/m.exec(text)?.slice(1).find(Boolean) ?? null;
}

export async function readOsName(): Promise<string> {
  if (process.platform !== 'linux') return version();
  return parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => '')) ?? version();
}

/** Prefix length of `192.0.2.1/24`. */
function prefixOf(cidr: string | null): number {
  return Number(cidr?.split('/')[1] ?? 0);
}

/** Cards with addresses are up; those that the system lists besides are down. */
export async function readInterfaces(run: RunProgram): Promise<NetworkInterface[]> {
  const up = Object.entries(networkInterfaces()).map(
    ([name, addresses = []]): NetworkInterface => ({
      name,
      description: null,
      mac: addresses[0]?.mac ?? null,
      up: true,
      loopback: addresses.some(({ internal }) => internal),
      speedMbps: null,
      addresses: addresses.map(({ address, cidr }) => ({ address, prefix: prefixOf(cidr) })).slice(0, 64),
    }),
  );
  return process.platform === 'win32' ? withDescriptions(up, run) : withIdleCards(up);
}

async function withIdleCards(up: readonly NetworkInterface[]): Promise<NetworkInterface[]> {
  const names = await readdir(netFolder).catch((): string[] => []);
  const all = [...up];
  for (const name of names) {
    if (name === 'lo' || up.some((card) => card.name === name)) continue;
    const isCard = await readFile(join(netFolder, name, 'operstate'), 'utf8').catch(() => null);
    if (isCard === null) continue;
    const empty = { description: null, mac: null, loopback: false, speedMbps: null, addresses: [] };
    all.push({ name, up: isCard.trim() === 'up', ...empty });
  }
  const speeds = await Promise.all(
    all.map(({ name }) => readFile(join(netFolder, name, 'speed'), 'utf8').catch(() => '')),
  );
  return all
    .map((card, at) => ({ ...card, speedMbps: Number.parseInt(speeds[at] ?? '', 10) || null }))
    .map((card) => ({ ...card, speedMbps: (card.speedMbps ?? 0) > 0 ? card.speedMbps : null }))
    .slice(0, cardsMax);
}

const adapterCommand =
  'Get-NetAdapter -IncludeHidden | ForEach-Object { "$($_.Name)`t$($_.InterfaceDescription)`t$($_.Status)" }';

/** Lines of name, description and status, by tabs. */
export function parseAdapters(stdout: string): { name: string; description: string; up: boolean }[] {
  return stdout.split(/\r?\n/).flatMap((row) => {
    const [name, description, status] = row.split('\t');
    if (!name || description === undefined) return [];
    return [{ name, description, up: status?.trim().toLowerCase() === 'up' }];
  });
}

async function withDescriptions(
  up: readonly NetworkInterface[],
  run: RunProgram,
): Promise<NetworkInterface[]> {
  const { stdout } = await powershell(run, adapterCommand);
  const adapters = parseAdapters(stdout);
  const known = up.map((card) => ({
    ...card,
    description: adapters.find(({ name }) => name === card.name)?.description.slice(0, 256) ?? null,
  }));
  const idle = adapters
    .filter(({ name }) => !up.some((card) => card.name === name))
    .map((adapter) => ({ ...adapter, mac: null, loopback: false, speedMbps: null, addresses: [] }));
  return [...known, ...idle].slice(0, cardsMax);
}

function powershell(run: RunProgram, command: string) {
  return run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', command]);
}

/** Folders that the scanner of Windows leaves alone; null elsewhere, and where it cannot be asked. */
export async function readAntivirus(run: RunProgram): Promise<NodeFacts['antivirus']> {
  if (process.platform !== 'win32') return null;
  const { code, stdout } = await powershell(run, '(Get-MpPreference).ExclusionPath');
  if (code !== 0) return null;
  const excludedPaths = stdout
    .split(/\r?\n/)
    .map((row) => row.trim())
    .filter((row) => row !== '' && !/^N\/A/.test(row));
  return { product: 'Microsoft Defender', excludedPaths: excludedPaths.slice(0, pathsMax) };
}
