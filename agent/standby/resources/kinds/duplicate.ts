/** Asks the network whether somebody else has an address, before we take it: ARP probe (RFC 5227) or neighbour solicitation. */
import { z } from 'zod';
import { toAppError } from '../../../../src/errors.ts';
import type { Clock } from '../../../adapters/clock.ts';
import type { Commands } from '../commands.ts';
import type { VirtualIp } from './ip-address.ts';

/** A neighbour answers within a millisecond or two; RFC 5227's seconds would be the outage of every take-over. */
const answerMs = 150;

const neighboursSchema = z.array(z.object({ lladdr: z.string().optional() }));

interface Probe {
  readonly commands: Commands;
  readonly clock: Clock;
  readonly ip: VirtualIp;
  readonly interfaceName: string;
  readonly signal: AbortSignal;
}

/** The hardware address that answers, null when nobody does in time. */
export async function whoHas(probe: Probe): Promise<string | null> {
  if (probe.ip.family === 6) return askNeighbour(probe);
  try {
    return await arpProbe(probe);
  } catch (thrown) {
    if (toAppError(thrown).code !== 'not_found') throw thrown;
    return askNeighbour(probe);
  }
}

/** arping(8): with `-D` it ends with 1 on the first answer. */
async function arpProbe({ commands, clock, ip, interfaceName, signal }: Probe): Promise<string | null> {
  const wait = new AbortController();
  const cancel = clock.after(answerMs, () => wait.abort());
  try {
    const result = await commands.run({
      command: ['arping', '-D', '-c', '2', '-w', '2', '-I', interfaceName, ip.host],
      signal: AbortSignal.any([signal, wait.signal]),
    });
    if (result.code !== 1) return null;
    return /\[([0-9A-Fa-f:]{17})\]/.exec(result.output)?.[1]?.toLowerCase() ?? null;
  } catch (thrown) {
    if (wait.signal.aborted && !signal.aborted) return null;
    throw thrown;
  } finally {
    cancel();
  }
}

/** ip-neighbour(8): an entry that is "in use" makes the kernel ask; what it knew before is forgotten first. */
async function askNeighbour({ commands, clock, ip, interfaceName, signal }: Probe): Promise<string | null> {
  const neighbour = (verb: string, ...more: string[]) =>
    commands.run({
      command: ['ip', 'neighbour', verb, ip.host, 'dev', interfaceName, ...more],
      signal,
    });
  await neighbour('delete');
  await neighbour('add', 'use');
  await new Promise<void>((resolve) => {
    const cancel = clock.after(answerMs, resolve);
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
