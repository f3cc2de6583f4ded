/** keepalived's figures for the faults of the failover bench. */
import { buildKeepalived, type KeepalivedPair } from '../test/cluster/keepalived.ts';
import { caseOf, type FailoverCase, measure, pause, type Round, settleMs } from './failover-round.ts';

type NodeName = 'a' | 'b';

interface Fault {
  readonly name: string;
  /** Does the damage on the node that answers, and gives back what mends it. */
  inflict(pair: KeepalivedPair, master: NodeName): (() => void) | Promise<() => void>;
}

const faults: readonly Fault[] = [
  {
    name: 'planned switch (stop of the master)',
    async inflict(pair, master) {
      await pair.stopDaemon(master);
      return () => pair.startDaemon(master);
    },
  },
  {
    name: 'service crash (track_script)',
    inflict(pair, master) {
      pair.killService(master);
      return () => pair.startService(master);
    },
  },
  {
    name: 'service link cut',
    inflict({ lab }, master) {
      lab.cut(master, 'service');
      return () => lab.mend(master, 'service');
    },
  },
  {
    name: 'one direction cut',
    inflict({ lab }, master) {
      lab.mute(master, 'service');
      return () => lab.unmute(master, 'service');
    },
  },
  {
    name: 'node loss',
    inflict(pair, master) {
      pair.powerOff(master);
      return () => pair.powerOn(master);
    },
  },
];

export async function benchKeepalived(rounds: number, say: (line: string) => void): Promise<FailoverCase[]> {
  say('building two keepalived');
  const pair = buildKeepalived();
  try {
    const cases: FailoverCase[] = [];
    for (const fault of faults) {
      const measured: Round[] = [];
      for (let round = 0; round < rounds; round += 1) measured.push(await playRound(pair, fault));
      const figure = caseOf(fault.name, measured);
      say(`keepalived, ${figure.name}: ${measured.map(({ outageMs }) => outageMs).join(', ')} ms`);
      cases.push(figure);
    }
    return cases;
  } finally {
    await pair.remove();
  }
}

async function playRound(pair: KeepalivedPair, fault: Fault): Promise<Round> {
  const { answerFrom } = pair.witness;
  const first = await answerFrom(['a', 'b'], 30_000);
  const master = first.from === 'a' ? 'a' : 'b';
  // The other has started again and heard a few advertisements.
  await pause(2 * settleMs + 1_000);
  const fromMs = Date.now();
  const mend = await fault.inflict(pair, master);
  const round = await measure(pair.witness, fromMs, [master === 'a' ? 'b' : 'a']);
  mend();
  return round;
}
