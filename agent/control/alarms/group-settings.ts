/** The group in the settings: its secrets sealed on disk, open only for the receiver process. */
import type { GroupStoreConfig } from '../../../src/contract/index.ts';
import type { GroupSettings } from '../../../src/settings/schema.ts';
import type { ReceiverConfig } from '../../alarms/protocol/schema.ts';
import type { Sealer } from '../../settings/seal.ts';
import { secretMask } from '../standby/secrets.ts';

const storeContext = (arcId: string) => `store of group ${arcId}`;
const backupContext = (arcId: string) => `backups of group ${arcId}`;

export type GroupAccount = NonNullable<ReceiverConfig['group']>;

export function sealGroup({ arcId, store, backupKey }: GroupAccount, sealer: Sealer): GroupSettings {
  const secret = secretOf(store);
  return {
    arcId,
    store: secret === null ? store : withSecret(store, secretMask),
    sealedSecret: secret === null ? null : sealer.sealText(secret, storeContext(arcId)),
    sealedBackupKey: backupKey === null ? null : sealer.sealText(backupKey, backupContext(arcId)),
  };
}

/** @throws AppError `data_loss` when the key file is another one. */
export function openGroup(group: GroupSettings | null, sealer: Sealer): GroupAccount | null {
  if (group === null) return null;
  const { arcId, store, sealedSecret, sealedBackupKey } = group;
  return {
    arcId,
    store:
      sealedSecret === null ? store : withSecret(store, sealer.openText(sealedSecret, storeContext(arcId))),
    backupKey: sealedBackupKey === null ? null : sealer.openText(sealedBackupKey, backupContext(arcId)),
  };
}

function secretOf(store: GroupStoreConfig): string | null {
  return store.kind === 'hub' ? store.key : store.password;
}

function withSecret(store: GroupStoreConfig, secret: string): GroupStoreConfig {
  return store.kind === 'hub' ? { ...store, key: secret } : { ...store, password: secret };
}
