/**
 * One receiver alone with 50,000 supervised devices: how many events a second it acknowledges, each synced to disk before,
 * how long a panel waits at 2,000/s, and whether all of them reach the ARC, which takes them meanwhile. In the same run, with
 * the same dialler, npm iobroker.sia, which keeps nothing on disk and forwards nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PanelSummary } from '../agent/test-panel/tally.ts';
import { alarmOutputSchema, deviceConfigSchema } from '../src/contract/index.ts';
import { haveIobroker, startIobroker } from '../test/peers/alarm-peers.ts';
import { startArcProcess } from '../test/proof/alarms/arc.ts';
import { judge } from '../test/proof/alarms/judge.ts';
import { startPanels } from '../test/proof/alarms/panels.ts';
import { startReceiver, type TestReceiver, until } from '../test/support/receiver.ts';
import type { BenchOptions } from './options.ts';

const devices = 50_000;
const importMax = 500;
const pacedPerSecond = 2_000;
/** So many panels report at once; each waits for its acknowledgement before the next event. */
const panels = 1_000;
const connections = 32;
/** The peer takes one frame per segment, so there each panel has a connection; ours allows so many from one address. */
const peerPanels = 64;
const firstAccount = 10_000;
const emptyTimeoutMs = 120_000;

export interface AlarmFigures {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly acknowledged: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly rssMB: number;
  readonly peer: { readonly eventsPerSecond: number | null };
}

export async function benchAlarms({ say, seconds, dir }: BenchOptions): Promise<AlarmFigures> {
  const folder = mkdtempSync(join(dir ?? tmpdir(), 'hf-bench-alarms-'));
  const arc = await startArcProcess(join(folder, 'arc.log'), () => {});
  let receiver: TestReceiver | null = null;
  try {
    say(`entering ${devices} supervised devices`);
    receiver = await startReceiver('bench');
    const { client } = receiver.node;
    await enterDevices(receiver, arc.port);
    const acknowledged: string[] = [];
    const measure = async (name: string, port: number, flags: readonly string[]): Promise<PanelSummary> => {
      const run = startPanels(folder, name, [
        '--to',
        `127.0.0.1:${port}`,
        ...flags,
        '--seconds',
        String(seconds),
      ]);
      const { summary, acknowledged: ids } = await run.ended();
      for (const id of ids) acknowledged.push(`${summary.run} ${id}`);
      const { eventsPerSecond, p50Ms, p99Ms, fromDueP99Ms } = summary;
      say(`${name}: ${eventsPerSecond}/s, p50 ${p50Ms} ms, p99 ${p99Ms} ms, from due p99 ${fromDueP99Ms} ms`);
      return summary;
    };
    const empty = () =>
      until('the ARC has all', async () => (await client.alarm.status()).queue.waiting === 0, emptyTimeoutMs);
    const many = [
      '--count',
      String(panels),
      '--connections',
      String(connections),
      '--first',
      String(firstAccount),
    ];
    const few = [
      '--count',
      String(peerPanels),
      '--connections',
      String(peerPanels),
      '--first',
      String(firstAccount),
    ];
    const { port } = receiver;
    const rssMB = async () => Math.round((await client.alarm.status()).rssBytes / 1e6);
    say(`${await rssMB()} MB before the first event`);
    const paced = await measure('paced', port, [...many, '--rate', String(pacedPerSecond)]);
    await empty();
    const pacedRssMB = await rssMB();
    const fast = await measure('as-fast-as-it-can', port, [...many, '--rate', '0']);
    await empty();
    await measure('as-fast-as-it-can-64-panels', port, [...few, '--rate', '0']);
    await empty();
    say(`${await rssMB()} MB after all of it`);
    await arc.stop();
    const { missing, duplicates } = judge(arc.receptions(), acknowledged);
    const peer = await benchPeer((peerPort) =>
      measure('iobroker.sia-64-panels', peerPort, [...few, '--rate', '0']),
    );
    if (peer === null) say('npm iobroker.sia is not installed; .ci/run installs it');
    return {
      eventsPerSecond: fast.eventsPerSecond,
      p50Ms: paced.p50Ms,
      p99Ms: paced.p99Ms,
      acknowledged: acknowledged.length - (peer?.acknowledged ?? 0),
      missing: missing.length,
      duplicates,
      rssMB: pacedRssMB,
      peer: { eventsPerSecond: peer?.eventsPerSecond ?? null },
    };
  } finally {
    await receiver?.node.remove();
    await arc.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function enterDevices({ node: { client } }: TestReceiver, arcPort: number): Promise<void> {
  for (let from = 0; from < devices; from += importMax) {
    await client.device.import({
      devices: Array.from({ length: importMax }, (_, at) => {
        const account = String(firstAccount + from + at);
        return deviceConfigSchema.parse({ account, name: `panel ${account}`, supervisionSeconds: 3_600 });
      }),
    });
  }
  const output = { id: 'arc', name: 'ARC', kind: 'dc09', host: '127.0.0.1', port: arcPort, lanes: 16 };
  await client.alarm.setOutput(alarmOutputSchema.parse(output));
}

async function benchPeer(measure: (port: number) => Promise<PanelSummary>): Promise<PanelSummary | null> {
  if (!haveIobroker) return null;
  const accounts = Array.from({ length: peerPanels }, (_, at) => String(firstAccount + at));
  const peer = await startIobroker(accounts, null, { quiet: true });
  try {
    return await measure(peer.port);
  } finally {
    await peer.stop();
  }
}
