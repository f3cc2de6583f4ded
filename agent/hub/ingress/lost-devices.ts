/** Which devices the ingress has told as lost: after a restart of the hub one that comes back is still told as back. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { AlarmEvent } from '../../alarms/types.ts';
import { inTransaction } from '../database.ts';

export interface LostDevices {
  of(account: string): Pick<AlarmEvent, 'account' | 'kind' | 'format' | 'content'>[];
  /** Told of each event of supervision that the queue has. */
  note(account: string, event: AlarmEvent): void;
}

const lostRow = z.object({ device: z.string(), format: z.string() });
const content: AlarmEvent['content'] = {
  ...{ code: null, qualifier: 'new', area: null, zone: null, user: null, text: null },
};

export function openLostDevices(database: DatabaseSync): LostDevices {
  return {
    of: (account) =>
      database
        .prepare('SELECT device, format FROM ingress_lost WHERE account = ?')
        .all(account)
        .map((row) => lostRow.parse(row))
        .map(({ device, format }) => ({ account: device, kind: 'supervision', format, content })),
    note(account, { account: device, format, content: { qualifier } }) {
      inTransaction(database, 'note a lost device', () => {
        if (qualifier === 'new') {
          database
            .prepare('INSERT OR REPLACE INTO ingress_lost VALUES (?, ?, ?)')
            .run(account, device, format);
        } else {
          database.prepare('DELETE FROM ingress_lost WHERE account = ? AND device = ?').run(account, device);
        }
      });
    },
  };
}
