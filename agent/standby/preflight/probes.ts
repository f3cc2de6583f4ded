/** The questions a node puts to its own system and network for the preflight: each bounded in time, none through a shell. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createConnection } from 'node:net';
import type { NodeFacts } from '../../../src/contract/index.ts';
import { parseAddress } from '../../../src/model/ip-segment.ts';

export interface ProgramResult {
  /** Null when the program is not installed. */
  code: number | null;
  stdout: string;
}

/** Runs a program with arguments; never throws. */
export type RunProgram = (file: string, args: readonly string[]) => Promise<ProgramResult>;

const programTimeoutMs = 5_000;
const programBytesMax = 1024 * 1024;
const pingTimeoutMs = 1_000;
/** Discard: what answers there, also with a refusal, is alive. */
const discardPort = 9;

export const runProgram: RunProgram = (file, args) =>
  new Promise((resolve) => {
    const limits = { timeout: programTimeoutMs, maxBuffer: programBytesMax, windowsHide: true };
    execFile(file, [...args], limits, (error, stdout) => {
      if (error === null) return resolve({ code: 0, stdout });
      const missing = error.code === 'ENOENT';
      resolve({ code: missing ? null : typeof error.code === 'number' ? error.code : 1, stdout });
    });
  });

/** Round trip in the output of `ping`, of Linux and of Windows; null when nothing answered. */
export function parsePing(stdout: string): number | null {
  const match = /[=<]\s?(\d+(?:\.\d+)?)\s?ms(?!.*%)/m.exec(stdout.replace(/^.*%.*$/gm, ''));
  return match ? Number(match[1]) : null;
}

export interface PingAnswer {
  ok: boolean;
  roundTripMs: number | null;
  problem: string | null;
}

/** One ping from an address of this node; where there is no `ping`, a connection whose refusal is an answer too. */
export async function ping(
  run: RunProgram,
  from: string | null,
  to: string,
  platform: NodeJS.Platform = process.platform,
): Promise<PingAnswer> {
  const args =
    platform === 'win32'
      ? ['-n', '1', '-w', String(pingTimeoutMs), ...(from === null ? [] : ['-S', from]), to]
      : ['-n', '-c', '1', '-W', String(pingTimeoutMs / 1000), ...(from === null ? [] : ['-I', from]), to];
  const { code, stdout } = await run('ping', args);
  if (code === null) return knock(from, to);
  const roundTripMs = parsePing(stdout);
  const ok = code === 0 && roundTripMs !== null;
  return { ok, roundTripMs: ok ? roundTripMs : null, problem: ok ? null : 'no answer' };
}

function knock(from: string | null, to: string): Promise<PingAnswer> {
  return new Promise((resolve) => {
    const finish = (problem: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ ok: problem === null, roundTripMs: null, problem });
    };
    const socket = createConnection({
      host: to,
      port: discardPort,
      ...(from === null ? {} : { localAddress: from }),
    });
    const timer = setTimeout(() => finish('no answer'), pingTimeoutMs);
    socket.on('connect', () => finish(null));
    socket.on('error', (error) => {
      const refused = 'code' in error && error.code === 'ECONNREFUSED';
      finish(refused ? null : error.message);
    });
  });
}

type PortState = NodeFacts['ports'][number];

/** Whether a UDP port of an address can be had: tried by taking it for a moment. */
export function tryUdpPort(address: string, port: number): Promise<PortState> {
  const family = parseAddress(address)?.family;
  if (family === undefined) {
    return Promise.resolve({ address, port, state: 'no-address', problem: 'not an IP address' });
  }
  return new Promise((resolve) => {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', reuseAddr: false });
    const finish = (state: PortState['state'], problem: string | null): void => {
      socket.close();
      resolve({ address, port, state, problem });
    };
    socket.once('error', (error) => {
      const code = 'code' in error ? error.code : '';
      if (code === 'EADDRINUSE') finish('taken', 'another program holds it');
      else if (code === 'EADDRNOTAVAIL') finish('no-address', 'this node does not hold the address');
      else finish('unknown', error.message);
    });
    socket.bind({ address, port, exclusive: true }, () => finish('free', null));
  });
}

/** What `ip neigh show ADDRESS` or `arp -a ADDRESS` says of who answers there; null when nobody does. */
export function parseNeighbour(stdout: string): string | null {
  const linux = /lladdr ([0-9a-f:]{17})(?:\s\w+)*\s(REACHABLE|DELAY|STALE|PROBE|PERMANENT)/i.exec(stdout);
  if (linux) return linux[1] ?? null;
  return /\b([0-9a-f]{2}(?:-[0-9a-f]{2}){5})\b/i.exec(stdout)?.[1]?.replaceAll('-', ':') ?? null;
}

/**
 * Who answers for an address of this node's own segment: a ping makes the system ask for its hardware address, so a host that
 * drops ICMP is found too. What the system still remembers is forgotten first.
 */
export async function askWhoHolds(
  run: RunProgram,
  address: string,
  platform: NodeJS.Platform = process.platform,
): Promise<{ taken: boolean; evidence: string }> {
  const windows = platform === 'win32';
  if (!windows) await run('ip', ['neigh', 'flush', 'to', address]);
  const answer = await ping(run, null, address, platform);
  const table = windows ? await run('arp', ['-a', address]) : await run('ip', ['neigh', 'show', address]);
  const mac = parseNeighbour(table.stdout);
  if (mac !== null) return { taken: true, evidence: `${mac} answers for it` };
  if (answer.ok) return { taken: true, evidence: 'it answers a ping' };
  return { taken: false, evidence: 'nobody answers for it' };
}
