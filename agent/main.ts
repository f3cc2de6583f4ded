/** Entry and composition root of the agent: makes the real clock, disk, processes and sockets, and wires control to them. */
import { mkdir } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { version as readVersion } from '../src/cli/installation.ts';
import { localSocketPath } from '../src/client/address.ts';
import { systemClock as clock } from './adapters/clock.ts';
import { fromErrno } from './adapters/errno.ts';
import { lockFolder } from './adapters/folder-lock.ts';
import { createFolders } from './adapters/folders.ts';
import { openLog } from './adapters/log.ts';
import { readFreeBytes, readMachineFacts } from './adapters/machine-facts.ts';
import { makePrivate } from './adapters/private-file.ts';
import { connectLocal, isAlive, killPid, recorderEntry, spawnRecorder } from './adapters/recorder-process.ts';
import { createSettingsDisk } from './adapters/settings-disk.ts';
import { createPasswords } from './control/accounts/passwords.ts';
import { listenLocally, listenOnNetwork } from './control/api/listeners.ts';
import { loadCertificate } from './control/certificate.ts';
import { createControl } from './control/control.ts';
import { createDisposal } from './control/disposal.ts';
import { parseListen } from './control/listen-address.ts';
import { recorderSocketPath } from './control/recorder/socket-path.ts';
import { runFromArguments } from './entry.ts';
import { createReader } from './inspection/reader.ts';
import { openJournal } from './journal/journal.ts';
import { keepBackups } from './settings/backup/keeper.ts';
import { openNodeSettings } from './settings/open.ts';
import { readerConfigOf } from './settings/reader-config.ts';
import { createSealer, loadKey } from './settings/seal.ts';

export interface AgentOptions {
  dataDir: string;
  /** `host:port`; null for the local console only. */
  listen: string | null;
  /** Default: `settings.json` in the data folder. */
  settingsFile?: string;
  /** Name of a node that starts for the first time; default: the host name. */
  name?: string;
  onReady?: (info: ReadyInfo) => void;
}

export interface ReadyInfo {
  version: string;
  nodeName: string;
  nodeId: string;
  dataDir: string;
  /** Path of the local console. */
  socketPath: string;
  /** `host:port` as bound, null without a network port. */
  listen: string | null;
  /** SHA-256 of the TLS certificate, null without a network port. */
  fingerprint: string | null;
  /** Of the account `admin`, at first start only; kept nowhere. */
  oneTimePassword: string | null;
}

export interface RunningAgent {
  readonly info: ReadyInfo;
  /** Ends the recorder in order, then everything else. */
  stop(): Promise<void>;
}

const firstAccount = 'admin';

/** Runs the agent of a data folder. @throws AppError when it cannot: what was begun is undone. */
export async function runAgent(options: AgentOptions): Promise<RunningAgent> {
  const disposal = createDisposal();
  try {
    const info = await start(options, disposal.add);
    options.onReady?.(info);
    return { info, stop: disposal.dispose };
  } catch (error) {
    await disposal.dispose();
    throw error;
  }
}

async function start(options: AgentOptions, onStop: (end: () => unknown) => void): Promise<ReadyInfo> {
  const dataDir = resolve(options.dataDir);
  const settingsPath = resolve(options.settingsFile ?? join(dataDir, 'settings.json'));
  const version = readVersion();
  const disk = createSettingsDisk();
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fromErrno(error, `create ${dataDir}`);
  });

  const lock = lockFolder(join(dataDir, 'agent.lock'), dataDir);
  onStop(() => lock.release());
  const { logger, close: closeLog } = openLog(join(dataDir, 'agent.log'));
  onStop(closeLog);
  const onUnexpected = (thrown: unknown, where: string) => logger.error({ err: thrown, where }, 'unexpected');

  const settings = await openNodeSettings({
    disk,
    folder: dirname(settingsPath),
    fileName: basename(settingsPath),
    nodeName: options.name ?? hostname(),
    clock,
    onFallback: (problem) => logger.warn(problem),
  });
  onStop(() => settings.close());
  onStop(
    keepBackups({
      store: settings,
      disk,
      folder: join(dataDir, 'backups'),
      clock,
      onError: (error) => onUnexpected(error, 'backup of the settings'),
    }),
  );
  const { node, api, cameras } = settings.current();
  const sealsExist = cameras.some((camera) => camera.sealedCredentials !== null);
  const key = await loadKey({ path: join(dataDir, 'secret.key'), folder: dataDir, disk, sealsExist });

  const journalPath = join(dataDir, 'journal.db');
  makePrivate(journalPath);
  const journal = openJournal({
    path: journalPath,
    clock,
    entriesMax: settings.current().journal.entriesMax,
    onError: (error, lost) => logger.error({ err: error, lost }, 'journal entries were lost'),
  });
  onStop(() => journal.close());
  const reader = createReader({ dataDir, config: readerConfigOf(settings), clock: { utcMs: clock.nowMs } });
  onStop(() => reader.close());

  const socketPath = localSocketPath(dataDir);
  const recorderSocket = recorderSocketPath(dataDir, process.platform);
  const { tlsCertFile, tlsKeyFile } = api;
  const address = options.listen === null ? null : parseListen(options.listen);
  const certificate =
    address &&
    (await loadCertificate({
      folder: join(dataDir, 'tls'),
      disk,
      nodeName: node.name,
      hosts: ['localhost', '127.0.0.1', '::1', hostname()],
      nowMs: clock.nowMs(),
      given: tlsCertFile && tlsKeyFile ? { certFile: tlsCertFile, keyFile: tlsKeyFile } : null,
    }));

  const control = createControl({
    settings,
    journal,
    sealer: createSealer(key),
    passwords: createPasswords(),
    clock,
    reader,
    folders: createFolders(() => settings.current().node.id),
    recorder: {
      spawn: () =>
        spawnRecorder({
          entry: recorderEntry(),
          socketPath: recorderSocket,
          dataDir,
          logPath: join(dataDir, 'recorder.log'),
        }),
      connect: () => connectLocal(recorderSocket),
      killPid,
      isAlive,
    },
    machineFacts: () => readMachineFacts({ dataDir, socketPath }),
    freeBytes: () => readFreeBytes(dataDir),
    dataDir,
    version,
    platform: `${process.platform} ${process.arch}`,
    osUser: userInfo().username,
    certificate,
    onUnexpected,
  });
  const oneTimePassword =
    settings.current().users.length === 0
      ? (await control.accounts.add(firstAccount, 'admin')).oneTimePassword
      : null;

  onStop(() => control.supervisor.stop());
  control.start();
  const ways = { http: control.http, sockets: control.sockets, sessions: control.sessions, clock };
  const local = await listenLocally(socketPath, ways);
  onStop(() => local.close());
  const network =
    address && certificate ? await listenOnNetwork({ ...ways, ...address, ...certificate, ...api }) : null;
  if (network) {
    onStop(() => network.close());
    control.setListen(network.address);
  }
  onStop(() => control.close());

  const listen = network?.address ?? null;
  const started = `agent ${version} started${listen === null ? '' : `, listens on ${listen}`}`;
  logger.info({ fingerprint: certificate?.fingerprint ?? null }, started);
  journal.append({ type: 'system', level: 'info', event: 'agent.started', text: started });
  onStop(() =>
    journal.append({ type: 'system', level: 'info', event: 'agent.stopped', text: 'agent stops' }),
  );
  return {
    version,
    nodeName: node.name,
    nodeId: node.id,
    dataDir,
    socketPath,
    listen,
    fingerprint: certificate?.fingerprint ?? null,
    oneTimePassword,
  };
}

if (import.meta.main) await runFromArguments(runAgent);
