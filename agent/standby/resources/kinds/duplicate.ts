/** Asks the network whether somebody else has an address, before we take it: ARP probe (RFC 5227) or neighbour solicitation. */
import { z } from 'zod';
import { AppError } from '../../../../src/errors.ts';
import type { Clock } from '../../../adapters/clock.ts';
import type { Commands } from '../commands.ts';
import type { VirtualIp } from './ip-address.ts';

/** A neighbour answers within a millisecond or two; RFC 5227's seconds would be the outage of every take-over. */
const answerMs = 80;
/** Where the peer has said that it removed the address, only a stranger could answer, who did not when it was last taken. */
const handedOverAnswerMs = 30;

const neighboursSchema = z.array(z.object({ lladdr: z.string().optional() }));

interface Probe {
  readonly commands: Commands;
  readonly clock: Clock;
  readonly ip: VirtualIp;
  readonly interfaceName: string;
  /** The peer had the address and has removed it. */
  readonly isHandedOver: boolean;
  readonly signal: AbortSignal;
}

/**
 * The hardware address that answers, null when nobody does in time. The kernel's own question counts, because it is known
 * when it was sent, also on a machine too busy to start a program; the probe from no address is heard where that is not.
 */
export async function whoHas(probe: Probe): Promise<string | null> {
  const over = new AbortController();
  const probed = { by: null as string | null };
  if (probe.ip.family === 4) {
    const signal = AbortSignal.any([probe.signal, over.signal]);
    void arpProbe({ ...probe, signal }).then(
      (mac) => {
        probed.by = mac;
      },
      // Killed, or not installed.
      () => undefined,
    );
  }
  try {
    return (await askNeighbour(probe)) ?? probed.by;
  } finally {
    over.abort();
  }
}

/** arping(8): with `-D` it ends with 1 on the first answer. */
async function arpProbe({ commands, ip, interfaceName, signal }: Probe): Promise<string | null> {
  const command = ['arping', '-D', '-c', '2', '-w', '2', '-I', interfaceName, ip.host];
  const result = await commands.run({ command, signal });
  if (result.code !== 1) return null;
  return /\[([0-9A-Fa-f:]{17})\]/.exec(result.output)?.[1]?.toLowerCase() ?? null;
}

/** ip-neighbour(8): an entry that is "in use" makes the kernel ask; what it knew before is forgotten first. */
async function askNeighbour(probe: Probe): Promise<string | null> {
  const { commands, clock, ip, interfaceName, signal } = probe;
  const waitMs = probe.isHandedOver ? handedOverAnswerMs : answerMs;
  const neighbour = (verb: string, ...more: string[]) =>
    commands.run({
      command: ['ip', 'neighbour', verb, ip.host, 'dev', interfaceName, ...more],
      signal,
    });
  await neighbour('delete');
  const asked = await neighbour('add', 'use');
  if (asked.code !== 0)
    throw new AppError('internal', `cannot ask whether ${ip.host} is free: ${asked.lastLines}`);
  await new Promise<void>((resolve) => {
    const cancel = clock.after(waitMs, resolve);
    const end = () => {
      cancel();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
  const shown = await commands.run({
    command: ['ip', '-j', 'neighbour', 'show', 'to', ip.host, 'dev', interfaceName],
    signal,
  });
  await neighbour('delete');
  if (shown.code !== 0 || shown.output.trim() === '') return null;
  const parsed = neighboursSchema.safeParse(JSON.parse(shown.output));
  return parsed.success ? (parsed.data.find((entry) => entry.lladdr)?.lladdr ?? null) : null;
}
