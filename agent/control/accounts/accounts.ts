/** Accounts: log-in with lock-out, password change under the policy, and the rules that keep one administrator able to get in. */
import type { Role, User } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import {
  describePasswordProblem,
  passwordHistory,
  passwordProblems,
} from '../../../src/model/password-policy.ts';
import type { Settings, UserSettings } from '../../../src/settings/schema.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { SettingsStore } from '../../settings/store.ts';
import {
  accountPolicy,
  addressPolicy,
  type LockoutState,
  lockedForMs,
  recordFailure,
  recordSuccess,
} from './lockout/machine.ts';
import { createOneTimePassword, type Passwords } from './passwords.ts';
import type { Session, Sessions } from './sessions.ts';

export interface AccountsOptions {
  settings: SettingsStore;
  sessions: Sessions;
  passwords: Passwords;
  clock: Clock;
}

export class Accounts {
  readonly #settings: SettingsStore;
  readonly #sessions: Sessions;
  readonly #passwords: Passwords;
  readonly #clock: Clock;
  #accountLocks: LockoutState = new Map();
  #addressLocks: LockoutState = new Map();

  constructor(options: AccountsOptions) {
    this.#settings = options.settings;
    this.#sessions = options.sessions;
    this.#passwords = options.passwords;
    this.#clock = options.clock;
  }

  find(name: string): UserSettings | null {
    return this.#settings.current().users.find((user) => user.name === name) ?? null;
  }

  /** @throws AppError `unauthorized`, in the same words and time for a wrong name, password, or a disabled account. */
  async login(
    name: string,
    password: string,
    address: string,
  ): Promise<{ session: Session; token: string; user: UserSettings }> {
    this.#refuseLocked(name, address);
    const user = this.find(name);
    const matches = await this.#passwords.verify(password, user?.passwordHash ?? null);
    // Guesses sent side by side all passed the first look: the lock holds for them too.
    this.#refuseLocked(name, address);
    if (!user || !matches || !this.#stillHolds(user)) {
      this.#recordFailure(name, address);
      throw new AppError('unauthorized', 'wrong user name or password', {
        hint: 'Try again; a lost password is reset by an administrator, or on the node itself: holdfast password change.',
      });
    }
    this.#accountLocks = recordSuccess(this.#accountLocks, name);
    const opened = this.#sessions.open(name, address);
    await this.#settings.update((draft) => {
      editUser(draft, name).lastLoginAtMs = this.#clock.nowMs();
    });
    return { ...opened, user };
  }

  /** `current` null: the local console, which need not know the old password. Ends the account's other sessions. */
  async changePassword(change: {
    name: string;
    current: string | null;
    next: string;
    address: string;
    sessionId?: string;
  }): Promise<void> {
    const user = this.#existing(change.name);
    if (change.current !== null) await this.#confirm(user, change.current, change.address);
    const usedBefore = await this.#wasUsed(user, change.next);
    const problems = passwordProblems({ password: change.next, userName: user.name, usedBefore });
    if (problems.length > 0) {
      throw new AppError(
        'invalid_input',
        `the password is refused: ${problems.map(describePasswordProblem).join('; ')}`,
        {
          hint: 'Choose another password.',
          details: { field: 'next', problems },
        },
      );
    }
    await this.#store(user.name, change.next, false, user.passwordHash);
    this.#accountLocks = recordSuccess(this.#accountLocks, user.name);
    this.#sessions.endAll(user.name, change.sessionId);
  }

  async add(name: string, role: Role): Promise<{ user: User; oneTimePassword: string }> {
    const oneTimePassword = createOneTimePassword();
    const passwordHash = await this.#passwords.hash(oneTimePassword);
    await this.#settings.update((draft) => {
      if (draft.users.some((user) => user.name === name)) {
        throw new AppError('conflict', `there is a user ${name} already`, { hint: 'Choose another name.' });
      }
      draft.users.push({
        name,
        role,
        passwordHash,
        previousHashes: [],
        mustChangePassword: true,
        disabled: false,
        createdAtMs: this.#clock.nowMs(),
        lastLoginAtMs: null,
      });
    });
    return { user: this.view(this.#existing(name)), oneTimePassword };
  }

  async edit(
    name: string,
    change: { role?: Role | undefined; disabled?: boolean | undefined },
  ): Promise<User> {
    await this.#settings.update((draft) => {
      const user = editUser(draft, name);
      if (change.role !== undefined) user.role = change.role;
      if (change.disabled !== undefined) user.disabled = change.disabled;
      requireAdministrator(draft);
    });
    if (change.disabled || change.role !== undefined) this.#sessions.endAll(name);
    return this.view(this.#existing(name));
  }

  /** A new one-time password; all sessions of the account end. */
  async resetPassword(name: string): Promise<string> {
    this.#existing(name);
    const oneTimePassword = createOneTimePassword();
    await this.#store(name, oneTimePassword, true);
    this.#accountLocks = recordSuccess(this.#accountLocks, name);
    this.#sessions.endAll(name);
    return oneTimePassword;
  }

  async remove(name: string): Promise<void> {
    this.#existing(name);
    await this.#settings.update((draft) => {
      draft.users = draft.users.filter((user) => user.name !== name);
      requireAdministrator(draft);
    });
    this.#sessions.endAll(name);
  }

  list(): User[] {
    return this.#settings.current().users.map((user) => this.view(user));
  }

  view(user: UserSettings): User {
    const { name, role, disabled, mustChangePassword, createdAtMs, lastLoginAtMs } = user;
    const lockedMs = lockedForMs(this.#accountLocks, name, this.#clock.monotonicMs());
    const lockedUntilMs = lockedMs > 0 ? Math.round(this.#clock.nowMs() + lockedMs) : null;
    return { name, role, disabled, mustChangePassword, createdAtMs, lastLoginAtMs, lockedUntilMs };
  }

  async #confirm(user: UserSettings, password: string, address: string): Promise<void> {
    this.#refuseLocked(user.name, address);
    const matches = await this.#passwords.verify(password, user.passwordHash);
    this.#refuseLocked(user.name, address);
    if (matches) return;
    this.#recordFailure(user.name, address);
    throw new AppError('invalid_input', 'the current password is wrong', {
      hint: 'Type the password that you logged in with.',
      details: { field: 'current' },
    });
  }

  async #wasUsed(user: UserSettings, password: string): Promise<boolean> {
    for (const hash of [user.passwordHash, ...user.previousHashes].slice(0, passwordHistory)) {
      if (await this.#passwords.verify(password, hash)) return true;
    }
    return false;
  }

  /** Checking takes a while: a password that was changed, or an account disabled, meanwhile opens nothing any more. */
  #stillHolds({ name, passwordHash }: UserSettings): boolean {
    const now = this.find(name);
    return now !== null && !now.disabled && now.passwordHash === passwordHash;
  }

  /** `replaces`: the hash that the change was allowed against. @throws AppError `conflict` when it is another by now. */
  async #store(
    name: string,
    password: string,
    mustChangePassword: boolean,
    replaces?: string,
  ): Promise<void> {
    const passwordHash = await this.#passwords.hash(password);
    await this.#settings.update((draft) => {
      const user = editUser(draft, name);
      if (replaces !== undefined && user.passwordHash !== replaces) {
        throw new AppError('conflict', `the password of ${name} was changed at the same time`, {
          hint: 'Log in with the new one.',
        });
      }
      user.previousHashes = [user.passwordHash, ...user.previousHashes].slice(0, passwordHistory);
      user.passwordHash = passwordHash;
      user.mustChangePassword = mustChangePassword;
    });
  }

  #existing(name: string): UserSettings {
    const user = this.find(name);
    if (user) return user;
    throw unknownUser(name);
  }

  #refuseLocked(name: string, address: string): void {
    const nowMs = this.#clock.monotonicMs();
    const waitMs = Math.max(
      lockedForMs(this.#accountLocks, name, nowMs),
      lockedForMs(this.#addressLocks, address, nowMs),
    );
    if (waitMs <= 0) return;
    const seconds = Math.ceil(waitMs / 1000);
    throw new AppError('unauthorized', `locked after too many failed log-ins, for ${seconds} s`, {
      hint: `Wait ${seconds} seconds, then try again.`,
      details: { retryAfterMs: Math.ceil(waitMs) },
    });
  }

  #recordFailure(name: string, address: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#accountLocks = recordFailure(this.#accountLocks, name, nowMs, accountPolicy);
    this.#addressLocks = recordFailure(this.#addressLocks, address, nowMs, addressPolicy);
  }
}

function editUser(draft: Settings, name: string): UserSettings {
  const user = draft.users.find((candidate) => candidate.name === name);
  if (user) return user;
  throw unknownUser(name);
}

function unknownUser(name: string): AppError {
  return new AppError('not_found', `there is no user ${name}`, { hint: 'See: holdfast user list.' });
}

function requireAdministrator(draft: Settings): void {
  if (draft.users.some((user) => user.role === 'admin' && !user.disabled)) return;
  throw new AppError('conflict', 'this is the last administrator', {
    hint: 'Make another account an administrator first.',
  });
}
