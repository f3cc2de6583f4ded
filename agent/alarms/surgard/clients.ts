/** Who may connect as an automation: the addresses that were named; while none is, only this machine itself. */
import { BlockList, isIP } from 'node:net';

/** Named instead of an address: whoever reaches the port. */
const anybody = 'any';

export interface SurgardClients {
  /** No address is named: only this machine may. */
  readonly isLocal: boolean;
  mayConnect(address: string): boolean;
}

/** What is no address, and not `any`, lets nobody in. */
export function surgardClients(named: readonly string[]): SurgardClients {
  const list = new BlockList();
  const isLocal = named.length === 0;
  if (isLocal) {
    list.addSubnet('127.0.0.0', 8, 'ipv4');
    list.addAddress('::1', 'ipv6');
  }
  for (const address of named) {
    const family = familyOf(address);
    if (family !== null) list.addAddress(address, family);
  }
  const isOpen = named.includes(anybody);
  return {
    isLocal,
    mayConnect(address) {
      const family = familyOf(address);
      return family !== null && (isOpen || list.check(address, family));
    },
  };
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : null;
}
