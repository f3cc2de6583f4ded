/** What a member tells the others of the devices, as a text: whom it heard how long ago, and whom it told as lost; strict and bounded. Pure. */
import { z } from 'zod';

export interface Digest {
  /** Epoch of the lease under which `lost` was told; 0: it never worked. */
  readonly epoch: number;
  /** Accounts by how many seconds before the digest they were heard. */
  readonly heard: ReadonlyMap<number, readonly string[]>;
  /** Accounts told as lost and not yet as back. */
  readonly lost: readonly string[];
}

export const digestAccountsMax = 100_000;
/** A week: nothing is supervised more slowly. */
export const ageSecondsMax = 604_800;
/** Account, blank. */
const charactersMax = digestAccountsMax * 17;

const accountsSchema = z.string().max(charactersMax);
const digestSchema = z.strictObject({
  format: z.literal('holdfast heard 1'),
  epoch: z.number().int().nonnegative(),
  heard: z
    .array(
      z.strictObject({ ageSeconds: z.number().int().min(0).max(ageSecondsMax), accounts: accountsSchema }),
    )
    .max(digestAccountsMax),
  lost: accountsSchema,
});

/** Name of a member's digest among the objects of the group's store. */
export function digestName(memberId: string): string {
  return `${digestPrefix}${memberId}`;
}
export const digestPrefix = 'heard-';

/** Beyond `digestAccountsMax` the oldest are left out. Accounts are sorted: such a text is deflated best. */
export function encodeDigest({ epoch, heard, lost }: Digest): string {
  let left = digestAccountsMax;
  const ages = [...heard.keys()].sort((one, other) => one - other);
  const groups = ages.flatMap((ageSeconds) => {
    const accounts = (heard.get(ageSeconds) ?? []).slice(0, left);
    left -= accounts.length;
    return accounts.length === 0 ? [] : [{ ageSeconds, accounts: textOf(accounts) }];
  });
  const told = textOf(lost.slice(0, digestAccountsMax));
  return JSON.stringify({ format: 'holdfast heard 1', epoch, heard: groups, lost: told });
}

/** Null for what is no digest, or one of a release that writes them in another way. */
export function decodeDigest(text: string): Digest | null {
  const parsed = digestSchema.safeParse(jsonOf(text));
  if (!parsed.success) return null;
  const { epoch, heard, lost } = parsed.data;
  const groups = heard.map(({ ageSeconds, accounts }): [number, string[]] => [ageSeconds, listOf(accounts)]);
  const found = { epoch, heard: new Map(groups), lost: listOf(lost) };
  const count = groups.reduce((sum, [, accounts]) => sum + accounts.length, 0);
  return Math.max(count, found.lost.length) > digestAccountsMax ? null : found;
}

const textOf = (accounts: readonly string[]) => [...accounts].sort().join(' ');
const listOf = (text: string) => (text === '' ? [] : text.split(' '));

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
