/** What `ip -j address show` says, read with bounds: which interface has a link, and where an address is. */
import { z } from 'zod';
import { AppError } from '../../../../src/errors.ts';
import type { Commands } from '../commands.ts';
import { sameAddress, type VirtualIp } from './ip-address.ts';

const linksSchema = z.array(
  z.object({
    ifname: z.string(),
    flags: z.array(z.string()).default([]),
    address: z.string().optional(),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          dadfailed: z.boolean().default(false),
          tentative: z.boolean().default(false),
        }),
      )
      .default([]),
  }),
);

export interface Link {
  readonly name: string;
  readonly mac: string | null;
  /** Up, and a carrier is there. */
  readonly hasCarrier: boolean;
  readonly addresses: readonly {
    readonly local: string;
    /** IPv6: the kernel found it in use by another machine. */
    readonly duplicate: boolean;
    /** IPv6: the kernel still asks whether it is free. */
    readonly tentative: boolean;
  }[];
}

export async function readLinks(commands: Commands, signal: AbortSignal): Promise<Link[]> {
  const result = await commands.run({ command: ['ip', '-j', 'address', 'show'], signal });
  if (result.code !== 0)
    throw new AppError('internal', `cannot list the interfaces: ${result.lastLines || result.code}`);
  return parseLinks(result.output);
}

export function parseLinks(json: string): Link[] {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (cause) {
    throw new AppError('protocol', 'the answer of `ip -j address show` is not JSON', { cause });
  }
  const parsed = linksSchema.safeParse(raw);
  if (!parsed.success)
    throw new AppError('protocol', 'the answer of `ip -j address show` has another form', {
      cause: parsed.error,
    });
  return parsed.data.map((link) => ({
    name: link.ifname,
    mac: link.address ?? null,
    hasCarrier: link.flags.includes('UP') && link.flags.includes('LOWER_UP'),
    addresses: link.addr_info.flatMap(({ local, dadfailed, tentative }) =>
      local === undefined ? [] : [{ local, duplicate: dadfailed, tentative }],
    ),
  }));
}

/** Neighbour solicitations leave from a link-local address (RFC 4861 4.3); without one nobody can be asked. */
export function canSolicit(link: Link): boolean {
  return link.addresses.some(({ local, tentative }) => /^fe[89ab]/i.test(local) && !tentative);
}

/** Every interface that holds the address. */
export function holdersOf(links: readonly Link[], ip: VirtualIp): Link[] {
  return links.filter((link) => link.addresses.some(({ local }) => sameAddress(ip, local)));
}
