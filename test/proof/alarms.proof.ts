/**
 * Four receivers and a hub under load, killed, frozen and cut off from their ARC: every event that a panel saw
 * acknowledged reaches the ARC, in order, from one receiver at a time. HOLDFAST_PROOF=short takes about two minutes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../support/receiver.ts';
import { startArcProcess } from './alarms/arc.ts';
import { type FaultTimes, type Phase, queuesOf, runFaults } from './alarms/faults.ts';
import { judge, longestPause, turnsOf } from './alarms/judge.ts';
import { type PanelProcess, startPanels } from './alarms/panels.ts';
import { createSenders } from './alarms/senders.ts';
import { type Site, startSite } from './alarms/site.ts';

const short = process.env.HOLDFAST_PROOF === 'short';
/** Events a second of all panels together. */
const rate = Number(process.env.HOLDFAST_RATE ?? (short ? 1_000 : 2_000));
const times: FaultTimes = {
  steadyMs: short ? 5_000 : 20_000,
  frozenMs: short ? 12_000 : 20_000,
  arcAwayMs: short ? 10_000 : 60_000,
  hubAwayMs: 5_000,
  goneMs: short ? 8_000 : 15_000,
  catchUpMs: 300_000,
};
const switchMaxMs = 10_000;
/** A receiver that was followed cannot be back sooner; one that is has never stopped. */
const backMinMs = 2_000;

const accounts = {
  direct: Array.from({ length: 500 }, (_, at) => String(1_000 + at)),
  hub: Array.from({ length: 400 }, (_, at) => String(3_000 + at)),
  dual: Array.from({ length: 100 }, (_, at) => String(5_000 + at)),
};
const say = (line: string) =>
  console.log(`${new Date().toISOString().slice(11, 19)} load ${loadavg()[0]?.toFixed(1)}: ${line}`);

/** Half of the events go straight to the receivers, most others to the hub, a tenth both ways. */
function startLoad(folder: string, site: Site): PanelProcess[] {
  const receivers = site.members.map(({ port }) => `127.0.0.1:${port}`);
  const ingress = `127.0.0.1:${site.hub.dc09Port}`;
  const to = (addresses: readonly string[]) => addresses.flatMap((each) => ['--to', each]);
  const common = ['--timeout', '2', '--attempts', '2', '--connections', '16', '--drain', '60'];
  const start = (mode: keyof typeof accounts, share: number, flags: readonly string[]) => {
    const own = ['--count', String(accounts[mode].length), '--first', accounts[mode][0] ?? ''];
    return startPanels(folder, mode, [...common, ...own, '--rate', String(rate * share), ...flags]);
  };
  return [
    start('direct', 0.5, [...to(receivers), '--spread']),
    start('hub', 0.4, to([ingress, ...receivers])),
    start('dual', 0.1, [...to(receivers), '--also', ingress]),
  ];
}

function pauseOf({ name, fromMs, toMs, blockedMs }: Phase, receptions: Parameters<typeof longestPause>[0]) {
  const { pauseMs } = longestPause(receptions, fromMs, toMs);
  const seconds = Math.round((toMs - fromMs) / 100) / 10;
  return { phase: name, seconds, pauseMs, blockedMs, switchMs: Math.max(0, pauseMs - blockedMs) };
}

it(`loses no acknowledged event at ${rate}/s, whoever is killed`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hfa-'));
  const senders = createSenders();
  const arc = await startArcProcess(join(folder, 'arc.log'), (connection, port) =>
    senders.opened(connection, port),
  );
  let site: Site | null = null;
  let panels: PanelProcess[] = [];
  try {
    const running = await startSite({ folder, members: 4, arcPort: arc.port, accounts });
    site = running;
    senders.lookUpWith((port) => running.ownerOf(port));
    panels = startLoad(folder, running);
    const phases = await runFaults(running, arc, times, say);
    say('the panels end');
    const ended = await Promise.all(panels.map((each) => each.finish()));
    panels = [];
    const empty = async () =>
      (await queuesOf(running)).every(({ waiting, unshared }) => waiting + unshared === 0);
    await until('the queue is empty', empty, times.catchUpMs);
    await arc.stop();

    const acknowledged = ended.flatMap((each) => each.acknowledged.map((id) => `${each.summary.run} ${id}`));
    const receptions = arc.receptions();
    const { missing, duplicates, outOfOrder } = judge(receptions, acknowledged);
    const { turns, overlaps } = turnsOf(receptions, senders.of, backMinMs);
    const pauses = phases.map((phase) => pauseOf(phase, receptions));
    console.table(pauses);
    console.table(turns.slice(0, 20));
    for (const { summary } of ended) console.log(JSON.stringify(summary));
    console.log(
      JSON.stringify({
        rate,
        acknowledged: acknowledged.length,
        received: receptions.length,
        missing: missing.length,
        duplicates,
        duplicatesPercent: Math.round((duplicates / receptions.length) * 1e5) / 1e3,
        outOfOrder: outOfOrder.length,
        turns: turns.length,
        overlaps,
        switchMsMax: Math.max(...pauses.map(({ switchMs }) => switchMs)),
      }),
    );

    expect(acknowledged.length).toBeGreaterThan(1_000);
    expect(missing.slice(0, 20)).toEqual([]);
    expect(duplicates / receptions.length).toBeLessThan(0.01);
    expect(outOfOrder.slice(0, 20)).toEqual([]);
    expect(overlaps).toBe(0);
    for (const { phase, switchMs } of pauses) expect(switchMs, phase).toBeLessThan(switchMaxMs);
    for (const { node } of running.members) {
      expect(await node.client.alarm.verify()).toMatchObject({ ok: true });
    }
  } finally {
    for (const each of panels) each.kill();
    await site?.remove();
    await arc.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 1_200_000);
