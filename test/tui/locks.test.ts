/** Locking from the inspection page: the form, the marks, the list, and unlocking with the lock's name typed. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/contract/index.ts';
import { AppError } from '../../src/errors.ts';
import { localToUtc } from '../../tui/pages/inspection/local-time.ts';
import { lockedWords, locksIn } from '../../tui/pages/inspection/locked.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { openConsole, type TestConsole, type TestConsoleOptions, utf8 } from '../support/terminal-console.ts';

const zone = 'Europe/Berlin';
const utc = (text: string) => Date.parse(`2026-11-20T${text}Z`);
const lock: Lock = {
  id: 'lock-3',
  cameraId: 'c2',
  cameraName: 'Gate north',
  fromMs: utc('12:05:00'),
  toMs: utc('12:20:00'),
  note: 'case 2217',
  createdBy: 'ada',
  createdAtMs: utc('12:30:00'),
  expiresAtMs: null,
  blocks: 3,
  bytes: 3 * 64 * 2 ** 20,
};

const opened: TestConsole[] = [];
async function open(options: TestConsoleOptions & { locks?: Lock[] } = {}): Promise<TestConsole> {
  const agent = new FakeAgent();
  agent.locks = options.locks ?? [];
  const screen = await openConsole({ agent, ...options });
  opened.push(screen);
  return screen;
}

afterEach(async () => {
  for (const screen of opened.splice(0)) await screen.stop();
});

describe('L', () => {
  it('on an hour offers the hour as far as it has come, and locks it with the note', async () => {
    const screen = await open();
    await screen.press('4', 'L');
    expect(screen.text).toContain('From');
    expect(screen.text).toMatch(/2026-11-20 \d\d:00:00/);
    await screen.press('tab', 'tab');
    await screen.type('case 2217');
    await screen.press('tab', 'tab', 'enter');
    const [call] = screen.agent.calls;
    expect(call?.[0]).toBe('lock.add');
    expect(call?.[1]).toMatchObject({ note: 'case 2217' });
    expect(screen.text).toContain('Locked as lock-1: 3 blocks, 201 MB.');
    const at = screen.agent.locks[0];
    expect((at?.fromMs ?? 1) % 3_600_000).toBe(0);
    expect(screen.agent.locks[0]?.toMs).toBeLessThanOrEqual(screen.nowMs);
  });

  it('on a minute offers the minute', async () => {
    const screen = await open();
    await screen.press('4', 'left', 'enter', 'L', 'tab', 'tab', 'tab', 'tab', 'enter');
    const at = screen.agent.locks[0];
    expect((at?.toMs ?? 0) - (at?.fromMs ?? 0)).toBe(60_000);
    await screen.press('esc');
  });

  it('takes times typed in the zone of the node, and refuses what is none', async () => {
    const screen = await open();
    await screen.press('4', 'L', 'ctrl-u');
    await screen.type('25:99');
    await screen.press('tab', 'tab', 'tab', 'tab', 'enter');
    expect(screen.text).toContain('write it as YYYY-MM-DD HH:MM:SS');
    expect(screen.agent.calls).toEqual([]);
    await screen.press('ctrl-u');
    await screen.type('2026-11-20 13:05');
    await screen.press('tab', 'ctrl-u');
    await screen.type('13:20:30');
    await screen.press('tab', 'tab');
    await screen.type('2026-11-01');
    await screen.press('tab', 'enter');
    expect(screen.text).toContain('a day that has not ended');
    await screen.press('ctrl-u');
    await screen.type('2026-12-31');
    await screen.press('tab', 'enter');
    expect(screen.agent.locks[0]).toMatchObject({
      fromMs: utc('12:05:00'),
      toMs: utc('12:20:30'),
      expiresAtMs: Date.parse('2026-12-31T23:00:00Z'),
    });
  });

  it('shows why the node refuses, and keeps what was typed', async () => {
    const screen = await open();
    screen.agent.refuse = new AppError('disk_full', 'at most 20 % may be locked', { hint: 'Lock less.' });
    await screen.press('4', 'L', 'tab', 'tab');
    await screen.type('why');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.text).toContain('at most 20 % may be locked');
    expect(screen.text).toContain('why');
  });

  it('does nothing on a console that only shows', async () => {
    const screen = await open({ readOnly: true });
    await screen.press('4', 'L');
    expect(screen.text).toContain('--read-only');
    expect(screen.agent.calls).toEqual([]);
  });
});

describe('U', () => {
  it('lists what is locked; unlocking wants the name typed and defaults to Cancel', async () => {
    const screen = await open({ locks: [lock] });
    await screen.press('4', 'U');
    expect(screen.text).toContain('case 2217');
    await screen.press('enter', 'enter', 'enter');
    expect(screen.text).not.toContain('Unlock lock-3');
    await screen.press('enter', 'tab', 'tab', 'enter');
    expect(screen.text).toContain('The name does not match. Nothing was done.');
    expect(screen.agent.calls).toEqual([]);
    await screen.press('esc', 'enter');
    await screen.type('lock-3');
    await screen.press('tab', 'tab', 'enter');
    expect(screen.agent.calls).toEqual([['lock.remove', { id: 'lock-3' }]]);
    expect(screen.text).toContain('Nothing is locked.');
    await screen.press('esc');
    expect(screen.text).toContain('lock-3 is removed.');
  });
});

describe('what is locked', () => {
  const looks = [
    { name: 'default', environment: utf8, options: {} },
    { name: 'mono', environment: { ...utf8, NO_COLOR: '1' }, options: {} },
    { name: 'ascii', environment: utf8, options: { ascii: true } },
  ] as const;
  for (const look of looks) {
    it(`is marked, told and listed at 80x24 as approved, ${look.name}`, async () => {
      const screen = await open({ locks: [lock], environment: look.environment, ...look.options });
      const steps: [string, string[]][] = [
        ['locked-day', ['4', 'down', '0', ...new Array<string>(13).fill('right')]],
        ['locked-hour', ['enter']],
        ['lock-form', ['L']],
        ['lock-list', ['esc', 'U']],
        ['lock-unlock', ['enter']],
      ];
      for (const [name, keys] of steps) {
        await screen.press(...keys);
        const golden = `${screen.text}\n${'~'.repeat(20)}\n${screen.terminal.looks().join('\n')}\n`;
        const file = `../../fixtures/screens/inspection-${name}-80x24-${look.name}.txt`;
        await expect(golden).toMatchFileSnapshot(file);
      }
    });
  }

  it('is what touches the stretch, ends excluded, of that camera alone', () => {
    const at = (cameraId: string, from: string, to: string) =>
      locksIn([lock], { cameraId, fromMs: utc(from), toMs: utc(to) }).length;
    expect([at('c2', '12:00:00', '13:00:00'), at('c2', '12:20:00', '13:00:00')]).toEqual([1, 0]);
    expect([at('c2', '11:00:00', '12:05:00'), at('c1', '12:00:00', '13:00:00')]).toEqual([0, 0]);
    expect(lockedWords([lock, lock], zone)).toBe('locked 13:05:00 - 13:20:00 lock-3 (case 2217) and 1 more');
    expect(lockedWords([{ ...lock, note: '', toMs: utc('23:30:00') }], zone)).toBe(
      'locked 2026-11-20 13:05:00 - 2026-11-21 00:30:00 lock-3',
    );
  });
});

describe('a time typed in a form', () => {
  it.each([
    ['2026-11-20 14:30:05', utc('13:30:05')],
    ['2026-11-20T14:30', utc('13:30:00')],
    ['14:30', utc('13:30:00')],
    ['24:00', null],
    ['2026-02-30 10:00', null],
    ['noon', null],
    ['', null],
  ])('%j', (text, wanted) => {
    expect(localToUtc(text, '2026-11-20', zone)).toBe(wanted);
  });

  it('in an hour that the clocks skip is none, in one that they repeat the first', () => {
    expect(localToUtc('2026-03-29 02:30', '2026-11-20', zone)).toBeNull();
    expect(localToUtc('2026-10-25 02:30', '2026-11-20', zone)).toBe(Date.parse('2026-10-25T00:30:00Z'));
  });
});
