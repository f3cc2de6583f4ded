/** The address of a device as it is written down, and as it is counted: an IPv6 host owns a whole /64. */
import { isIPv6 } from 'node:net';

const mapped = '::ffff:';
const prefixGroups = 4;

/** `10.0.0.7`, also where the socket says `::ffff:10.0.0.7`; an IPv6 one without its zone. */
export function plainAddress(address: string | undefined): string {
  const text = (address ?? '').toLowerCase();
  if (text.startsWith(mapped) && text.includes('.')) return text.slice(mapped.length);
  return text.split('%')[0] ?? '';
}

/** What one party can have many of counts as one: the address itself, or the first 64 bits of an IPv6 one. */
export function addressKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeroes = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array<string>(zeroes).fill('0'), ...tail].slice(0, prefixGroups);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}

export function sourceText(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
