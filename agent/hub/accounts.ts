/** Accounts of a hub: each has a key that is shown once and kept as a hash; a wrong one costs the same time as an unknown name. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AppError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import { inTransaction } from './database.ts';
import { accountNameSchema } from './protocol/schema.ts';

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
  list(): HubAccount[];
  /** With what is stored for it. @throws AppError `not_found`; `conflict` when something is, unless `force`. */
  remove(name: string, force: boolean): void;
  verify(name: string, key: string): boolean;
  exists(name: string): boolean;
}

const hashRow = z.object({ key_hash: z.instanceof(Uint8Array) });
const listRow = z.object({ name: z.string(), created_ms: z.number(), registers: z.number() });

export function openAccounts(database: DatabaseSync): HubAccounts {
  const find = database.prepare('SELECT key_hash FROM account WHERE name = ?');
  const nobody = randomBytes(keyBytes);
  const list = () =>
    database
      .prepare(
        `SELECT name, created_ms, (SELECT count(*) FROM register WHERE account = account.name) AS registers
         FROM account ORDER BY name`,
      )
      .all()
      .map((row) => listRow.parse(row))
      .map((row) => ({ name: row.name, createdMs: row.created_ms, registers: row.registers }));
  return {
    add(given, nowMs) {
      const name = checkedName(given);
      const key = randomBytes(keyBytes).toString('base64url');
      inTransaction(database, `add the account ${name}`, () => {
        if (find.get(name) !== undefined) {
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
    remove(name, force) {
      inTransaction(database, `remove the account ${name}`, () => {
        const found = list().find((account) => account.name === name);
        if (!found) {
          throw new AppError('not_found', `there is no account ${name}`, { hint: 'See hub account list.' });
        }
        if (found.registers > 0 && !force) {
          throw new AppError(
            'conflict',
            `${name} has ${plural(found.registers, 'register')}: leases of pairs, or a receiver group`,
            {
              hint: 'Bring the pairs out that use it and disable the group, then add --force: alarms and backups go with it.',
            },
          );
        }
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
