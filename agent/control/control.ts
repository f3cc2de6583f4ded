/** Control as one piece: journal, accounts, recorder, status and API, wired to the adapters it is given. */
import type { Duplex } from 'node:stream';
import type { DoctorCheck } from '../../src/contract/index.ts';
import { maskAddresses } from '../../src/model/secrets.ts';
import type { Clock } from '../adapters/clock.ts';
import type { MachineFacts } from '../adapters/machine-facts.ts';
import type { Reader } from '../inspection/types.ts';
import type { Journal } from '../journal/journal.ts';
import type { Sealer } from '../settings/seal.ts';
import type { SettingsStore } from '../settings/store.ts';
import { Accounts } from './accounts/accounts.ts';
import type { Passwords } from './accounts/passwords.ts';
import { createSessions, type Sessions } from './accounts/sessions.ts';
import { createDownload } from './api/download.ts';
import { Gate } from './api/gate.ts';
import { createOpenApi, createRestHandler, createRpcHandler } from './api/handlers.ts';
import { HttpApi } from './api/http.ts';
import { createRouter } from './api/router.ts';
import { Sockets } from './api/sockets.ts';
import { doctorChecks } from './doctor/checks.ts';
import type { Folders } from './ports.ts';
import { recorderConfig } from './recorder/config.ts';
import { type RecorderProcess, Supervisor } from './recorder/supervisor.ts';
import { StatusBoard } from './status/board.ts';

export interface ControlOptions {
  settings: SettingsStore;
  journal: Journal;
  sealer: Sealer;
  passwords: Passwords;
  clock: Clock;
  reader: Reader;
  folders: Folders;
  recorder: {
    spawn: () => RecorderProcess;
    connect: () => Promise<Duplex>;
    killPid: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void;
    isAlive: (pid: number) => boolean;
  };
  machineFacts: () => Promise<MachineFacts>;
  freeBytes: () => Promise<number | null>;
  dataDir: string;
  version: string;
  platform: string;
  osUser: string;
  certificate: { fingerprint: string; expiresAtMs: number } | null;
  /** Told of defects; secrets never reach it. */
  onUnexpected: (thrown: unknown, where: string) => void;
}

export interface Control {
  accounts: Accounts;
  sessions: Sessions;
  supervisor: Supervisor;
  http: HttpApi;
  sockets: Sockets;
  /** Where the network port listens, once it does. */
  setListen(address: string): void;
  start(): void;
  /** Ends open sockets and timers; the recorder is the caller's to stop. */
  close(): void;
}

const housekeepingMs = 30_000;

export function createControl(options: ControlOptions): Control {
  const { settings, journal, sealer, passwords, clock, reader, folders, version, certificate } = options;
  const sessions = createSessions({
    clock,
    idleTimeoutMs: () => settings.current().api.sessionIdleTimeoutMs,
  });
  const accounts = new Accounts({ settings, sessions, passwords, clock });
  let listen: string | null = null;
  let dataFolderFreeBytes: number | null = null;

  const supervisor = new Supervisor({
    clock,
    ...options.recorder,
    config: (startReason) =>
      recorderConfig({
        settings: settings.current(),
        sealer,
        dataDir: options.dataDir,
        startReason,
        onUnopened: (cameraId, error) => options.onUnexpected(error, `credentials of camera ${cameraId}`),
      }),
    onEvent: ({ timeMs, level, event, subject, text }) => {
      journal.append({ type: 'event', timeMs, level, event, subject, text: maskAddresses(text) });
      board.changed();
    },
    onChange: () => board.changed(),
  });
  const board: StatusBoard = new StatusBoard({
    settings,
    journal,
    recorder: supervisor,
    clock,
    version,
    platform: options.platform,
    fingerprint: certificate?.fingerprint ?? null,
    certificateExpiresAtMs: certificate?.expiresAtMs ?? null,
    listen: () => listen,
    dataFolderFreeBytes: () => dataFolderFreeBytes,
  });
  settings.onChange(() => board.changed());

  const doctor = async (): Promise<DoctorCheck[]> =>
    doctorChecks({
      machine: await options.machineFacts(),
      status: board.build(),
      certificateExpiresAtMs: certificate?.expiresAtMs ?? null,
    });
  const gate = new Gate({
    accounts,
    sessions,
    journal,
    osUser: options.osUser,
    onUnexpected: options.onUnexpected,
  });
  const router = createRouter({
    settings,
    accounts,
    sessions,
    journal,
    recorder: supervisor,
    sealer,
    folders,
    reader,
    board,
    clock,
    version,
    doctor,
  });

  const housekeeping = () => {
    sessions.sweep();
    void options.freeBytes().then((bytes) => {
      dataFolderFreeBytes = bytes;
    });
    cancelHousekeeping = clock.after(housekeepingMs, housekeeping);
  };
  let cancelHousekeeping = () => {};

  const sockets = new Sockets({
    handler: createRpcHandler(router, gate),
    clock,
    isIdentified: (connection) => gate.isIdentified(connection),
  });
  return {
    accounts,
    sessions,
    supervisor,
    sockets,
    http: new HttpApi({
      rest: createRestHandler(router, gate),
      gate,
      openApi: createOpenApi(version),
      download: createDownload({ reader, sessions }),
      healthy: () => board.health() === 'running',
      onUnexpected: options.onUnexpected,
    }),
    setListen: (address) => {
      listen = address;
    },
    start: () => {
      housekeeping();
      supervisor.start();
    },
    close: () => {
      cancelHousekeeping();
      sockets.close();
    },
  };
}
