/** Named faults whose transcripts are kept in `fixtures/scenarios/standby`, to be read by people and compared by a test. */
import type { Fault, Plan } from './faults.ts';

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly plan: Plan;
}

function scenario(
  name: string,
  title: string,
  faults: readonly Fault[],
  changes: Partial<Plan> = {},
): Scenario {
  return {
    name,
    title,
    plan: {
      seed: 1,
      arbiter: 'hub',
      failback: 'never',
      waitAfterStartSeconds: 0,
      defaultNode: null,
      chaosMs: 9_000,
      faults,
      ...changes,
    },
  };
}

export const scenarios: readonly Scenario[] = [
  scenario('planned-switch', 'An operator switches on the active; nobody waits for a time-out.', [
    { atMs: 4_000, kind: 'operator', node: 'a', operation: 'switch', confirm: false },
  ]),
  scenario(
    'switch-asked-on-standby',
    'An operator switches on the standby, which asks the active to hand over.',
    [{ atMs: 4_000, kind: 'operator', node: 'b', operation: 'switch', confirm: false }],
  ),
  scenario('node-loss', 'The active loses its power.', [
    { atMs: 4_000, kind: 'power-off', node: 'a', forMs: 60_000 },
  ]),
  scenario('guard-killed', 'The guard of the active is killed; the watchdog resets the machine in time.', [
    { atMs: 4_000, kind: 'kill-guard', node: 'a', forMs: 60_000 },
  ]),
  scenario('guard-frozen', 'The guard of the active is frozen for ten seconds.', [
    { atMs: 4_000, kind: 'freeze-guard', node: 'a', forMs: 10_000 },
  ]),
  scenario('suspended', 'The active sleeps for four seconds, and finds itself replaced.', [
    { atMs: 4_000, kind: 'suspend', node: 'a', forMs: 4_000 },
  ]),
  scenario(
    'arbiter-cut-from-active',
    'The active cannot reach the arbiter: it goes on, as its peer promises.',
    [{ atMs: 4_000, kind: 'cut-store', node: 'a', forMs: 3_000 }],
  ),
  scenario('arbiter-dead', 'The arbiter is dead for three seconds: nothing happens.', [
    { atMs: 4_000, kind: 'store-down', forMs: 3_000 },
  ]),
  scenario(
    'all-links-cut',
    'Every link between the nodes is cut: the arbiter keeps the active where it is.',
    [{ atMs: 4_000, kind: 'cut-all-links', forMs: 3_000 }],
  ),
  scenario(
    'active-isolated',
    'The active reaches neither its peer nor the arbiter: it stops, the peer takes over.',
    [
      { atMs: 4_000, kind: 'cut-all-links', forMs: 8_000 },
      { atMs: 4_000, kind: 'cut-store', node: 'a', forMs: 3_000 },
    ],
  ),
  scenario('one-direction-cut', 'The peer hears the active, the active hears nothing and has no arbiter.', [
    { atMs: 4_000, kind: 'cut-link', from: 'b', link: 0, forMs: 8_000 },
    { atMs: 4_000, kind: 'cut-link', from: 'b', link: 1, forMs: 8_000 },
    { atMs: 4_000, kind: 'cut-store', node: 'a', forMs: 3_000 },
  ]),
  scenario(
    'stop-hangs',
    'A resource fails for good and cannot be stopped: the machine is reset, the peer takes over.',
    [
      { atMs: 3_900, kind: 'stop-hangs', node: 'a', forMs: 5_000 },
      { atMs: 4_000, kind: 'resource-fails', node: 'a' },
    ],
  ),
  scenario(
    'no-ping-pong',
    'The start fails on both nodes: each gives up after three failures and says so.',
    [
      { atMs: 3_900, kind: 'start-fails', node: 'a', forMs: 120_000 },
      { atMs: 3_900, kind: 'start-fails', node: 'b', forMs: 120_000 },
      { atMs: 4_000, kind: 'operator', node: 'a', operation: 'switch', confirm: false },
    ],
    { chaosMs: 90_000 },
  ),
  scenario('arbiter-restored-old', 'An old backup of the arbiter is put back while the pair works.', [
    { atMs: 3_000, kind: 'operator', node: 'a', operation: 'switch', confirm: false },
    { atMs: 6_000, kind: 'store-goes-back', steps: 15 },
  ]),
  scenario(
    'arbiter-restored-nobody-active',
    'An old backup is put back while nobody is active: both refuse until a person confirms.',
    [
      { atMs: 3_000, kind: 'operator', node: 'a', operation: 'switch', confirm: false },
      { atMs: 6_000, kind: 'operator', node: 'b', operation: 'bring-out', confirm: false },
      { atMs: 6_500, kind: 'store-goes-back', steps: 20 },
      { atMs: 8_500, kind: 'operator', node: 'a', operation: 'take-over', confirm: false },
      { atMs: 9_000, kind: 'operator', node: 'a', operation: 'take-over', confirm: true },
    ],
    { chaosMs: 12_000 },
  ),
  scenario(
    'third-node',
    'A third node claims the pair in the arbiter: the active stops, nobody follows it.',
    [{ atMs: 4_000, kind: 'third-node', node: 'a' }],
  ),
  scenario(
    'failback-when-stable',
    'The default host comes back and asks for the application once it is stable.',
    [{ atMs: 4_000, kind: 'power-off', node: 'a', forMs: 500 }],
    { failback: 'when-stable', defaultNode: 'a', chaosMs: 22_000 },
  ),
  scenario('maintenance', 'In maintenance a resource that fails moves nothing; afterwards it does.', [
    { atMs: 3_000, kind: 'operator', node: 'a', operation: 'maintenance-on', confirm: false },
    { atMs: 3_000, kind: 'operator', node: 'b', operation: 'maintenance-on', confirm: false },
    { atMs: 4_000, kind: 'resource-fails', node: 'a' },
    { atMs: 5_000, kind: 'operator', node: 'a', operation: 'maintenance-off', confirm: false },
    { atMs: 5_000, kind: 'operator', node: 'b', operation: 'maintenance-off', confirm: false },
    { atMs: 6_000, kind: 'resource-fails', node: 'a' },
  ]),
  scenario('network-lost', 'The active loses its service network: it hands over; the peer stays.', [
    { atMs: 4_000, kind: 'trouble', node: 'a', cause: 'network', forMs: 3_000 },
  ]),
  scenario(
    'manual',
    'Without an arbiter: the active dies, a person confirms the take-over.',
    [
      { atMs: 5_000, kind: 'power-off', node: 'a', forMs: 20_000 },
      { atMs: 8_000, kind: 'operator', node: 'b', operation: 'take-over', confirm: false },
      { atMs: 9_000, kind: 'operator', node: 'b', operation: 'take-over', confirm: true },
    ],
    { arbiter: 'manual', chaosMs: 11_000 },
  ),
  scenario(
    'availability-first',
    'Unsafe by choice: every link is cut, both become active, the default host keeps the address.',
    [{ atMs: 5_000, kind: 'cut-all-links', forMs: 4_000 }],
    { arbiter: 'availability-first', defaultNode: 'a', chaosMs: 12_000 },
  ),
];
