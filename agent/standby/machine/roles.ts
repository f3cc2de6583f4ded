/** What each role does at the end of a step: read, renew, release, try. One function a role. */
import { checkAuthority, forgetOldFailures, loseAuthority } from './authority.ts';
import { isMember, pollIntervalMs, read, write } from './lease-io.ts';
import { continueSwitch, leaveForTroubles } from './operations.ts';
import { campaignWithoutArbiter, pactVerdict } from './pact.ts';
import { become, decide, fired, hasArbiter, nodeName, peerIsHeard, type Turn, tell } from './turn.ts';
import type { GuardState } from './types.ts';
import { failbackPossible, leaseAgeMs, type Verdict, verdictOf } from './verdict.ts';

/** Each look of an operator's switch counts for the outage. */
const handoverPollMs = 25;

export function runRole(turn: Turn) {
  switch (turn.s.role) {
    case 'out':
    case 'fault':
      return runAside(turn);
    case 'standby':
      return runStandby(turn);
    case 'candidate':
      return runCandidate(turn);
    case 'activating':
      return renew(turn);
    case 'active':
      return runActive(turn);
    case 'deactivating':
      return runDeactivating(turn);
  }
}

/** Out or at fault: watches, and gives back what it still holds. */
function runAside(turn: Turn): void {
  if (hasArbiter(turn.s) && !releaseOwn(turn)) watch(turn, turn.s.timing.renewIntervalMs);
}

function runStandby(turn: Turn): void {
  const { s, now } = turn;
  if (s.campaign && now.monotonicMs >= s.campaign.untilMs) {
    decide(turn, `${s.campaign.operation}-ends`, 'it was not possible in time', { stayed: s.stayReason });
    s.campaign = null;
  }
  if (hasArbiter(s) && releaseOwn(turn)) return;
  const verdict = hasArbiter(s) ? verdictOf(s, now.monotonicMs) : pactVerdict(s, now.monotonicMs);
  if (!verdict.take) {
    note(turn, verdict);
    if (hasArbiter(s)) watch(turn, isLettingGo(s, now.monotonicMs) ? handoverPollMs : pollIntervalMs(s));
    return;
  }
  // A read or an earlier write under way says more; the verdict stands or falls with it.
  if (s.request) return;
  become(turn, 'candidate');
  if (verdict.rule === 'lease-not-renewed') fired(turn, 'peerLost');
  decide(turn, verdict.rule, 'campaigns', leaseInputs(s, now.monotonicMs));
  runCandidate(turn);
}

/** The holder is on its way down and will release: whoever waits for that looks often. */
function isLettingGo(s: GuardState, nowMs: number): boolean {
  if (s.lease?.stored?.record.holder !== s.peerId || !peerIsHeard(s, nowMs)) return false;
  const role = s.peer?.payload.role;
  return role === 'deactivating' || role === 'standby';
}

function runCandidate(turn: Turn) {
  const { s, now } = turn;
  if (!hasArbiter(s)) return campaignWithoutArbiter(turn);
  if (s.request) return;
  if (s.readDue) {
    const hopeless = s.unknownWrites.every((each) => now.monotonicMs >= each.sentAtMs + s.timing.leaseMs);
    if (hopeless && s.storeLostSinceMs !== null) return stepBack(turn, 'arbiter-unreachable');
    return watch(turn, pollIntervalMs(s));
  }
  const verdict = verdictOf(s, now.monotonicMs);
  if (!verdict.take) return stepBack(turn, verdict.rule);
  const record = s.lease?.stored?.record ?? null;
  const epoch = Math.max(record?.epoch ?? 0, s.highestEpoch) + 1;
  write(turn, 'take', { holder: s.nodeId, epoch, successor: null });
}

function stepBack(turn: Turn, rule: string): void {
  const { s, now } = turn;
  become(turn, 'standby');
  s.stayReason = rule;
  decide(turn, rule, 'did not take over', leaseInputs(s, now.monotonicMs));
}

function runActive(turn: Turn): void {
  forgetOldFailures(turn);
  leaveForTroubles(turn);
  continueSwitch(turn);
  renew(turn);
}

function runDeactivating(turn: Turn): void {
  const { s } = turn;
  if (s.expired) {
    // The state of the lease decides what comes after the stop.
    if (hasArbiter(s)) watch(turn, pollIntervalMs(s));
    return;
  }
  renew(turn);
}

/** The holder's work: write every h; read first when the stored revision is not known for sure. */
function renew(turn: Turn) {
  const { s, now } = turn;
  if (!hasArbiter(s) || s.request) return;
  if (s.readDue) return watch(turn, pollIntervalMs(s));
  if (now.monotonicMs - s.lastWriteMs < s.timing.renewIntervalMs) return;
  const record = s.lease?.stored?.record ?? null;
  if (record && (record.pairId !== s.config.pairId || !isMember(s, record.holder))) {
    return loseAuthority(turn, 'lease-lost', `the lease belongs to ${record.holder}`, {
      holder: record.holder,
    });
  }
  write(turn, 'renew', { holder: s.nodeId, epoch: s.epoch, successor: null });
}

/** Everything has stopped: says so in the store, so that the peer need not wait. True when it has something to do. */
function releaseOwn(turn: Turn): boolean {
  const { s } = turn;
  if (!s.releaseDue || s.resources !== 'stopped') return false;
  const record = s.lease?.stored?.record ?? null;
  if (s.lease !== null && !s.readDue && record?.holder !== s.nodeId) {
    s.releaseDue = false;
    return false;
  }
  if (s.request) return true;
  if (s.readDue || record === null) watch(turn, pollIntervalMs(s));
  else write(turn, 'release', { holder: null, epoch: record.epoch, successor: s.successor });
  return true;
}

function watch(turn: Turn, everyMs: number): void {
  const { s, now } = turn;
  if (!s.request && now.monotonicMs - s.lastReadMs >= everyMs) read(turn);
}

function leaseInputs(s: GuardState, nowMs: number) {
  const record = s.lease?.stored?.record ?? null;
  return {
    holder: record?.holder ?? null,
    epoch: record?.epoch ?? 0,
    unchangedMs: s.lease ? Math.round(leaseAgeMs(s, nowMs)) : null,
    waitsMs: s.timing.takeOverAfterMs,
    promiseLeftMs: Math.max(0, Math.round(s.promiseHeldUntilMs - nowMs)) || 0,
    peerSilentMs: s.peer ? Math.round(nowMs - s.peer.receivedAtMs) : null,
    peerRole: s.peer?.payload.role ?? null,
    lagBytes: s.data.lagBytes,
  };
}

const alarming: readonly string[] = ['foreign-holder', 'arbiter-went-back', 'needs-operator', 'data-behind'];

/** Why a standby stays standby is recorded when the reason changes, not at every look. */
function note(turn: Turn, verdict: Verdict & { take: false }): void {
  const { s, now } = turn;
  const healthy = verdict.rule === 'lease-renewed' || verdict.rule === 'peer-active';
  const rule = healthy && failbackPossible(s, now.monotonicMs) ? 'failback-possible' : verdict.rule;
  if (s.stayReason === rule) return;
  s.stayReason = rule;
  decide(turn, rule, 'stays standby', leaseInputs(s, now.monotonicMs));
  if (rule === 'failback-possible') {
    const how =
      s.config.failback === 'ask'
        ? 'use switch to move the application back'
        : 'asks the active to hand over';
    tell(
      turn,
      'info',
      'failback-possible',
      `${nodeName(s, s.nodeId)} is the default host and stable: ${how}`,
    );
  }
  if (alarming.includes(rule))
    tell(turn, 'error', rule, `${nodeName(s, s.nodeId)} cannot take over: ${rule}`);
}

/** Authority is looked at before each event and again after it, as an event may have cost or brought it. */
export function settle(turn: Turn): void {
  checkAuthority(turn);
  runRole(turn);
}
