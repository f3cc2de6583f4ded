/** Preflight of what only shows when something fails: a cable that carries one way, a slow stop, an arbiter that changes its leader. */
import type { PairConfig, ResourceConfig } from '../../../src/contract/index.ts';
import { isSameAddress } from '../../../src/model/ip-segment.ts';
import { deviceTimeoutMaxMs } from '../guard/watchdog.ts';
import { failoverMeasuredMs, keepsLease, timingOf } from '../timing-plan.ts';
import { type PairView, pass, skip, type Verdict, warn } from './verdict.ts';

const notConfigured = 'the pair is not configured yet';

/** Without an address to ask, an active that hears all but is heard by nobody keeps its lease and serves nobody. */
export function checkIsolation({ a, b, config }: PairView): Verdict {
  if (config === null) return skip(notConfigured);
  const virtual = config.resources.flatMap((resource) =>
    resource.kind === 'ip' ? [resource.address.split('/')[0] ?? ''] : [],
  );
  if (virtual.length === 0) return skip('no virtual address that a cut could take from its clients');
  const asked = config.isolationAddresses;
  const fix =
    'Name one or two addresses beyond the switch that always answer a ping, best the router: ' +
    "holdfast standby policy set 'isolationAddresses=[192.0.2.254]'.";
  if (asked.length === 0) {
    return warn(
      'no isolation address: an active whose service network carries only one way keeps the lease and serves nobody',
      fix,
    );
  }
  if (!config.triggers.network) {
    return warn(
      `${asked.join(', ')} would tell, but the trigger network is switched off`,
      'Switch it on: holdfast standby policy set triggers.network=true.',
    );
  }
  const own = [...virtual, ...[a, b].flatMap(({ interfaces }) => interfaces.flatMap(addressesOf))];
  const useless = asked.filter((address) => own.some((each) => isSameAddress(each, address)));
  if (useless.length > 0)
    return warn(`${useless.join(', ')} belongs to the pair itself and answers without any cable`, fix);
  if (asked.length > 1) return pass(`asks ${asked.join(', ')}; one of them may fail`);
  return pass(
    `asks ${asked.join(', ')}; while it does not answer neither node serves: a second may be named`,
  );
}

function addressesOf({ addresses }: { addresses: readonly { address: string }[] }): string[] {
  return addresses.map(({ address }) => address);
}

/**
 * When the lease runs out, everything has S to stop. What takes longer ends the hard way: the fuse kills processes and services
 * (Linux), however long they are given otherwise; what cannot be killed needs a watchdog.
 */
export function checkStopTimes({ a, b, config }: PairView): Verdict {
  if (config === null) return skip(notConfigured);
  if (!keepsLease(config.arbiter.kind)) return skip('no lease that could run out');
  const timing = timingOf(config.profile, config.arbiter.kind, config.timing);
  const slow = config.resources.filter((resource) => mayTakeMs(resource) > timing.stopMs);
  const hasFuse = [a, b].every(({ platform }) => platform === 'linux');
  const killed = slow.filter(({ kind }) => hasFuse && (kind === 'process' || kind === 'service'));
  const others = slow.filter((resource) => !killed.includes(resource));
  const words = [
    `the timing plan leaves ${timing.stopMs} ms to stop when the lease runs out`,
    ...(killed.length > 0 ? [`${timesOf(killed)} is killed if it takes longer`] : []),
  ];
  if (others.length === 0) return pass(words.join('; '));
  words.push(`${timesOf(others)} can only be ended by a reset of the machine`);
  const resetMaxMs = deviceTimeoutMaxMs(timing);
  const late = [a, b].filter(({ watchdog }) => !(watchdog?.timeoutMs && watchdog.timeoutMs <= resetMaxMs));
  if (late.length === 0) return pass(`${words.join('; ')}, which a watchdog does in time on both`);
  words.push(`no watchdog that does it in time on ${late.map(({ name }) => name).join(' and ')}`);
  return warn(words.join('; '), stopFix(config, others, resetMaxMs));
}

/** Addresses go by the kernel, and a space refuses a recorder of an epoch that is over. */
function mayTakeMs({ kind, stopTimeoutSeconds }: ResourceConfig): number {
  return kind === 'ip' || kind === 'recording' ? 0 : stopTimeoutSeconds * 1_000;
}

function timesOf(resources: readonly ResourceConfig[]): string {
  return resources.map(({ id, stopTimeoutSeconds }) => `${id} (up to ${stopTimeoutSeconds} s)`).join(', ');
}

function stopFix(config: PairConfig, slow: readonly ResourceConfig[], resetMaxMs: number): string {
  const longestS = Math.max(...slow.map(({ stopTimeoutSeconds }) => stopTimeoutSeconds));
  const first = slow[0]?.id ?? '';
  const seconds = Math.floor(resetMaxMs / 1_000);
  const watchdog =
    seconds > 0
      ? `Give each node a watchdog that resets within ${seconds} s (holdfast agent --watchdog DEVICE)`
      : 'Choose the profile default, as no watchdog is fast enough for this one';
  const plan = config.profile === 'custom' ? '' : ' (profile custom)';
  return (
    `${watchdog}; or lower stopTimeoutSeconds to what it needs (holdfast standby resource set ${first} stopTimeoutSeconds=...), ` +
    `or give the pair times of its own whose stopMs is up to ${Math.ceil(longestS * 1_000)}${plan}.`
  );
}

/** F is about availability: a holder that cannot renew stops by its own clock, whatever the store does. */
export function checkFailover({ config }: PairView): Verdict {
  if (config === null) return skip(notConfigured);
  const { kind } = config.arbiter;
  const measuredMs = failoverMeasuredMs(kind);
  if (measuredMs === 0) return skip(keepsLease(kind) ? 'a hub has no failover of its own' : 'no lease');
  const timing = timingOf(config.profile, kind, config.timing);
  const sparesMs = timing.leaseMs - timing.renewIntervalMs - timing.rpcTimeoutMs;
  const evidence =
    `${kind} may answer nobody for ${measuredMs} ms while it replaces a frozen leader; ` +
    `the lease outlives ${sparesMs} ms, and a lost node is replaced after ${timing.takeOverAfterMs} ms`;
  if (sparesMs >= measuredMs) return pass(evidence);
  return warn(
    `${evidence}: the service stops with each failover unless the standby promises; never two actives`,
    `Raise leaseMs to ${timing.renewIntervalMs + timing.rpcTimeoutMs + measuredMs}, with takeOverAfterMs, or choose the profile default.`,
  );
}
