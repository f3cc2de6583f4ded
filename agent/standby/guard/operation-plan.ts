/** What an operation will do, step by step, on which node and for how long: the dry run, and what is shown of the real one. */
import type { OperationPlan, PairConfig } from '../../../src/contract/standby.ts';
import { refusalOf } from '../machine/operations.ts';
import { nodeName, peerIsHeard } from '../machine/turn.ts';
import type { GuardState, Now } from '../machine/types.ts';
import { makeGraph, startWaves } from '../resources/graph/plan.ts';
import type { GuardOperation } from './protocol/schema.ts';

type Step = OperationPlan['steps'][number];

export function operationPlan(
  state: GuardState,
  operation: GuardOperation,
  confirm: string | undefined,
  now: Now,
): OperationPlan {
  const refusal = refusalOf(state, operation, confirm, now.monotonicMs);
  const steps = refusal === null ? stepsOf(state, operation, now) : [];
  const stops = steps.some(({ action }) => action.startsWith('stop '));
  const starts = steps.some(({ action }) => action.startsWith('start '));
  return {
    operation,
    possible: refusal === null,
    refusal,
    steps,
    dataAtRisk: dataAtRisk(state, operation),
    outageMs: stops && !starts ? null : stops || starts ? sum(steps) : 0,
    done: false,
  };
}

function stepsOf(s: GuardState, operation: GuardOperation, now: Now): Step[] {
  const self = nodeName(s, s.nodeId);
  const peer = nodeName(s, s.peerId);
  const active = s.role === 'active' || s.role === 'activating';
  switch (operation) {
    case 'bring-in':
      return active || s.role === 'deactivating' ? [] : bringInSteps(s, self, now);
    case 'take-over':
      return takeSteps(s, self, now);
    case 'bring-out':
      return active ? [...stopSteps(s.config, self), step(self, 'release the lease')] : [];
    case 'switch':
    case 'hand-over': {
      const [from, to] = active ? [self, peer] : [peer, self];
      return [
        ...stopSteps(s.config, from),
        step(from, `release the lease to ${to}`, 20),
        step(to, 'take the lease', 20),
        ...startSteps(s.config, to),
      ];
    }
    default:
      return [step(self, operation.replace('-', ' '), 0)];
  }
}

/** The one that was asked first starts the application, and the other then sees that it is held. */
function bringInSteps(s: GuardState, self: string, now: Now): Step[] {
  const role = peerIsHeard(s, now.monotonicMs) ? s.peer?.payload.role : undefined;
  const peerHas = role === 'candidate' || role === 'activating' || role === 'active';
  return peerHas ? [step(self, `stand by: ${nodeName(s, s.peerId)} is ${role}`, 0)] : takeSteps(s, self, now);
}

function takeSteps(s: GuardState, self: string, now: Now): Step[] {
  const holder = s.lease?.stored?.record.holder ?? null;
  if (holder === s.peerId && peerIsHeard(s, now.monotonicMs)) {
    return [step(self, `stand by: ${nodeName(s, s.peerId)} holds the lease`, 0)];
  }
  const ageMs = s.lease ? now.monotonicMs - s.lease.receivedAtMs : 0;
  const waitMs = holder === null ? 0 : Math.max(0, s.timing.takeOverAfterMs - ageMs);
  return [
    ...(waitMs > 0 ? [step(self, 'wait until the lease has not been renewed for long enough', waitMs)] : []),
    step(self, 'take the lease', 20),
    ...startSteps(s.config, self),
  ];
}

/** What usually passes quickly; the time-outs are bounds, not expectations. */
const resourceMs = 150;

function startSteps(config: PairConfig, node: string): Step[] {
  return startWaves(makeGraph(config.resources)).map((wave) =>
    step(node, `start ${names(config, wave)}`, resourceMs),
  );
}

function stopSteps(config: PairConfig, node: string): Step[] {
  return startWaves(makeGraph(config.resources))
    .reverse()
    .map((wave) => step(node, `stop ${names(config, wave)}`, resourceMs));
}

function names(config: PairConfig, ids: readonly string[]): string {
  return ids.map((id) => config.resources.find((resource) => resource.id === id)?.name ?? id).join(', ');
}

function dataAtRisk(s: GuardState, operation: GuardOperation): string {
  if (s.data.lagBytes === 0) return 'none known';
  return operation === 'take-over'
    ? `${s.data.lagBytes} bytes that the other node has written and this one lacks`
    : `none: ${s.data.lagBytes} bytes are copied first`;
}

function step(node: string, action: string, expectedMs: number | null = null): Step {
  return { node, action, expectedMs };
}

function sum(steps: readonly Step[]): number | null {
  return steps.reduce((total, { expectedMs }) => total + (expectedMs ?? 0), 0);
}
