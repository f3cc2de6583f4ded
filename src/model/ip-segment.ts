/** IP addresses and the segments they lie in: pure arithmetic, so that form, file and preflight judge alike. */

export interface ParsedAddress {
  family: 4 | 6;
  value: bigint;
}

export interface Segment {
  address: ParsedAddress;
  prefix: number;
}

const octet = /^(0|[1-9]\d{0,2})$/;

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!octet.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** Groups of one side of `::`; a dotted tail counts as two. */
function groupsOf(text: string): bigint[] | null {
  if (text === '') return [];
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const tail = parseIpv4(part);
      if (tail === null) return null;
      groups.push(tail >> 16n, tail & 0xffffn);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(BigInt(`0x${part}`));
    else return null;
  }
  return groups;
}

function parseIpv6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? '');
  const tail = groupsOf(halves[1] ?? '');
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...new Array<bigint>(Math.max(0, missing)).fill(0n), ...tail].reduce(
    (value, group) => (value << 16n) | group,
    0n,
  );
}

/** Null when `text` is not an IPv4 or IPv6 address. */
export function parseAddress(text: string): ParsedAddress | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return { family: 4, value: ipv4 };
  if (!text.includes(':')) return null;
  const ipv6 = parseIpv6(text);
  return ipv6 === null ? null : { family: 6, value: ipv6 };
}

/** `192.0.2.10/24`; null when address or prefix length is missing or wrong. */
export function parsePrefixed(text: string): Segment | null {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text.trim());
  const address = match ? parseAddress(match[1] ?? '') : null;
  const prefix = Number(match?.[2]);
  if (address === null || prefix > (address.family === 4 ? 32 : 128)) return null;
  return { address, prefix };
}

/** True when `address` lies in the segment of `segment`. */
export function isInSegment(address: ParsedAddress, segment: Segment): boolean {
  if (address.family !== segment.address.family) return false;
  const shift = BigInt((address.family === 4 ? 32 : 128) - segment.prefix);
  return address.value >> shift === segment.address.value >> shift;
}

/** Both name the same address, however they are written. */
export function isSameAddress(a: string, b: string): boolean {
  const [first, second] = [parseAddress(a), parseAddress(b)];
  return first !== null && second !== null && first.family === second.family && first.value === second.value;
}
