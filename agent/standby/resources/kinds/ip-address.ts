/** A virtual IP as configured, checked, and recognised in whatever form the system writes it. */
import { BlockList, isIP } from 'node:net';
import { AppError } from '../../../../src/errors.ts';

export interface VirtualIp {
  readonly family: 4 | 6;
  readonly host: string;
  readonly prefix: number;
  /** `host/prefix`, as `ip` takes it. */
  readonly cidr: string;
}

/** `invalid_input` for anything but `address/prefix`. */
export function parseVirtualIp(text: string): VirtualIp {
  const [host = '', prefixText = '', rest] = text.split('/');
  const family = isIP(host);
  const prefix = Number(prefixText);
  const prefixMax = family === 4 ? 32 : 128;
  const known = (family === 4 || family === 6) && !host.includes('%');
  if (!known || rest !== undefined || !/^\d{1,3}$/.test(prefixText) || prefix < 1 || prefix > prefixMax) {
    throw new AppError('invalid_input', `${text} is not an address with prefix length`, {
      hint: 'Write it as 192.0.2.10/24 or 2001:db8::10/64.',
    });
  }
  return { family, host, prefix, cidr: `${host}/${prefix}` };
}

/** Whether two texts mean the same address: `fd00::1` and `FD00:0::1` do. */
export function sameAddress(ip: VirtualIp, other: string): boolean {
  if (isIP(other) !== ip.family) return false;
  const list = new BlockList();
  const family = ip.family === 4 ? 'ipv4' : 'ipv6';
  list.addAddress(ip.host, family);
  return list.check(other, family);
}
