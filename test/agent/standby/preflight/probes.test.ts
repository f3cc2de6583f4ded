/** The questions put to system and network: real ones on this machine, and the recorded answers of others. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectFacts } from '../../../../agent/standby/preflight/collect.ts';
import {
  askWhoHolds,
  parseNeighbour,
  parsePing,
  ping,
  type RunProgram,
  runProgram,
  tryUdpPort,
} from '../../../../agent/standby/preflight/probes.ts';
import { findPrograms, wantedPrograms } from '../../../../agent/standby/preflight/programs.ts';
import { gatherFacts, runPreflight } from '../../../../agent/standby/preflight/run.ts';
import { parseAdapters, parseOsRelease } from '../../../../agent/standby/preflight/system.ts';
import { nodeFactsSchema } from '../../../../src/contract/index.ts';
import { AppError } from '../../../../src/errors.ts';
import { sampleFacts, samplePairConfig } from '../../../support/sample-pair.ts';

const linuxPing = `PING 198.51.100.2 (198.51.100.2) from 198.51.100.1 : 56(84) bytes of data.
64 bytes from 198.51.100.2: icmp_seq=1 ttl=64 time=0.214 ms

--- 198.51.100.2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 0.214/0.214/0.214/0.000 ms`;
const linuxSilence = `PING 198.51.100.9 (198.51.100.9) 56(84) bytes of data.

--- 198.51.100.9 ping statistics ---
1 packets transmitted, 0 received, 100% packet loss, time 0ms`;
const windowsPing = `\r\nPinging 198.51.100.2 with 32 bytes of data:\r\nReply from 198.51.100.2: bytes=32 time<1ms TTL=128\r\n\r\nPing statistics for 198.51.100.2:\r\n    Packets: Sent = 1, Received = 1, Lost = 0 (0% loss),`;
const windowsUnreachable = `\r\nPinging 198.51.100.9 with 32 bytes of data:\r\nReply from 198.51.100.1: Destination host unreachable.\r\n\r\nPing statistics for 198.51.100.9:\r\n    Packets: Sent = 1, Received = 1, Lost = 0 (0% loss),`;

/** Answers of programs by their first words; what is not listed is not installed. */
function recorded(answers: Readonly<Record<string, string>>, asked: string[] = []): RunProgram {
  return async (file, args) => {
    const command = [file, ...args].join(' ');
    asked.push(command);
    const found = Object.entries(answers).find(([start]) => command.startsWith(start));
    return found ? { code: 0, stdout: found[1] } : { code: null, stdout: '' };
  };
}

describe('a ping', () => {
  it.each([
    [linuxPing, 0.214],
    [linuxSilence, null],
    [windowsPing, 1],
    [windowsUnreachable, null],
    ['', null],
  ])('recorded output %# is read', (stdout, roundTripMs) => expect(parsePing(stdout)).toBe(roundTripMs));

  it('of this machine is answered, with ping or without', async () => {
    expect(await ping(runProgram, '127.0.0.1', '127.0.0.2')).toMatchObject({ ok: true, problem: null });
    expect(await ping(recorded({}), '127.0.0.1', '127.0.0.1')).toMatchObject({ ok: true, roundTripMs: null });
  });

  it('goes out from the address of the link', async () => {
    const asked: string[] = [];
    await ping(recorded({ ping: linuxPing }, asked), '198.51.100.1', '198.51.100.2', 'linux');
    await ping(recorded({ ping: windowsPing }, asked), '198.51.100.1', '198.51.100.2', 'win32');
    expect(asked).toEqual([
      'ping -n -c 1 -W 1 -I 198.51.100.1 198.51.100.2',
      'ping -n 1 -w 1000 -S 198.51.100.1 198.51.100.2',
    ]);
  });
});

describe('who holds an address', () => {
  it('is told by the neighbour table, also of a host that drops ICMP', async () => {
    const reachable = '192.0.2.10 dev eth0 lladdr 02:aa:bb:cc:dd:ee REACHABLE';
    expect(parseNeighbour(reachable)).toBe('02:aa:bb:cc:dd:ee');
    expect(parseNeighbour('192.0.2.10 dev eth0 FAILED')).toBeNull();
    expect(parseNeighbour('192.0.2.10 dev eth0 INCOMPLETE')).toBeNull();
    expect(parseNeighbour('  192.0.2.10            02-aa-bb-cc-dd-ee     dynamic')).toBe('02:aa:bb:cc:dd:ee');
    const asked: string[] = [];
    const run = recorded({ 'ip neigh show': reachable, 'ip neigh flush': '', ping: linuxSilence }, asked);
    expect(await askWhoHolds(run, '192.0.2.10', 'linux')).toEqual({
      taken: true,
      evidence: '02:aa:bb:cc:dd:ee answers for it',
    });
    expect(asked[0]).toBe('ip neigh flush to 192.0.2.10');
  });

  it('is nobody when neither answers', async () => {
    const run = recorded({ ip: '192.0.2.10 dev eth0 FAILED', ping: linuxSilence });
    expect(await askWhoHolds(run, '192.0.2.10', 'linux')).toEqual({
      taken: false,
      evidence: 'nobody answers for it',
    });
  });
});

describe('a UDP port', () => {
  it('is free, taken, or of an address that is not here', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    expect(await tryUdpPort('127.0.0.1', port)).toMatchObject({ state: 'taken' });
    socket.close();
    await once(socket, 'close');
    expect(await tryUdpPort('127.0.0.1', port)).toMatchObject({ state: 'free' });
    expect(await tryUdpPort('203.0.113.77', port)).toMatchObject({ state: 'no-address' });
    expect(await tryUdpPort('nonsense', port)).toMatchObject({ state: 'no-address' });
  });
});

describe('programs of the resources', () => {
  it('are found by path and by name, told apart by their content', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-preflight-'));
    const path = join(folder, 'start');
    await writeFile(path, '#!/bin/true\n');
    const common = samplePairConfig().resources[1];
    if (common?.kind !== 'service') throw new Error('the sample has no service');
    const { unit: _unit, ...rest } = common;
    const config = samplePairConfig({
      resources: [
        common,
        {
          ...rest,
          kind: 'script',
          id: 'app',
          start: [path],
          stop: [path],
          monitor: ['holdfast-no-such-program'],
        },
      ],
    });
    expect(wantedPrograms(config).map((each) => each.path)).toEqual([
      'nginx.service',
      path,
      'holdfast-no-such-program',
    ]);
    const run = recorded({ 'systemctl cat -- nginx.service': '[Unit]' });
    const before = await findPrograms(config, run, { PATH: '' });
    expect(before.map(({ present }) => present)).toEqual([true, false, false]);
    expect(before[1]?.problem).toBe('may not be executed');
    await chmod(path, 0o755);
    const [unit, after] = await findPrograms(config, run, { PATH: folder });
    expect(after).toMatchObject({ present: true, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(unit?.sha256).not.toBe(after?.sha256);
    expect((await findPrograms(config, recorded({}), {}))[0]).toMatchObject({ present: null });
    await rm(folder, { recursive: true });
  });

  it('an OCF agent, a mount helper and a fence agent are programs too', () => {
    const common = samplePairConfig().resources[1];
    if (common?.kind !== 'service') throw new Error('the sample has no service');
    const { unit: _unit, ...rest } = common;
    const volume = { device: '//nas/x', mountPoint: '/x', options: '', user: null, password: null };
    const config = samplePairConfig({
      arbiter: { kind: 'fence-agent', command: ['/sbin/fence', '-n'] },
      resources: [
        { ...rest, id: 'o', kind: 'ocf', agent: 'heartbeat:Dummy', parameters: {} },
        { ...rest, ...volume, id: 'c', kind: 'volume', fileSystem: 'cifs' },
        { ...rest, ...volume, id: 'e', kind: 'volume', fileSystem: 'ext4' },
      ],
    });
    expect(wantedPrograms(config).map(({ path }) => path)).toEqual([
      '/usr/lib/ocf/resource.d/heartbeat/Dummy',
      'mount.cifs',
      '/sbin/fence',
    ]);
  });
});

describe('the system', () => {
  it('is named by os-release, quoted or not', () => {
    expect(parseOsRelease('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')).toBe(
      'Debian GNU/Linux 12 (bookworm)',
    );
    expect(parseOsRelease('PRETTY_NAME=Alpine\n')).toBe('Alpine');
    expect(parseOsRelease('')).toBeNull();
  });

  it('recorded adapters of Windows are read with their description', () => {
    const stdout =
      'Ethernet\tIntel(R) Ethernet Controller I226-V\tUp\r\nEthernet 3\tNpcap Loopback Adapter\tUp\r\nWLAN\tWi-Fi\tDisconnected\r\n\r\n';
    expect(parseAdapters(stdout)).toEqual([
      { name: 'Ethernet', description: 'Intel(R) Ethernet Controller I226-V', up: true },
      { name: 'Ethernet 3', description: 'Npcap Loopback Adapter', up: true },
      { name: 'WLAN', description: 'Wi-Fi', up: false },
    ]);
  });
});

const { nodeId, name, version, installPath, apiVersion, fingerprint, peerAddress, pairId, timeZone } =
  sampleFacts()[0];
const identity = {
  nodeId,
  name,
  version,
  installPath,
  apiVersion,
  fingerprint,
  peerAddress,
  pairId,
  timeZone,
};

describe('gathering', () => {
  it('this node tells facts that the peer accepts, and how its links and address stand', async () => {
    const link = {
      id: 'l',
      addresses: { 'n-1': '127.0.0.1', 'n-2': '127.0.0.2' },
      port: 1,
      intervalMs: 250,
      lostPacketsMax: 4,
    };
    const facts = await collectFacts({
      identity,
      config: samplePairConfig({ links: [link] }),
      processes: [],
      busyPaths: ['/var/lib/holdfast'],
      ownPorts: [1],
      run: runProgram,
      inspectArbiter: async ({ kind }) => [
        { id: 'arbiter', title: kind, result: 'pass', evidence: 'takes writes', fix: null },
      ],
      watchdogDevice: '/dev/watchdog',
      nowMs: () => 1_000,
    });
    expect(nodeFactsSchema.parse(facts)).toEqual(facts);
    expect(facts.timeMs).toBe(1_000);
    expect(facts.interfaces.some(({ loopback }) => loopback)).toBe(true);
    expect(facts.pings).toMatchObject([{ linkId: 'l', from: '127.0.0.1', to: '127.0.0.2', ok: true }]);
    expect(facts.ports).toMatchObject([{ address: '127.0.0.1', state: 'own' }]);
    expect(facts.virtualAddresses[0]?.address).toBe('192.0.2.10');
    expect(facts.arbiter).toMatchObject([{ id: 'arbiter', title: 'hub' }]);
  });

  it('without settings nothing of links and programs is tried', async () => {
    const asked: string[] = [];
    const run = recorded({}, asked);
    const facts = await collectFacts({
      identity,
      config: null,
      processes: [],
      busyPaths: [],
      ownPorts: [],
      watchdogDevice: null,
      run,
      inspectArbiter: () => Promise.reject(new Error('asked without settings')),
      nowMs: () => 0,
    });
    expect(facts).toMatchObject({ ports: [], pings: [], virtualAddresses: [], programs: [] });
    expect(asked.filter((command) => command.startsWith('ping'))).toEqual([]);
  });
});

describe('a preflight', () => {
  const [self, other] = sampleFacts();
  const still = { monotonicMs: () => 0, wallMs: () => 10_000 };

  it('measures the clocks by the shortest of a few rounds', async () => {
    const rounds = [40, 4, 90, 60, 50];
    let monotonicMs = 0;
    const checks = await runPreflight({
      collect: async () => self,
      peer: {
        facts: async () => other,
        timeMs: async () => {
          const roundTripMs = rounds.shift() ?? 0;
          monotonicMs += roundTripMs;
          return 10_000 + 500 + roundTripMs / 2;
        },
      },
      clock: { monotonicMs: () => monotonicMs, wallMs: () => 10_000 },
      config: null,
    });
    expect(checks.find(({ id }) => id === 'clock')?.evidence).toBe(
      'store-02 is 500 ms ahead of store-01, give or take 2 ms',
    );
  });

  it('does not believe facts that are none', async () => {
    const peer = { facts: async () => ({ ...other, interfaces: 'all' }), timeMs: async () => 10_000 };
    const checks = await runPreflight({ collect: async () => self, peer, clock: still, config: null });
    expect(checks[0]).toMatchObject({ id: 'peer', result: 'fail' });
    expect(await gatherFacts({ collect: async () => self, peer })).toEqual([self]);
  });

  it('without a peer, or with one that is silent, says so and goes on alone', async () => {
    const collect = async () => self;
    const silent = async () => Promise.reject(new AppError('timeout', 'no answer within 5 s'));
    const alone = await runPreflight({ collect, peer: null, clock: still, config: null });
    expect(alone[0]?.evidence).toBe('this node has no peer yet');
    const lost = await runPreflight({
      collect,
      peer: { facts: silent, timeMs: silent },
      clock: still,
      config: null,
    });
    expect(lost[0]?.evidence).toBe('no answer within 5 s');
    expect(lost).toHaveLength(alone.length);
  });

  it('with both gathers the facts of both', async () => {
    const peer = { facts: async () => other, timeMs: async () => 10_000 };
    expect(await gatherFacts({ collect: async () => self, peer })).toEqual([self, other]);
  });
});
