/** Takes alarms in: DC-09 over TCP and UDP on one port; a device is acknowledged only for what the sink has made safe. */

import { toAppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { errnoOf } from '../../adapters/errno.ts';
import type { IntakeAccounts, IntakeSink } from '../types.ts';
import { type IntakeCounts, zeroCounts } from './counts.ts';
import type { Categorise, JudgeContext, JudgeSettings } from './judge.ts';
import { defaultLimits, type IntakeLimits } from './limits.ts';
import { createMessageRates } from './message-rates.ts';
import { type DoorContext, openTcpDoor, type TcpDoor } from './tcp-door.ts';
import { createTeller, type JournalEvent } from './teller.ts';
import { openUdpDoor, type UdpDoor } from './udp-door.ts';
import { createUnderWay } from './under-way.ts';

/** How often another number is tried when the one that TCP got is taken for UDP. */
const portTriesMax = 10;
/** What the sink has is waited for so long on closing. */
const closeTimeoutMs = 2_000;

export interface IntakeOptions {
  readonly listenHost: string;
  /** 0: whichever is free, for TCP and UDP alike. */
  readonly port: number;
  readonly clock: Clock;
  readonly accounts: IntakeAccounts;
  readonly sink: IntakeSink;
  /** Receiver id, or `hub`. */
  readonly takenBy: string;
  readonly way: 'direct' | 'hub';
  readonly checkTime: boolean;
  readonly forwardUnknown: boolean;
  /** What the directory makes of an event: its category, and whether it is forwarded. */
  readonly categorise: Categorise;
  /** For the journal; rate-limited. */
  readonly onEvent: (event: JournalEvent) => void;
  readonly limits?: Partial<IntakeLimits>;
}

export interface Intake {
  /** Where it listens. */
  address(): { readonly host: string; readonly port: number };
  counts(): IntakeCounts;
  /** From the next message on. */
  reconfigure(settings: Partial<JudgeSettings>): void;
  /** Lets no more in, waits a while for what is under way to be acknowledged, and ends. */
  close(): Promise<void>;
}

/** @throws AppError when it cannot listen there. */
export async function createIntake(options: IntakeOptions): Promise<Intake> {
  const { clock, sink } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const counts = zeroCounts();
  const teller = createTeller(clock, options.onEvent);
  const underWay = createUnderWay(sink, limits.underWayMax, { counts, teller });
  const judge: JudgeContext = {
    clock,
    accounts: options.accounts,
    categorise: options.categorise,
    takenBy: options.takenBy,
    way: options.way,
    settings: { checkTime: options.checkTime, forwardUnknown: options.forwardUnknown },
    counts,
    teller,
    rates: createMessageRates(limits),
    heard: (account, nowMs) => sink.heard(account, nowMs),
  };
  const doors = await openDoors(options, { clock, limits, counts, judge, underWay });
  const { host, port } = doors.tcp;
  return {
    address: () => ({ host, port }),
    counts: () => ({ ...counts }),
    reconfigure: (settings) => void Object.assign(judge.settings, settings),
    async close() {
      doors.tcp.stop();
      doors.udp.stop();
      const late = Promise.withResolvers<void>();
      const cancel = clock.after(closeTimeoutMs, late.resolve);
      await Promise.race([underWay.empty(), late.promise]);
      cancel();
      await Promise.all([doors.tcp.close(), doors.udp.close()]);
    },
  };
}

/** UDP gets the number that TCP got; where that is taken and any will do, another is tried. */
async function openDoors(
  { listenHost, port }: IntakeOptions,
  context: DoorContext,
): Promise<{ tcp: TcpDoor; udp: UdpDoor }> {
  for (let tries = 1; ; tries += 1) {
    const tcp = await openTcpDoor(listenHost, port, context);
    try {
      return { tcp, udp: await openUdpDoor(tcp.host, tcp.port, context) };
    } catch (thrown) {
      tcp.stop();
      await tcp.close();
      if (port !== 0 || tries >= portTriesMax || errnoOf(toAppError(thrown).cause) !== 'EADDRINUSE')
        throw thrown;
    }
  }
}
