/** What is done to a site under load, one thing after the other, each until all is well again; and when each began and ended. */
import { until } from '../../support/receiver.ts';
import type { ArcProcess } from './arc.ts';
import { type Member, type Site, signal } from './site.ts';

export interface FaultTimes {
  readonly steadyMs: number;
  readonly frozenMs: number;
  readonly arcAwayMs: number;
  readonly hubAwayMs: number;
  /** How long a killed node stays away. */
  readonly goneMs: number;
  /** Within which a site must be well again. */
  readonly catchUpMs: number;
}

export interface Phase {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** In which nobody could forward anything: no hub, or no ARC. */
  readonly blockedMs: number;
}

/** On their way into the queue of the group at any moment, and not acknowledged for it. */
const sharedSoonMax = 500;
const waitingMax = 2_000;

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function runFaults(
  site: Site,
  arc: ArcProcess,
  times: FaultTimes,
  say: (line: string) => void,
): Promise<Phase[]> {
  const { hub } = site;
  const [host] = site.members;
  if (host === undefined) throw new Error('a site without members');
  const phases: Phase[] = [];
  const phase = async (name: string, blockedMs: number, run: () => Promise<void>) => {
    const fromMs = Date.now();
    say(name);
    await run();
    phases.push({ name, fromMs, toMs: Date.now(), blockedMs });
  };
  const hubAway = async () => {
    await pause(times.hubAwayMs);
    await hub.start();
  };

  await phase('steady', 0, () => pause(times.steadyMs));
  await phase('working receiver killed, with its node', 0, async () => {
    killNode(host);
    await spareWorks(site, host, times);
    await pause(times.goneMs);
  });
  await phase('failback', 0, async () => {
    await host.node.start();
    await isWell(site, host, times);
  });
  await phase('hub killed', times.hubAwayMs, async () => {
    hub.kill();
    await hubAway();
    await isWell(site, host, times);
  });
  await phase('hub and working receiver killed', times.hubAwayMs, async () => {
    // The receiver first: what it acknowledged between the two would be on its disk alone, and late until it is back.
    killNode(host);
    hub.kill();
    await hubAway();
    await spareWorks(site, host, times);
    await pause(times.goneMs);
  });
  await phase('failback of both', 0, async () => {
    await host.node.start();
    await isWell(site, host, times);
  });
  await phase('working receiver frozen', 0, async () => {
    const pid = host.receiverPid() ?? 0;
    signal(pid, 'SIGSTOP');
    await pause(times.frozenMs);
    signal(pid, 'SIGCONT');
    await isWell(site, host, times);
  });
  await phase('ARC away', times.arcAwayMs, async () => {
    arc.send('away');
    await pause(times.arcAwayMs);
    arc.send('back');
  });
  // What has waited is caught up with beside the load, or after it where the machine is too slow for both.
  await phase('ARC back', 0, () => pause(times.steadyMs));
  return phases;
}

/** As a machine that lost its power: agent and receiver at once. */
function killNode({ node, receiverPid }: Member): void {
  const receiver = receiverPid();
  signal(node.pid(), 'SIGKILL');
  if (receiver !== null) signal(receiver, 'SIGKILL');
}

function spareWorks(site: Site, host: Member, { catchUpMs }: FaultTimes): Promise<void> {
  const another = async () => {
    const working = await site.working();
    return working !== null && working !== host;
  };
  return until('a spare works', another, catchUpMs);
}

/** The host works, the queue is short, and nobody holds an event that the others do not have. */
function isWell(site: Site, host: Member, { catchUpMs }: FaultTimes): Promise<void> {
  const well = async () => {
    const queues = await queuesOf(site);
    const short = queues.every(({ waiting, unshared }) => waiting < waitingMax && unshared < sharedSoonMax);
    return short && (await site.working()) === host;
  };
  return until('all is well again', well, catchUpMs);
}

export async function queuesOf(site: Site): Promise<{ waiting: number; unshared: number }[]> {
  const all = await Promise.all(site.members.map(({ node }) => node.client.alarm.status()));
  return all.map(({ queue }) => queue);
}
