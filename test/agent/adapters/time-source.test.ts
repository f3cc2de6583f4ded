import { describe, expect, it } from 'vitest';
import { findTimeSource } from '../../../agent/adapters/time-source.ts';

/** A machine with these programs at work, whose tools print this. */
const machine = (
  programs: readonly string[],
  answers: Record<string, string> = {},
  files: string[] = [],
) => ({
  programs: async () => new Set(['systemd', 'sshd', ...programs]),
  exists: async (path: string) => files.includes(path),
  ask: async (program: string) => answers[program] ?? null,
});

const chronyc = (leap: string) =>
  `A29FC87B,time.example.org,4,1763633000.123456789,0.000012,0.0001,0.0002,-12.3,0.001,0.02,0.01,0.002,64.4,${leap}\n`;

describe('the time source', () => {
  it.each([
    ['chrony that follows', ['chronyd'], { chronyc: chronyc('Normal') }, [], 'chrony', true],
    ['chrony before a leap second', ['chronyd'], { chronyc: chronyc('Insert second') }, [], 'chrony', true],
    ['chrony that does not', ['chronyd'], { chronyc: chronyc('Not synchronised') }, [], 'chrony', false],
    ['chrony that may not be asked', ['chronyd'], {}, [], 'chrony', null],
    [
      'ntpd that follows',
      ['ntpd'],
      { ntpq: 'associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,\nversion="ntpd"\n' },
      [],
      'ntpd',
      true,
    ],
    [
      'ntpd that does not',
      ['ntpd'],
      { ntpq: 'associd=0 status=c016 leap_alarm, sync_unspec, 1 event, restart,\n' },
      [],
      'ntpd',
      false,
    ],
    [
      'timesyncd that follows',
      ['systemd-timesyn'],
      {},
      ['/run/systemd/timesync/synchronized'],
      'systemd-timesyncd',
      true,
    ],
    ['timesyncd that does not', ['systemd-timesyn'], {}, [], 'systemd-timesyncd', false],
    ['a daemon unknown to us', ['ptp4l'], { timedatectl: 'yes\n' }, [], null, true],
    ['nothing', [], { timedatectl: 'no\n' }, [], null, false],
    ['a machine that tells nothing', [], {}, [], null, null],
  ])('is told for %s', async (_, programs, answers, files, daemon, synchronized) => {
    expect(await findTimeSource(machine(programs, answers, files))).toEqual({ daemon, synchronized });
  });

  it('is found on this machine without fail', async () => {
    expect(Object.keys(await findTimeSource())).toEqual(['daemon', 'synchronized']);
  });
});
