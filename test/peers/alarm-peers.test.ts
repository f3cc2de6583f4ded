/** A real node between panels and automations that nobody here wrote. */
import { spawn, spawnSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../agent/adapters/clock.ts';
import { readFlags } from '../../agent/test-panel/flags.ts';
import { runPanels } from '../../agent/test-panel/panel.ts';
import { alarmOutputSchema, deviceConfigSchema, type OutputStatus } from '../../src/contract/index.ts';
import { freePort, startNode, type TestNode } from '../support/node.ts';
import {
  haveIobroker,
  havePythonPeers,
  type PeerArc,
  runPythonPanel,
  startIobroker,
  startPysiaalarm,
} from './alarm-peers.ts';

const keyText = 'A1b2C3d4E5f6G7h8';
const keyHex = Buffer.from(keyText, 'latin1').toString('hex').toUpperCase();
const haveTshark = spawnSync('tshark', ['--version']).error === undefined && process.getuid?.() === 0;

if (!haveIobroker) console.warn('SKIPPED: npm iobroker.sia is not installed; .ci/run installs it');
if (!havePythonPeers) {
  console.warn('SKIPPED: PyPI pysiaalarm, dc09_spt and siadc09 are not installed; .ci/run installs them');
}
if (!haveTshark) console.warn('SKIPPED: Debian package tshark is missing, or this is not root');

let node: TestNode;
let port = 0;
let arc: PeerArc | null = null;

const until = async <T>(
  what: string,
  look: () => Promise<T> | T,
  wanted: (seen: T) => boolean,
): Promise<T> => {
  const deadlineMs = Date.now() + 15_000;
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    if (Date.now() > deadlineMs)
      throw new Error(`not in time: ${what}: ${JSON.stringify(seen)}\n${node.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

beforeAll(async () => {
  port = await freePort();
  node = await startNode();
  await node.client.alarm.configure({ enabled: true, listenHost: '127.0.0.1', port });
  await until(
    'listening',
    () => node.client.alarm.status(),
    (status) => status.listen !== null,
  );
  const plain = ['1000', '1001', '2000', '2002', '3000'].map((account) => ({ account, key: null }));
  const keyed = ['2001', '3001'].map((account) => ({ account, key: keyHex }));
  await node.client.device.import({
    devices: [...plain, ...keyed].map((each) =>
      deviceConfigSchema.parse({ ...each, name: `panel ${each.account}` }),
    ),
  });
}, 60_000);
afterAll(() => node?.remove(), 60_000);
afterEach(async () => {
  await node.client.alarm.removeOutput({ id: 'arc' }).catch(() => {});
  await arc?.stop();
  arc = null;
});

/** Forwards to the peer from now on. */
async function forwardTo(peer: PeerArc, change: Record<string, unknown> = {}): Promise<void> {
  arc = peer;
  const output = { id: 'arc', name: 'arc', kind: 'dc09', host: '127.0.0.1', port: peer.port, ...change };
  await node.client.alarm.setOutput(alarmOutputSchema.parse({ heartbeatSeconds: 0, lanes: 2, ...output }));
}

const outputNow = async (): Promise<OutputStatus | undefined> =>
  (await node.client.alarm.status()).outputs[0];

/** Two panels report so much, all acknowledged by the node. */
async function report(flags: readonly string[] = []): Promise<number> {
  const all = ['--to', `127.0.0.1:${port}`, '--count', '2', '--rate', '100', '--seconds', '0.2', ...flags];
  const panels = runPanels(readFlags(all).options, { clock: systemClock });
  await panels.done;
  const { sent, acknowledged } = panels.summary();
  expect(acknowledged).toBe(sent);
  return sent;
}

const forwarded = (sent: number) =>
  until('all acknowledged by the peer', outputNow, (output) => (output?.acknowledged ?? 0) >= sent);

describe.skipIf(!haveIobroker)('iobroker.sia as the automation', () => {
  it.each([
    ['plain over TCP', null, {}],
    ['plain over UDP', null, { transport: 'udp' }],
    ['AES-128', keyHex, {}],
    ['AES-256', keyHex.repeat(2), {}],
  ])(
    'takes what the node forwards: %s',
    async (_name, key, change) => {
      await forwardTo(await startIobroker(['1000', '1001'], key), { key, ...change });
      const sent = (await report()) + (await report(['--format', 'cid']));
      await forwarded(sent);
      expect(await outputNow()).toMatchObject({ acknowledged: sent, failedAttempts: 0 });
      const star = key === null ? '' : '*';
      expect(new Set(arc?.seen.map(({ id }) => id))).toEqual(new Set([`${star}SIA-DCS`, `${star}ADM-CID`]));
      expect(arc?.seen.every(({ data }) => /^#100[01]\|/.test(String(data)))).toBe(true);
      expect(arc?.seen).toHaveLength(sent);
    },
    30_000,
  );

  it('refuses heartbeats, a fault it is known for, and gets its events all the same', async () => {
    await forwardTo(await startIobroker(['1000', '1001'], null), { heartbeatSeconds: 1 });
    await until(
      'a refused heartbeat',
      () => arc?.seen ?? [],
      (seen) => seen.some(({ problem }) => problem),
    );
    const sent = await report();
    await forwarded(sent);
    expect(arc?.seen.filter(({ id }) => id === 'SIA-DCS').length).toBeGreaterThanOrEqual(sent);
  }, 30_000);
});

describe.skipIf(!havePythonPeers)('pysiaalarm as the automation', () => {
  it.each([
    ['plain', null, {}],
    ['AES-128', keyText, {}],
  ])(
    'takes what the node forwards: %s',
    async (_name, key, change) => {
      const hex = key === null ? null : keyHex;
      await forwardTo(await startPysiaalarm(['0000', '1000', '1001'], key), { key: hex, ...change });
      const sent = (await report()) + (await report(['--format', 'cid']));
      await forwarded(sent);
      expect(await outputNow()).toMatchObject({ acknowledged: sent, failedAttempts: 0 });
      const sia = arc?.seen.find(({ type, code }) => type === 'SIA-DCS' && code === 'BA');
      expect(sia).toMatchObject({ area: '1', encrypted: key !== null, response: 'ACK' });
      const cid = arc?.seen.find(({ type, event }) => type === 'ADM-CID' && event === '130');
      expect(cid).toMatchObject({ encrypted: key !== null });
    },
    30_000,
  );

  it.each([
    ['plain', null],
    ['AES-128', keyText],
  ])(
    'acknowledges heartbeats: %s',
    async (_name, key) => {
      const hex = key === null ? null : keyHex;
      await forwardTo(await startPysiaalarm(['0000'], key), { key: hex, heartbeatSeconds: 1 });
      await until(
        'heartbeats',
        () => arc?.seen ?? [],
        (seen) => seen.filter(({ type }) => type === 'NULL').length > 1,
      );
      expect(arc?.seen[0]).toMatchObject({ account: '0000', response: 'ACK' });
      expect(await outputNow()).toMatchObject({ state: 'connected', problem: null });
    },
    30_000,
  );
});

describe.skipIf(!havePythonPeers)('panels that nobody here wrote', () => {
  it.each([
    ['plain over TCP', '2000', '', 'tcp'],
    ['plain over UDP', '2002', '', 'udp'],
    ['AES-128', '2001', keyHex, 'tcp'],
  ])(
    'dc09_spt reports and polls: %s',
    async (_name, account, key, transport) => {
      const before = (await node.client.alarm.list({ account, limit: 1_000 })).alarms.length;
      const answers = await runPythonPanel('dc09-spt-panel.py', [
        String(port),
        account,
        key,
        transport,
        '12',
      ]);
      expect(answers).toEqual({ events: 12, polls: 12 });
      const { alarms } = await node.client.alarm.list({ account, limit: 1_000 });
      expect(alarms.length - before).toBe(12);
      expect(alarms[1]).toMatchObject({ code: 'BA', zone: '1', category: 'burglary', text: 'spt 11' });
      expect(alarms[0]).toMatchObject({ code: '130', area: '01', zone: '012', encrypted: key !== '' });
    },
    40_000,
  );

  it.each([
    ['plain', '3000', ''],
    ['AES-128', '3001', keyHex],
  ])(
    'siadc09 reports and reads each answer: %s',
    async (_name, account, key) => {
      const encrypted = key !== '';
      const answers = await runPythonPanel('siadc09-panel.py', [String(port), account, key]);
      expect(answers).toMatchObject([
        { sent: 'SIA-DCS', answer: 'ACK', sequence: 1, encrypted, stamped: encrypted },
        { sent: 'ADM-CID', answer: 'ACK', sequence: 2, encrypted, stamped: encrypted },
        { sent: 'NULL', answer: 'ACK', encrypted },
        { sent: 'XNM', answer: 'ACK', encrypted },
      ]);
      const { alarms } = await node.client.alarm.list({ account, limit: 10 });
      expect(alarms).toHaveLength(2);
      expect(alarms[1]).toMatchObject({ code: 'BA', zone: '015', video: ['http://v/1'] });
    },
    40_000,
  );
});

describe.skipIf(!haveTshark)('a capture of the port', () => {
  it('holds whole frames in TCP segments, as tshark reads them', async () => {
    const filter = ['-i', 'lo', '-f', `tcp port ${port}`, '-Y', 'tcp.len>0'];
    const shark = spawn('tshark', [...filter, '-l', '-T', 'fields', '-e', 'tcp.payload'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      let said = '';
      let text = '';
      shark.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      shark.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      await until(
        'a capture',
        () => said,
        (words) => words.includes('Capturing on'),
      );
      const lines = () => text.split('\n').slice(0, -1);
      // The first ones may pass before it really listens.
      const reported = async () => {
        await report(['--connections', '2']);
        return lines();
      };
      await until('captured frames', reported, (frames) => frames.length >= 20);
      // It has no dissector for DC-09: what it can vouch for is the payload of each segment.
      const payloads = lines().map((line) => Buffer.from(line.replaceAll(':', ''), 'hex').toString('latin1'));
      const whole = /^\n[0-9A-F]{4}0[0-9A-F]{3}"(SIA-DCS|ACK)"\d{4}.*\r$/s;
      expect(payloads.filter((payload) => !whole.test(payload))).toEqual([]);
      expect(payloads.filter((payload) => payload.includes('"ACK"')).length).toBeGreaterThan(5);
      expect(payloads.filter((payload) => payload.includes('"SIA-DCS"')).length).toBeGreaterThan(5);
    } finally {
      shark.kill('SIGTERM');
    }
  }, 40_000);
});
