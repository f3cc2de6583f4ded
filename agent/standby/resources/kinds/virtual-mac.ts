/** A macvlan with a fixed hardware address that carries a virtual IP, so that neighbours notice no change of the node. */
import { createHash } from 'node:crypto';
import { AppError } from '../../../../src/errors.ts';
import type { Commands } from '../commands.ts';

/** Interface names have at most 15 characters; the id is hashed, so that two resources never share one. */
export function macvlanName(resourceId: string): string {
  return `hfv${createHash('sha256').update(resourceId).digest('hex').slice(0, 10)}`;
}

export interface Macvlan {
  readonly name: string;
  readonly parent: string;
  readonly mac: string;
}

/** Made and left down, so that its address can be added before the kernel announces it. */
export async function makeMacvlan(
  commands: Commands,
  { name, parent, mac }: Macvlan,
  signal: AbortSignal,
): Promise<void> {
  await must(
    commands,
    ['ip', 'link', 'add', 'link', parent, 'name', name, 'address', mac, 'type', 'macvlan', 'mode', 'bridge'],
    signal,
  );
  await must(commands, ['ip', 'link', 'set', 'dev', name, 'addrgenmode', 'none'], signal);
  await set(commands, signal, [
    // The kernel announces when the interface comes up.
    `net/ipv4/conf/${name}/arp_notify=1`,
    `net/ipv6/conf/${name}/ndisc_notify=1`,
    // Both interfaces are in one network: the answer may leave through the other.
    `net/ipv4/conf/${name}/rp_filter=2`,
    // Only the macvlan answers for its address, never the parent with the parent's hardware address.
    `net/ipv4/conf/${parent}/arp_ignore=1`,
    // And what leaves through the parent asks with the parent's own address, so that nobody learns the wrong pair.
    `net/ipv4/conf/${parent}/arp_announce=2`,
  ]);
}

/** The kernel tells by itself that the address came, for IPv6 also on an ordinary interface. */
export function announceByKernel(
  commands: Commands,
  interfaceName: string,
  signal: AbortSignal,
): Promise<void> {
  return set(commands, signal, [`net/ipv6/conf/${interfaceName}/ndisc_notify=1`]);
}

export async function must(commands: Commands, command: string[], signal: AbortSignal): Promise<void> {
  const result = await commands.run({ command, signal });
  if (result.code !== 0)
    throw new AppError('internal', `${command.slice(0, 3).join(' ')} failed: ${result.lastLines}`);
}

/** What is missing (IPv6 switched off) is left: the announcer sends besides. */
async function set(commands: Commands, signal: AbortSignal, settings: readonly string[]): Promise<void> {
  await commands.run({ command: ['sysctl', '-e', '-q', '-w', ...settings], signal });
}
