/** Control as one piece: journal, accounts, recorder, status and API, wired to the adapters it is given. */
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
import { Receivers } from './alarms/receivers.ts';
import { createDownload } from './api/download.ts';
import { Gate } from './api/gate.ts';
import { createOpenApi, createRestHandler, createRpcHandler } from './api/handlers.ts';
import { HttpApi } from './api/http.ts';
import { createRouter } from './api/router.ts';
import { Sockets } from './api/sockets.ts';
import { doctorChecks } from './doctor/checks.ts';
import { limited } from './limited.ts';
import type { Folders } from './ports.ts';
import { recorderConfig } from './recorder/config.ts';
import { createRecorderSupervisor, type RecorderSupervisor } from './recorder/supervisor.ts';
import { PairOperations } from './standby/operations.ts';
import { Preflight } from './standby/preflight.ts';
import { Standby, type StandbyPorts } from './standby/standby.ts';
import { StatusBoard } from './status/board.ts';
import type { ProcessPorts } from './supervision/supervisor.ts';

export interface ControlOptions {
  settings: SettingsStore;
  journal: Journal;
  sealer: Sealer;
  passwords: Passwords;
  clock: Clock;
  reader: Reader;
  folders: Folders;
  recorder: ProcessPorts;
  standby: StandbyPorts;
  receiver: ProcessPorts;
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
  supervisor: RecorderSupervisor;
  standby: Standby;
  receivers: Receivers;
  http: HttpApi;
  sockets: Sockets;
  /** Where the network port listens, once it does. */
  setListen(address: string): void;
  start(): void;
  /** Ends open sockets and timers; the recorder is the caller's to stop. */
  close(): void;
}

const housekeepingMs = 30_000;
const doctorsMax = 4;

/** What changes while control runs and the status shows. */
interface Gauges {
  listen: string | null;
  dataFolderFreeBytes: number | null;
}

export function createControl(options: ControlOptions): Control {
  const { settings, clock } = options;
  const gauges: Gauges = { listen: null, dataFolderFreeBytes: null };
  const sessions = createSessions({
    clock,
    idleTimeoutMs: () => settings.current().api.sessionIdleTimeoutMs,
  });
  const accounts = new Accounts({ ...options, sessions });
  const supervisor = createSupervisor(options, () => board.changed());
  const receivers = new Receivers({ ...options, onChange: () => board.changed() });
  const board = createBoard(options, supervisor, receivers, gauges, () => pair.standby);
  settings.onChange(() => board.changed());
  const gate = new Gate({ ...options, accounts, sessions });
  const doctor = limited(doctorsMax, 'examinations', async () =>
    doctorChecks({
      machine: await options.machineFacts(),
      status: board.build(),
      certificateExpiresAtMs: options.certificate?.expiresAtMs ?? null,
    }),
  );
  const pair = createPair(options, supervisor, () => board.changed());
  const router = createRouter({
    ...options,
    ...pair,
    receivers,
    accounts,
    sessions,
    recorder: supervisor,
    board,
    doctor,
  });
  const sockets = new Sockets({
    handler: createRpcHandler(router, gate),
    clock,
    isIdentified: (connection) => gate.isIdentified(connection),
  });
  const http = new HttpApi({
    rest: createRestHandler(router, gate),
    gate,
    openApi: createOpenApi(options.version),
    download: createDownload({ reader: options.reader, sessions, clock }),
    healthy: () => board.health() === 'running',
    onUnexpected: options.onUnexpected,
  });
  const housekeeping = createHousekeeping(options, sessions, gauges);
  return {
    accounts,
    sessions,
    supervisor,
    standby: pair.standby,
    receivers,
    sockets,
    http,
    setListen: (address) => {
      gauges.listen = address;
    },
    start: () => {
      housekeeping.start();
      supervisor.start();
      pair.standby.start();
      receivers.start();
    },
    close: () => {
      housekeeping.stop();
      sockets.close();
    },
  };
}

function createSupervisor(options: ControlOptions, onChange: () => void): RecorderSupervisor {
  const { settings, sealer, journal, clock, dataDir } = options;
  return createRecorderSupervisor({
    clock,
    ...options.recorder,
    config: (startReason) =>
      recorderConfig({
        settings: settings.current(),
        sealer,
        dataDir,
        startReason,
        onUnopened: (cameraId, error) => options.onUnexpected(error, `credentials of camera ${cameraId}`),
      }),
    onEvent: ({ timeMs, level, event, subject, text }) => {
      journal.append({ type: 'event', timeMs, level, event, subject, text: maskAddresses(text) });
      onChange();
    },
    onChange,
  });
}

/** Hot standby with what it answers the peer. */
function createPair(options: ControlOptions, recorder: RecorderSupervisor, onChange: () => void) {
  const standby = new Standby({
    ...options,
    ...options.standby,
    configureRecorder: () => recorder.configure(),
    recorderView: recorder,
    onChange,
    served: (methods) => {
      pairOperations.serve(methods);
      preflight.serve(methods);
    },
  });
  const pairOperations = new PairOperations({ ...options, standby });
  const preflight = new Preflight({ ...options, standby, recorderRuns: () => recorder.phase === 'running' });
  return { standby, pairOperations, preflight };
}

function createBoard(
  options: ControlOptions,
  recorder: RecorderSupervisor,
  receivers: Receivers,
  gauges: Gauges,
  standby: () => Standby,
): StatusBoard {
  return new StatusBoard({
    ...options,
    recorder,
    receivers,
    fingerprint: options.certificate?.fingerprint ?? null,
    certificateExpiresAtMs: options.certificate?.expiresAtMs ?? null,
    listen: () => gauges.listen,
    role: () => standby().ownRole(),
    pair: () => standby().shown([]),
    dataFolderFreeBytes: () => gauges.dataFolderFreeBytes,
  });
}

/** Ends idle sessions and looks at the disk of the data folder, now and then. */
function createHousekeeping({ clock, freeBytes }: ControlOptions, sessions: Sessions, gauges: Gauges) {
  let cancel = () => {};
  const run = () => {
    sessions.sweep();
    void freeBytes().then((bytes) => {
      gauges.dataFolderFreeBytes = bytes;
    });
    cancel = clock.after(housekeepingMs, run);
  };
  return { start: run, stop: () => cancel() };
}
