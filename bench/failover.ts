/** Measures how long a client of the virtual address waits, fault by fault, for a pair and for keepalived in the same lab. */
import { isLabPossible, killNow } from '../test/cluster/lab.ts';
import { buildPair, type NodeName, powerOff, powerOn, type TestPair } from '../test/cluster/pair.ts';
import { benchKeepalived } from './failover-peer.ts';
import { caseOf, type FailoverCase, measure, pause, type Round, settleMs } from './failover-round.ts';
import type { BenchOptions } from './options.ts';

const rounds = 3;

interface Fault {
  readonly name: string;
  readonly targetMs?: number;
  /** Does the damage on the active node; what it returns mends it, after the measurement. */
  inflict(pair: TestPair, nodes: { active: NodeName; standby: NodeName }): () => Promise<void> | void;
  /** Who answers afterwards; either one when nothing is said. */
  readonly moves?: boolean;
}

const nothing = () => {};
const nodeLoss = (targetMs: number): Fault => ({
  name: 'node loss',
  targetMs,
  moves: true,
  inflict(pair, { active }) {
    powerOff(pair, active);
    return () => powerOn(pair, active);
  },
});
const cutServiceLink: Fault = {
  name: 'service link cut',
  moves: true,
  inflict({ lab }, { active }) {
    lab.cut(active, 'service');
    return () => lab.mend(active, 'service');
  },
};
const oneDirection: Fault = {
  name: 'one direction cut',
  moves: true,
  inflict({ lab }, { active }) {
    lab.mute(active, 'service');
    return () => lab.unmute(active, 'service');
  },
};
const defaultFaults: readonly Fault[] = [
  {
    name: 'planned switch',
    targetMs: 500,
    moves: true,
    inflict(pair, { active }) {
      pair.cli(active, 'standby', 'switch');
      return nothing;
    },
  },
  {
    name: 'service crash',
    targetMs: 1_500,
    moves: false,
    inflict(pair, { active }) {
      for (const pid of pair.servicePids(active)) killNow(pid);
      return nothing;
    },
  },
  {
    name: 'guard killed',
    inflict(pair, { active }) {
      killNow(pair.pids(active).guard);
      return nothing;
    },
  },
  cutServiceLink,
  oneDirection,
  nodeLoss(3_000),
];

/** Figures in milliseconds, as the client counts them. Throws when there is no lab: it needs root. */
export async function benchFailover({
  say,
}: BenchOptions): Promise<{ cases: FailoverCase[]; keepalived: FailoverCase[] }> {
  if (!isLabPossible()) throw new Error('this bench builds network namespaces: run it as root on Linux');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const cases = [
    ...(await benchPair('default', defaultFaults, say)),
    // Not after the cuts: a node whose address failed twice within seconds backs off, which is not what is asked here.
    ...(await benchPair('fast', [nodeLoss(1_800), cutServiceLink], say)),
  ];
  return { cases, keepalived: await benchKeepalived(rounds, say) };
}

async function benchPair(
  profile: 'default' | 'fast',
  faults: readonly Fault[],
  say: BenchOptions['say'],
): Promise<FailoverCase[]> {
  say(`building a pair, profile ${profile}`);
  const pair = await buildPair({ profile });
  try {
    const cases: FailoverCase[] = [];
    for (const fault of faults) {
      const measured: Round[] = [];
      for (let round = 0; round < rounds; round += 1) measured.push(await playRound(pair, fault));
      const figure = caseOf(`${fault.name}, ${profile}`, measured, fault.targetMs);
      say(`${figure.name}: ${measured.map(({ outageMs }) => outageMs).join(', ')} ms`);
      cases.push(figure);
    }
    return cases;
  } finally {
    await pair.remove();
  }
}

async function playRound(pair: TestPair, fault: Fault): Promise<Round> {
  const nodes = await pair.settled();
  await pair.witness.answerFrom(nodes.active, 30_000);
  await pause(settleMs);
  const fromMs = Date.now();
  const mend = fault.inflict(pair, nodes);
  const after = fault.moves === false ? nodes.active : nodes.standby;
  const round = await measure(pair.witness, fromMs, fault.moves === undefined ? ['a', 'b'] : [after]);
  await mend();
  return round;
}
