/** What can go wrong with a group of four, and the seeded plan that says what does and when. */

export const memberIds = ['a', 'b', 'c', 'd'] as const;
export type MemberId = (typeof memberIds)[number];

export type Fault = { readonly atMs: number } & (
  | {
      readonly kind: 'kill' | 'freeze' | 'cut' | 'mute' | 'unready' | 'behind';
      readonly member: MemberId;
      readonly forMs: number;
    }
  | { readonly kind: 'restart'; readonly member: MemberId; readonly forMs: number }
  | { readonly kind: 'clock-step'; readonly member: MemberId; readonly byMs: number }
  | {
      readonly kind: 'store-down' | 'store-pause' | 'arc-down' | 'arc-slow' | 'panels-cut';
      readonly forMs: number;
    }
  | { readonly kind: 'store-slow'; readonly forMs: number; readonly delayMs: number }
  | { readonly kind: 'store-goes-back'; readonly forMs: number; readonly steps: number }
  | {
      readonly kind: 'hand-over';
      readonly member: MemberId;
      readonly to: MemberId;
      readonly holdSeconds: number;
    }
  | { readonly kind: 'order'; readonly seed: number }
);

export interface Plan {
  readonly seed: number;
  readonly chaosMs: number;
  readonly faults: readonly Fault[];
}

export function planOf(seed: number, random: () => number): Plan {
  const chaosMs = Math.ceil(9_000 + random() * 9_000);
  const count = 1 + Math.floor(random() * 6);
  const faults = Array.from({ length: count }, () => faultOf(random, chaosMs)).sort(
    (a, b) => a.atMs - b.atMs,
  );
  return { seed, chaosMs, faults };
}

function faultOf(random: () => number, chaosMs: number): Fault {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] ?? (list[0] as T);
  const atMs = Math.round(random() * chaosMs);
  // Those that go first are hit most: that is where something happens.
  const member = pick(['a', 'a', 'a', 'b', 'b', 'c', 'd'] as const);
  const forMs = Math.round(50 + random() ** 2 * 9_000);
  const kind = pick([
    'kill',
    'kill',
    'freeze',
    'freeze',
    'cut',
    'cut',
    'mute',
    'unready',
    'behind',
    'restart',
    'clock-step',
    'store-down',
    'store-pause',
    'store-slow',
    'store-goes-back',
    'arc-down',
    'arc-slow',
    'panels-cut',
    'hand-over',
    'hand-over',
    'order',
  ] as const);
  switch (kind) {
    case 'clock-step':
      return { atMs, kind, member, byMs: Math.round((random() - 0.5) * 7_200_000) };
    case 'store-slow':
      return { atMs, kind, forMs, delayMs: Math.round(200 + random() * 2_500) };
    case 'store-goes-back':
      // A copy is put back while the store is stopped; that takes longer than any right lasts.
      return { atMs, kind, forMs: Math.round(4_300 + random() * 3_000), steps: Math.ceil(random() * 30) };
    case 'store-down':
    case 'store-pause':
    case 'arc-down':
    case 'arc-slow':
    case 'panels-cut':
      return { atMs, kind, forMs };
    case 'hand-over':
      return { atMs, kind, member, to: pick(memberIds), holdSeconds: Math.round(random() * 8) };
    case 'order':
      return { atMs, kind, seed: Math.floor(random() * 1_000) };
    default:
      return { atMs, kind, member, forMs };
  }
}
