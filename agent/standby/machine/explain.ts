/** Why did it, or did it not, fail over: the state and the recorded decisions in sentences a person can check. */
import type { Decision } from '../../../src/contract/standby.ts';
import { pactVerdict } from './pact.ts';
import { hasArbiter, nodeName, peerIsHeard } from './turn.ts';
import type { GuardState, Now } from './types.ts';
import { leaseAgeMs, type StayRule, type Verdict, verdictOf } from './verdict.ts';

const linesMax = 20;

export interface Explanation {
  readonly summary: string;
  /** Newest last: what was decided, by whom, on which grounds. */
  readonly lines: readonly string[];
}

/** `decisions` of both nodes where they are known, oldest first. */
export function explain(s: GuardState, decisions: readonly Decision[], now: Now): Explanation {
  const lines = decisions.slice(-linesMax).map((each) => sentenceOf(s, each));
  return { summary: summaryOf(s, now.monotonicMs), lines };
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

function summaryOf(s: GuardState, nowMs: number): string {
  const self = nodeName(s, s.nodeId);
  const peer = nodeName(s, s.peerId);
  switch (s.role) {
    case 'active':
      return `${self} is active under epoch ${s.epoch} for ${seconds(nowMs - s.roleSinceMs)}. ${storeSentence(s, nowMs)}`;
    case 'activating':
      return `${self} is becoming active under epoch ${s.epoch}: its resources are being started.`;
    case 'deactivating':
      return s.expired
        ? `${self} is stopping everything: it has no right to work any more.`
        : `${self} is stopping everything in order, and keeps its lease until that is done.`;
    case 'candidate':
      return `${self} is taking over from ${peer}.`;
    case 'out':
      return `${self} is brought out: it takes no part until an operator brings it in.`;
    case 'fault':
      return `${self} has given up: ${s.problem ?? 'its resources could not be stopped'}. Bring it in again once that is mended.`;
    case 'standby': {
      const verdict = hasArbiter(s) ? verdictOf(s, nowMs) : pactVerdict(s, nowMs);
      return `${self} did not take over: ${staySentence(s, verdict, nowMs)}.`;
    }
  }
}

function storeSentence(s: GuardState, nowMs: number): string {
  if (!hasArbiter(s)) return 'There is no arbiter.';
  if (s.storeLostSinceMs === null) return 'It renews its lease.';
  const since = seconds(nowMs - s.storeLostSinceMs);
  const peer = nodeName(s, s.peerId);
  return s.promisedUntilMs > nowMs
    ? `The arbiter has not answered for ${since}; it goes on because ${peer} promises not to take over.`
    : `The arbiter has not answered for ${since} and ${peer} promises nothing: it stops when its lease runs out.`;
}

type Sentence = (s: GuardState, nowMs: number) => string;

const staySentences: Readonly<Record<StayRule, Sentence>> = {
  'still-stopping': () => 'it is still stopping what may run here',
  'arbiter-unknown': (s) =>
    `it has not been able to read the lease since it started${s.storeProblem ? ` (${s.storeProblem})` : ''}`,
  'arbiter-unreachable': (s, nowMs) =>
    `the arbiter has not answered it for ${seconds(nowMs - (s.storeLostSinceMs ?? nowMs))} (${s.storeProblem})`,
  'foreign-holder': (s) =>
    `the lease is held by ${s.lease?.stored?.record.holder}, which is not of this pair: see who writes to the arbiter`,
  'arbiter-went-back': (s) =>
    `the arbiter shows epoch ${s.lease?.stored?.record.epoch ?? 0}, but ${s.highestEpoch} was in use: it was restored or ` +
    'emptied. See that no other node works, then take over with a confirmation',
  promise: (s, nowMs) =>
    `it promised ${nodeName(s, s.peerId)}, which it heard working, not to take over for another ${seconds(s.promiseHeldUntilMs - nowMs)}`,
  'lease-renewed': (s, nowMs) => `${leaseSentence(s, nowMs)} ${seconds(leaseAgeMs(s, nowMs))} ago`,
  'lease-waiting': (s, nowMs) =>
    `${leaseSentence(s, nowMs)} ${seconds(leaseAgeMs(s, nowMs))} ago, and only ${seconds(s.timing.takeOverAfterMs)} ` +
    'without a renewal prove that its holder has stopped',
  'handed-over': (s, nowMs) =>
    `the lease was handed over to ${nodeName(s, s.peerId)} ${seconds(leaseAgeMs(s, nowMs))} ago, which has ` +
    `${seconds(s.timing.takeOverAfterMs)} to take it`,
  'brought-out': () => 'the application was brought out by an operator',
  maintenance: () => 'it is in maintenance',
  'peer-maintenance': (s) => `${nodeName(s, s.peerId)} said that it is in maintenance`,
  'trigger-off': () => 'taking over from a lost peer is switched off',
  'wait-after-start': (s, nowMs) =>
    `it started ${seconds(nowMs - (s.startedAtMs ?? nowMs))} ago and waits ${seconds(s.config.waitAfterStartSeconds * 1000)} first`,
  backoff: (s, nowMs) =>
    `it failed ${s.failures} times (${s.problem}) and waits another ${seconds(s.notBeforeMs - nowMs)}`,
  'not-fit': (s) => `it has a trouble of its own: ${Object.values(s.troubles).join(', ')}`,
  'data-behind': (s) =>
    `its data is ${s.data.lagBytes} bytes behind, and the pair asks for ${s.config.consistency}`,
  'failback-possible': (s) => `${nodeName(s, s.peerId)} is active, and failback is never grabbed`,
  'peer-active': (s) => `${nodeName(s, s.peerId)} is heard as active`,
  'peer-first': (s) => `${nodeName(s, s.peerId)} goes first`,
  'needs-operator': (s, nowMs) =>
    `there is no arbiter, and only a person can see that ${nodeName(s, s.peerId)} is off (${silence(s, nowMs)})`,
  'shutting-down': () => 'its agent is ending',
};

function leaseSentence(s: GuardState, nowMs: number): string {
  const record = s.lease?.stored?.record ?? null;
  if (!record) return 'the arbiter was found empty';
  if (record.holder === null) {
    return 'the lease was first seen released';
  }
  const silent = peerIsHeard(s, nowMs) ? '' : ', which is not heard,';
  return `the lease of ${nodeName(s, record.holder)}${record.holder === s.peerId ? silent : ''} was renewed`;
}

function silence(s: GuardState, nowMs: number): string {
  return s.peer ? `last heard ${seconds(nowMs - s.peer.receivedAtMs)} ago` : 'not heard at all';
}

function staySentence(s: GuardState, verdict: Verdict, nowMs: number): string {
  return verdict.take ? 'it is about to' : staySentences[verdict.rule](s, nowMs);
}

/** One decision with the grounds that a person would ask for. */
function sentenceOf(s: GuardState, { nodeId, rule, outcome, inputs }: Decision): string {
  const self = nodeName(s, nodeId);
  const ms = (key: string) => seconds(Number(inputs[key] ?? 0));
  switch (rule) {
    case 'lease-not-renewed':
      return `${self} campaigns: the lease of epoch ${inputs.epoch} was not renewed for ${ms('unchangedMs')}, ${ms('waitsMs')} are needed.`;
    case 'released-to-us':
      return `${self} campaigns at once: the lease of epoch ${inputs.epoch} was released to it.`;
    case 'lease-taken':
      return `${self} took the lease under epoch ${inputs.epoch} and starts the resources.`;
    case 'lease-ran-out':
      return `${self} stopped: its lease of epoch ${inputs.epoch} ran out, as the arbiter had not answered for ${ms('storeLostMs')}.`;
    case 'lease-renewed':
    case 'lease-waiting':
      return `${self} stays standby: the lease of epoch ${inputs.epoch} was last seen to change ${ms('unchangedMs')} before.`;
    case 'promise':
      return `${self} stays standby: it keeps its promise for another ${ms('promiseLeftMs')}.`;
    default:
      return `${self}: ${outcome} (${rule}).`;
  }
}
