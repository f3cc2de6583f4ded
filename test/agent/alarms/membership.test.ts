/** A receiver joins one group at a time. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../agent/adapters/clock.ts';
import { Membership, type MembershipOptions } from '../../../agent/alarms/membership.ts';
import { createSupervision } from '../../../agent/alarms/supervision/supervision.ts';

it('a second wish to join, while the first is under way, is refused and leaves it alone', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-membership-'));
  const did: string[] = [];
  const forwarding = {
    rest: async () => void did.push('rest'),
    workAlone: () => void did.push('alone'),
  } as Partial<MembershipOptions['forwarding']> as MembershipOptions['forwarding'];
  const options: Pick<
    MembershipOptions,
    'clock' | 'dataDir' | 'forwarding' | 'supervision' | 'tell' | 'onChange'
  > = {
    clock: systemClock,
    dataDir,
    forwarding,
    supervision: createSupervision({
      clock: systemClock,
      takenBy: 'a',
      take: async () => {},
      onEvent: () => {},
    }),
    tell: () => {},
    onChange: () => {},
  };
  const membership = new Membership(options as MembershipOptions);
  const store = { kind: 'hub', url: '127.0.0.1:1', account: 'site', key: 'k', fingerprint: 'AB'.repeat(32) };
  const wish = { store, arcId: 'site', backupKey: null, replaceOwn: false } as Parameters<
    Membership['connect']
  >[0];
  const first = membership.connect(wish);
  await expect(membership.connect(wish)).rejects.toMatchObject({ code: 'conflict' });
  await expect(first).rejects.toMatchObject({ code: 'unavailable' });
  expect(did).toEqual(['rest', 'alone']);
  rmSync(dataDir, { recursive: true, force: true });
});
