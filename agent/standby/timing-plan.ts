/** The lease's times: the profiles of the design, and the inequality that keeps two nodes from being active at once. */

import type { ArbiterConfig, LeaseTiming, PairConfig } from '../../src/contract/standby.ts';
import { AppError } from '../../src/errors.ts';

/** rho: no clock runs faster or slower than true time by more than this share. NTP slews by 0.05 % at most. */
export const clockDriftMax = 0.01;
/** delta: how late the guard's tick, the watchdog and a machine's reset may be, together. */
export const latenessMaxMs = 250;
/** Linux counts the lifetime of an address in whole seconds and removes it 30 to 260 ms after its end, as measured. */
const expiryLatenessMs = 300;
/** From the last look at the clock to the kernel's taking a lifetime. */
const givingMs = 50;

type ArbiterKind = ArbiterConfig['kind'];

const hubDefault: LeaseTiming = {
  renewIntervalMs: 500,
  leaseMs: 1500,
  stopMs: 500,
  takeOverAfterMs: 2400,
  rpcTimeoutMs: 500,
  storeFailoverMs: 0,
};
const hubFast: LeaseTiming = {
  renewIntervalMs: 250,
  leaseMs: 750,
  stopMs: 250,
  takeOverAfterMs: 1600,
  rpcTimeoutMs: 250,
  storeFailoverMs: 0,
};
/**
 * F: the longest that these stores answered nobody, measured with three servers of each whose leader was killed or frozen.
 * The frozen leader is the slower one: it has to be missed first. Too small an F never endangers I4, as the holder stops
 * by its own clock; it costs the service whenever the store changes its leader.
 */
const etcdFailoverMs = 3500;
const natsFailoverMs = 10_100;
const etcd: LeaseTiming = {
  renewIntervalMs: 1000,
  leaseMs: 6000,
  stopMs: 2000,
  takeOverAfterMs: 8500,
  rpcTimeoutMs: 1500,
  storeFailoverMs: etcdFailoverMs,
};
const nats: LeaseTiming = {
  renewIntervalMs: 2000,
  leaseMs: 14_200,
  stopMs: 4000,
  takeOverAfterMs: 19_000,
  rpcTimeoutMs: 2000,
  storeFailoverMs: natsFailoverMs,
};

/** Whether this kind of arbiter keeps a lease; the others leave the decision to a person, a fence, or nobody. */
export function keepsLease(kind: ArbiterKind): boolean {
  return kind === 'hub' || kind === 'etcd' || kind === 'nats';
}

/** For how long this arbiter's store may answer nobody while it changes its leader. */
export function failoverMeasuredMs(kind: ArbiterKind): number {
  if (kind === 'etcd') return etcdFailoverMs;
  return kind === 'nats' ? natsFailoverMs : 0;
}

/** The times to use. Throws `invalid_input`, with the numbers and what to change, for a combination that is not safe. */
export function timingOf(
  profile: PairConfig['profile'],
  arbiter: ArbiterKind,
  custom: LeaseTiming | null = null,
): LeaseTiming {
  if (profile !== 'custom') return profileTiming(profile, arbiter);
  if (custom === null) {
    throw new AppError('invalid_input', 'the profile is custom, but no times are given', {
      hint: 'Give all six times, or choose the profile default.',
    });
  }
  const problems = timingProblems(custom);
  if (problems.length > 0) throw new AppError('invalid_input', problems.join('; '));
  return custom;
}

function profileTiming(profile: 'default' | 'fast', arbiter: ArbiterKind): LeaseTiming {
  if (arbiter !== 'etcd' && arbiter !== 'nats') return profile === 'fast' ? hubFast : hubDefault;
  if (profile === 'fast') {
    throw new AppError(
      'invalid_input',
      `the profile fast does not fit ${arbiter}: its own failover takes up to ${failoverMeasuredMs(arbiter)} ms`,
      { hint: 'Choose the profile default, or the hub as the arbiter.' },
    );
  }
  return arbiter === 'etcd' ? etcd : nats;
}

/** W, as the holder counts it from sending its last successful renewal: by then everything has stopped or been reset. */
export function stoppedAfterMs(timing: LeaseTiming): number {
  return timing.leaseMs + timing.stopMs;
}

/** What the kernel is told about a virtual address, so that it goes even when this node's guard stands still. */
interface AddressLifetime {
  readonly seconds: number;
  /** The kernel may keep it for so long after it was told. */
  readonly goneAfterMs: number;
  /** Counted from sending the renewal (or the heartbeat that was promised on): later it must not be given any more. */
  readonly giveWithinMs: number;
}

/** The longest that ends within W and leaves a renewal time to be answered; at least the one second that there is. */
export function addressLifetime(timing: LeaseTiming): AddressLifetime {
  const stoppedMs = stoppedAfterMs(timing);
  const roomMs = stoppedMs - expiryLatenessMs - timing.renewIntervalMs;
  const seconds = Math.max(1, Math.floor(roomMs / 1_000));
  const goneAfterMs = seconds * 1_000 + expiryLatenessMs;
  const spareMs = Math.max(0, stoppedMs - goneAfterMs);
  return { seconds, goneAfterMs, giveWithinMs: spareMs + latenessMaxMs - givingMs };
}

/**
 * The least T that the times allow: `(1+rho)/(1-rho) * (delta + max(W, A))`, where A is how long the kernel may keep an
 * address. Also how long a promise must be kept.
 */
export function waitMinMs(timing: LeaseTiming): number {
  const holdsMs = Math.max(stoppedAfterMs(timing), addressLifetime(timing).goneAfterMs);
  return Math.ceil(((1 + clockDriftMax) / (1 - clockDriftMax)) * (latenessMaxMs + holdsMs));
}

/** Why these times must not be used, each with its numbers and what to change; empty when they are safe. */
export function timingProblems(timing: LeaseTiming): string[] {
  const { renewIntervalMs, leaseMs, stopMs, takeOverAfterMs, rpcTimeoutMs, storeFailoverMs } = timing;
  const problems: string[] = [];
  const least = { renewIntervalMs, leaseMs, stopMs, takeOverAfterMs, rpcTimeoutMs };
  for (const [name, value] of Object.entries(least)) {
    if (!(value >= 50)) problems.push(`${name} is ${value} ms, the least is 50 ms: raise it`);
  }
  if (!(storeFailoverMs >= 0))
    problems.push(`storeFailoverMs is ${storeFailoverMs} ms: it cannot be negative`);
  const leaseMin = renewIntervalMs + rpcTimeoutMs + storeFailoverMs;
  if (!(leaseMs >= leaseMin)) {
    problems.push(
      `leaseMs is ${leaseMs} ms, but a renewal (${renewIntervalMs} ms), one lost request (${rpcTimeoutMs} ms) and the ` +
        `store's failover (${storeFailoverMs} ms) need ${leaseMin} ms: raise leaseMs, or lower renewIntervalMs or rpcTimeoutMs`,
    );
  }
  const waitMs = waitMinMs(timing);
  if (!(takeOverAfterMs >= waitMs)) {
    problems.push(
      `takeOverAfterMs is ${takeOverAfterMs} ms, but the holder may work for ${leaseMs} ms, needs ${stopMs} ms to stop, ` +
        `keeps its address for up to ${addressLifetime(timing).goneAfterMs} ms, ` +
        `and with ${latenessMaxMs} ms of lateness and clocks ${clockDriftMax * 100} % apart that is ${waitMs} ms: ` +
        `raise takeOverAfterMs to ${waitMs} or more, or lower leaseMs or stopMs`,
    );
  }
  return problems;
}
