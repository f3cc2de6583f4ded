/** The faults of a schedule as plain data, so that a failing one can be shortened and read. */
import type { Operation, Trouble } from '../../../agent/standby/machine/types.ts';

export type NodeId = 'a' | 'b';
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'cut-link'; readonly from: NodeId; readonly link: number; readonly forMs: number }
  | { readonly kind: 'cut-all-links'; readonly forMs: number }
  | { readonly kind: 'lossy-links'; readonly share: number; readonly forMs: number }
  | { readonly kind: 'slow-links'; readonly delayMs: number; readonly forMs: number }
  | { readonly kind: 'cut-store'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'mute-store'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'pause-store'; readonly forMs: number }
  | { readonly kind: 'store-down'; readonly forMs: number }
  | { readonly kind: 'slow-store'; readonly delayMs: number; readonly forMs: number }
  | { readonly kind: 'store-goes-back'; readonly steps: number }
  | { readonly kind: 'kill-guard'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'freeze-guard'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'power-off'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'suspend'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'clock-step'; readonly node: NodeId; readonly byMs: number }
  | { readonly kind: 'resource-fails'; readonly node: NodeId }
  | { readonly kind: 'start-fails'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'stop-hangs'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'trouble'; readonly node: NodeId; readonly cause: Trouble; readonly forMs: number }
  | { readonly kind: 'data-lag'; readonly node: NodeId; readonly forMs: number }
  | { readonly kind: 'third-node'; readonly node: NodeId }
  | {
      readonly kind: 'operator';
      readonly node: NodeId;
      readonly operation: Operation;
      readonly confirm: boolean;
    }
);

export interface Plan {
  readonly seed: number;
  readonly arbiter: 'hub' | 'manual' | 'fence-agent' | 'availability-first';
  readonly failback: 'never' | 'ask' | 'when-stable';
  readonly waitAfterStartSeconds: number;
  readonly defaultNode: NodeId | null;
  readonly chaosMs: number;
  readonly faults: readonly Fault[];
}

const operations: readonly Operation[] = [
  'bring-in',
  'bring-in',
  'bring-out',
  'switch',
  'switch',
  'switch',
  'take-over',
  'take-over',
  'hand-over',
  'maintenance-on',
  'maintenance-off',
  'standalone-on',
  'standalone-off',
];

export function planOf(seed: number, random: () => number): Plan {
  const pick = <T>(from: readonly [T, ...T[]] | readonly T[]): T => {
    const chosen = from[Math.floor(random() * from.length)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  };
  const lease = random() < 0.82;
  const faulty = lease && random() < 0.12;
  const chaosMs = 14_000;
  const faults: Fault[] = [];
  const count = 1 + Math.floor(random() * 9);
  for (let index = 0; index < count; index += 1) faults.push(faultOf(random, pick, chaosMs, faulty));
  faults.sort((a, b) => a.atMs - b.atMs);
  return {
    seed,
    arbiter: lease ? 'hub' : pick(['manual', 'fence-agent', 'fence-agent', 'availability-first'] as const),
    failback: pick(['never', 'ask', 'when-stable'] as const),
    waitAfterStartSeconds: pick([0, 0, 1, 3]),
    defaultNode: pick(['a', 'b', null] as const),
    chaosMs,
    faults,
  };
}

function faultOf(
  random: () => number,
  pick: <T>(from: readonly T[]) => T,
  chaosMs: number,
  faulty: boolean,
): Fault {
  const atMs = Math.round(2_500 + random() * (chaosMs - 2_500));
  const node = pick(['a', 'b'] as const);
  const forMs = Math.round(random() < 0.5 ? 50 + random() * 1_500 : 500 + random() * 8_000);
  const kinds: readonly Fault['kind'][] = [
    'cut-link',
    'cut-link',
    'cut-all-links',
    'lossy-links',
    'slow-links',
    'cut-store',
    'cut-store',
    'cut-store',
    'mute-store',
    'pause-store',
    'store-down',
    'slow-store',
    'kill-guard',
    'freeze-guard',
    'freeze-guard',
    'power-off',
    'suspend',
    'clock-step',
    'resource-fails',
    'start-fails',
    'stop-hangs',
    'trouble',
    'data-lag',
    'operator',
    'operator',
    'operator',
    ...(faulty ? (['store-goes-back', 'store-goes-back', 'store-goes-back', 'third-node'] as const) : []),
  ];
  const kind = pick(kinds);
  switch (kind) {
    case 'cut-link':
      return { atMs, kind, from: node, link: Math.floor(random() * 2), forMs };
    case 'lossy-links':
      return { atMs, kind, share: random(), forMs };
    case 'slow-links':
      return { atMs, kind, delayMs: Math.round(random() * 3_000), forMs };
    case 'slow-store':
      return { atMs, kind, delayMs: Math.round(random() * 600), forMs };
    case 'cut-all-links':
    case 'pause-store':
    case 'store-down':
      return { atMs, kind, forMs };
    case 'store-goes-back':
      return { atMs, kind, steps: 1 + Math.floor(random() * 20) };
    case 'clock-step':
      return { atMs, kind, node, byMs: Math.round((random() - 0.5) * 7_200_000) };
    case 'trouble':
      return { atMs, kind, node, forMs, cause: pick(['network', 'process', 'storage'] as const) };
    case 'operator':
      return { atMs, kind, node, operation: pick(operations), confirm: random() < 0.5 };
    case 'resource-fails':
    case 'third-node':
      return { atMs, kind, node };
    default:
      return { atMs, kind, node, forMs };
  }
}
