import { Memory } from 'lowdb';
import { beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../../../agent/control/accounts/accounts.ts';
import { createPasswords, type Passwords } from '../../../../agent/control/accounts/passwords.ts';
import { createSessions, type Sessions } from '../../../../agent/control/accounts/sessions.ts';
import { initialSettings } from '../../../../agent/settings/initial.ts';
import { openSettings, type SettingsStore } from '../../../../agent/settings/store.ts';
import { FakeClock } from '../fake-clock.ts';

const idleMs = 1_800_000;
let clock: FakeClock;
let settings: SettingsStore;
let sessions: Sessions;
let accounts: Accounts;
let verified: (string | null)[];
/** What happens to the accounts while a password is being checked. */
let meanwhile: () => Promise<unknown>;
let oneTimePassword: string;

beforeEach(async () => {
  clock = new FakeClock();
  settings = await openSettings({
    adapter: new Memory<unknown>(),
    initial: () => initialSettings({ nodeId: 'n', nodeName: 'n', timeZone: 'UTC', nowMs: 1 }),
  });
  verified = [];
  meanwhile = async () => {};
  const real = createPasswords({ cost: 16 });
  const passwords: Passwords = {
    hash: real.hash,
    verify: async (password, hash) => {
      verified.push(hash);
      const during = meanwhile;
      meanwhile = async () => {};
      await during();
      return real.verify(password, hash);
    },
  };
  sessions = createSessions({ clock, idleTimeoutMs: () => idleMs });
  accounts = new Accounts({ settings, sessions, passwords, clock });
  ({ oneTimePassword } = await accounts.add('admin', 'admin'));
});

const guess = (name = 'admin', address = '10.0.0.1') => accounts.login(name, 'wrong-guess-1', address);
const refused = async (attempt: Promise<unknown>) =>
  attempt.then(
    () => null,
    (error) => error,
  );

describe('log-in', () => {
  it('gives a session for the right password, and the first must be changed', async () => {
    const { session, token, user } = await accounts.login('admin', oneTimePassword, '10.0.0.1');
    expect(user.mustChangePassword).toBe(true);
    expect(sessions.find(token)).toBe(session);
    expect(accounts.find('admin')?.lastLoginAtMs).toBe(clock.nowMs());
  });

  it('keeps neither password nor token readable', async () => {
    const { token } = await accounts.login('admin', oneTimePassword, '10.0.0.1');
    const kept = JSON.stringify([settings.current(), sessions.list()]);
    expect(kept).not.toContain(oneTimePassword);
    expect(kept).not.toContain(token);
  });

  it('tells wrong name, wrong password and disabled account apart by nothing, not even by work', async () => {
    await accounts.add('second', 'admin');
    const second = await accounts.resetPassword('second');
    await accounts.edit('second', { disabled: true });
    verified = [];
    const failures = [
      await refused(guess()),
      await refused(guess('nobody')),
      await refused(accounts.login('second', second, '10.0.0.1')),
    ];
    expect(new Set(failures.map((error) => `${error.code} ${error.message} ${error.hint}`)).size).toBe(1);
    expect(verified).toHaveLength(3);
    expect(verified[1]).toBeNull();
  });

  it('locks known and unknown names alike, also for the right password, and opens again by itself', async () => {
    for (const name of ['admin', 'nobody']) {
      for (let count = 0; count < 5; count += 1) await refused(guess(name, `10.0.0.${count}`));
      const error = await refused(guess(name, '10.0.0.99'));
      expect(error).toMatchObject({ code: 'unauthorized', details: { retryAfterMs: 30_000 } });
    }
    expect(accounts.list()[0]?.lockedUntilMs).toBe(clock.nowMs() + 30_000);
    expect(await refused(accounts.login('admin', oneTimePassword, '10.0.0.98'))).toMatchObject({
      code: 'unauthorized',
    });
    clock.advance(30_000);
    expect((await accounts.login('admin', oneTimePassword, '10.0.0.98')).user.name).toBe('admin');
  });

  it('locks an address that tries many names', async () => {
    for (let count = 0; count < 20; count += 1) await refused(guess(`user-${count}`));
    expect(await refused(guess('another'))).toMatchObject({ details: { retryAfterMs: 30_000 } });
    expect((await refused(guess('another', '10.0.0.2'))).details).toBeUndefined();
  });

  it('does not let guesses sent side by side past the lock', async () => {
    const attempts = await Promise.all(Array.from({ length: 12 }, () => refused(guess())));
    expect(
      attempts.filter((error) => error.details?.retryAfterMs !== undefined).length,
    ).toBeGreaterThanOrEqual(7);
  });

  it.each([
    ['is changed', () => accounts.resetPassword('admin')],
    ['is disabled', () => accounts.edit('admin', { disabled: true })],
    ['is removed', () => accounts.remove('admin')],
    ['is removed and made anew', () => accounts.remove('admin').then(() => accounts.add('admin', 'admin'))],
  ])('opens nothing for an account that %s while its old password is being checked', async (_, change) => {
    await accounts.add('second', 'admin');
    meanwhile = change;
    expect(await refused(accounts.login('admin', oneTimePassword, '10.0.0.1'))).toMatchObject({
      code: 'unauthorized',
    });
    expect(sessions.list()).toEqual([]);
  });
});

describe('passwords', () => {
  it('are not guessed past the lock by changes sent side by side', async () => {
    const change = () =>
      accounts.changePassword({ name: 'admin', current: 'guess', next: 'horse-battery-1', address: 'a' });
    const attempts = await Promise.all(Array.from({ length: 12 }, () => refused(change())));
    expect(
      attempts.filter((error) => error.details?.retryAfterMs !== undefined).length,
    ).toBeGreaterThanOrEqual(7);
  });

  it('set by an administrator stay when the old one was being changed at the same time', async () => {
    const change = { name: 'admin', current: oneTimePassword, next: 'horse-battery-1', address: 'a' };
    let reset = '';
    meanwhile = async () => {
      reset = await accounts.resetPassword('admin');
    };
    expect(await refused(accounts.changePassword(change))).toMatchObject({ code: 'conflict' });
    expect((await accounts.login('admin', reset, 'a')).user.name).toBe('admin');
  });

  it('of the last five changes are refused, older ones are not', async () => {
    const change = (next: string) =>
      accounts.changePassword({ name: 'admin', current: null, next, address: 'local' });
    for (let number = 1; number <= 6; number += 1) await change(`horse-battery-${number}`);
    for (const number of [2, 3, 4, 5, 6]) {
      expect(await refused(change(`horse-battery-${number}`)), String(number)).toMatchObject({
        code: 'invalid_input',
      });
    }
    await change('horse-battery-1');
  });

  it('given once are strong and never alike', async () => {
    const seen = new Set<string>();
    for (let count = 0; count < 50; count += 1) seen.add(await accounts.resetPassword('admin'));
    expect(seen.size).toBe(50);
    for (const password of seen)
      expect(password).toMatch(/^[A-HJ-NP-Za-km-z2-9]{4}(-[A-HJ-NP-Za-km-z2-9]{4}){3}$/);
  });
});

describe('sessions', () => {
  it('end after half an hour without a call', async () => {
    const { token } = await accounts.login('admin', oneTimePassword, 'a');
    clock.advance(idleMs - 1);
    expect(sessions.find(token)).not.toBeNull();
    clock.advance(idleMs);
    expect(sessions.find(token)).toBeNull();
  });

  it('stay while a stream is open, and tell when they end', async () => {
    const { session, token } = await accounts.login('admin', oneTimePassword, 'a');
    const release = sessions.hold(session);
    clock.advance(10 * idleMs);
    sessions.sweep();
    expect(sessions.find(token)).toBe(session);
    release();
    release();
    clock.advance(idleMs);
    sessions.sweep();
    expect(session.ended.signal.aborted).toBe(true);
  });

  it('of one user are bounded: the one idle longest makes room', async () => {
    const opened = [];
    for (let count = 0; count < 21; count += 1) {
      clock.advance(1_000);
      opened.push(await accounts.login('admin', oneTimePassword, 'a'));
    }
    expect(opened[0]?.session.ended.signal.aborted).toBe(true);
    expect(opened[1]?.session.ended.signal.aborted).toBe(false);
    expect(sessions.list()).toHaveLength(20);
  });
});
