/** What is stored for an account that is removed, taken away a little at a time: leases of other accounts wait for none of it. */
import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';

/** So many rows that a transaction takes milliseconds: an alarm weighs up to 96 KiB, a part of a backup 256 KiB. */
const rowsAtOnce = [
  ['alarm', 'account = ?', 256],
  ['alarm_seen', 'account = ?', 2_048],
  ['object_part', 'upload IN (SELECT upload FROM object WHERE account = ?)', 16],
  ['ingress_part', 'account = ?', 16],
] as const;

/** Nothing may be added for the account any more. `pause` between transactions lets others write. @throws AppError. */
export async function removeRemains(
  database: DatabaseSync,
  account: string,
  pause: () => Promise<void>,
): Promise<void> {
  for (const [table, condition, rows] of rowsAtOnce) {
    const some = database.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition} LIMIT ${rows})`,
    );
    const removeSome = () => Number(some.run(account).changes);
    while (inTransaction(database, `remove what is stored for ${account}`, removeSome) > 0) await pause();
  }
}
