/** Accounts of a hub: each has a key that is shown once and kept as a hash; a wrong one costs the same time as an unknown name. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import { removeRemains } from './account-remains.ts';
import { inTransaction } from './database.ts';
import { accountNameSchema } from './protocol/schema.ts';

/** The key of one that is being removed is empty. */
export const isInUse = 'length(key_hash) > 0';
const accountsMax = 256;
const keyBytes = 32;

export interface HubAccount {
  name: string;
  createdMs: number;
  registers: number;
}

export interface HubAccounts {
  /** Returns the key; it is kept nowhere. @throws AppError `conflict`, `invalid_input`. */
  add(name: string, nowMs: number): string;
  /** Without those that are being removed. */
  list(): HubAccount[];
  /**
   * With what is stored for it. The key is void at once; the rest goes a little at a time, with a `pause` in between. One
   * that was broken off is done again. Rejects with AppError `not_found`; `conflict` when something is stored, unless `force`.
   */
  remove(name: string, force: boolean, pause: () => Promise<void>): Promise<void>;
  verify(name: string, key: string): boolean;
  exists(name: string): boolean;
}

const hashRow = z.object({ key_hash: z.instanceof(Uint8Array) });
const listRow = z.object({ name: z.string(), created_ms: z.number(), registers: z.number() });

export function openAccounts(database: DatabaseSync): HubAccounts {
  const taken = database.prepare('SELECT name FROM account WHERE name = ?');
  const find = database.prepare(`SELECT key_hash FROM account WHERE name = ? AND ${isInUse}`);
  const nobody = randomBytes(keyBytes);
  const list = () =>
    database
      .prepare(
        `SELECT name, created_ms, (SELECT count(*) FROM register WHERE account = account.name) AS registers
         FROM account WHERE ${isInUse} ORDER BY name`,
      )
      .all()
      .map((row) => listRow.parse(row))
      .map((row) => ({ name: row.name, createdMs: row.created_ms, registers: row.registers }));
  return {
    add(given, nowMs) {
      const name = checkedName(given);
      const key = randomBytes(keyBytes).toString('base64url');
      inTransaction(database, `add the account ${name}`, () => {
        if (taken.get(name) !== undefined) {
          throw new AppError('conflict', `there is an account ${name} already`, {
            hint: 'Choose another name, or remove it first for a new key.',
          });
        }
        if (list().length >= accountsMax) {
          throw new AppError('conflict', `a hub has at most ${accountsMax} accounts`, {
            hint: 'Remove one that is not used any more.',
          });
        }
        database.prepare('INSERT INTO account VALUES (?, ?, ?)').run(name, hashOf(key), nowMs);
      });
      return key;
    },
    list,
    async remove(name, force, pause) {
      inTransaction(database, `remove the account ${name}`, () => {
        if (taken.get(name) === undefined) {
          throw new AppError('not_found', `there is no account ${name}`, { hint: 'See hub account list.' });
        }
        const stored = list().find((account) => account.name === name)?.registers ?? 0;
        if (stored > 0 && !force) {
          throw new AppError(
            'conflict',
            `${name} has ${plural(stored, 'register')}: leases of pairs, or a receiver group`,
            {
              hint: 'Bring the pairs out that use it and disable the group, then add --force: alarms and backups go with it.',
            },
          );
        }
        database.prepare("UPDATE account SET key_hash = x'' WHERE name = ?").run(name);
      });
      await removeRemains(database, name, pause);
      inTransaction(database, `remove the account ${name}`, () => {
        database.prepare('DELETE FROM account WHERE name = ?').run(name);
      });
    },
    verify(name, key) {
      const row = find.get(name);
      const hash = row === undefined ? nobody : hashRow.parse(row).key_hash;
      return timingSafeEqual(hashOf(key), hash) && row !== undefined;
    },
    exists: (name) => find.get(name) !== undefined,
  };
}

/** Plain SHA-256: the key has 256 random bits, so nothing can be guessed that a slow hash would protect. */
function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function checkedName(name: string): string {
  const parsed = accountNameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new AppError('invalid_input', `not a name for an account: ${name.slice(0, 80)}`, {
    hint: 'Use lower-case letters, digits and dashes, at most 64 characters.',
  });
}
