/** Everything that the handlers work with, made once in the composition root. */
import type { DoctorCheck } from '../../src/contract/index.ts';
import type { Clock } from '../adapters/clock.ts';
import type { Reader } from '../inspection/types.ts';
import type { Journal } from '../journal/journal.ts';
import type { Sealer } from '../settings/seal.ts';
import type { SettingsStore } from '../settings/store.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { Sessions } from './accounts/sessions.ts';
import type { Receivers } from './alarms/receivers.ts';
import type { Folders } from './ports.ts';
import type { RecorderCall, RecorderReply } from './recorder/supervisor.ts';
import type { PairOperations } from './standby/operations.ts';
import type { Preflight } from './standby/preflight.ts';
import type { Standby } from './standby/standby.ts';
import type { StatusBoard } from './status/board.ts';

/** The recorder as handlers see it. */
export interface RecorderPort {
  /** Sends the present settings and waits until they are taken. */
  configure(): Promise<void>;
  request(call: RecorderCall): Promise<RecorderReply>;
}

export interface Services {
  settings: SettingsStore;
  accounts: Accounts;
  sessions: Sessions;
  journal: Journal;
  recorder: RecorderPort;
  sealer: Sealer;
  folders: Folders;
  reader: Reader;
  board: StatusBoard;
  clock: Clock;
  dataDir: string;
  version: string;
  doctor: () => Promise<DoctorCheck[]>;
  standby: Standby;
  pairOperations: PairOperations;
  preflight: Preflight;
  receivers: Receivers;
}
