/** Entry and composition root of the agent: makes the real clock, disk, processes and sockets, and wires control to them. */
import { existsSync } from 'node:fs';
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
import { reachableAddresses, readFreeBytes, readMachineFacts } from './adapters/machine-facts.ts';
import { makePrivate } from './adapters/private-file.ts';
import { connectLocal, isAlive, killPid, serviceEntry, spawnService } from './adapters/service-process.ts';
import { createSettingsDisk } from './adapters/settings-disk.ts';
import { createPasswords } from './control/accounts/passwords.ts';
import { listenLocally, listenOnNetwork } from './control/api/listeners.ts';
import { type Certificate, loadCertificate } from './control/certificate.ts';
import { type Control, createControl } from './control/control.ts';
import { createDisposal } from './control/disposal.ts';
import { type ListenAddress, parseListen } from './control/listen-address.ts';
import type { StandbyPorts } from './control/standby/standby.ts';
import { processSocketPath } from './control/supervision/socket-path.ts';
import type { ProcessPorts } from './control/supervision/supervisor.ts';
import { runFromArguments } from './entry.ts';
import { createReader } from './inspection/reader.ts';
import { openJournal } from './journal/journal.ts';
import type { AgentOptions, ReadyInfo, RunningAgent } from './running-agent.ts';
import { keepBackups } from './settings/backup/keeper.ts';
import { openNodeSettings } from './settings/open.ts';
import { readerConfigOf } from './settings/reader-config.ts';
import { createSealer, loadKey } from './settings/seal.ts';
import type { SettingsStore } from './settings/store.ts';
import { peerPortDefault } from './standby/link/peer-link.ts';

const firstAccount = 'admin';
const peerListenDefault = `0.0.0.0:${peerPortDefault}`;
/** File and crypto work of hundreds of cameras goes through libuv's threads. */
const threadPoolSize = '32';

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

async function start(options: AgentOptions, onStop: OnStop): Promise<ReadyInfo> {
  const place = await openPlace(options, onStop);
  const state = await openState(place, options.name ?? hostname(), onStop);
  await keepWatchdog(state.settings, options.watchdogDevice);
  const address = options.listen === null ? null : parseListen(options.listen);
  const certificate = address && (await openCertificate(place, state.settings));
  const control = assemble(place, state, certificate, options.peerListen ?? peerListenDefault);
  onStop(() => control.supervisor.stop());
  // Before the recorder: the guard hands over, which stops the pair's recording here.
  onStop(() => control.standby.stop());
  onStop(() => control.receivers.stop());
  control.start();
  const listen = await openDoors({ place, state, control, address, certificate }, onStop);
  // Last: a start that fails, on a port in use say, would have used up the one showing of the password.
  const oneTimePassword = await createFirstAccount(control, state.settings);

  const fingerprint = certificate?.fingerprint ?? null;
  const { id: nodeId, name: nodeName } = state.settings.current().node;
  const { version, dataDir, socketPath } = place;
  const started = `agent ${version} started${listen === null ? '' : `, listens on ${listen}`}`;
  place.logger.info({ fingerprint }, started);
  state.journal.append({ type: 'system', level: 'info', event: 'agent.started', text: started });
  onStop(() =>
    state.journal.append({ type: 'system', level: 'info', event: 'agent.stopped', text: 'agent stops' }),
  );
  return { version, nodeName, nodeId, dataDir, socketPath, listen, fingerprint, oneTimePassword };
}

type OnStop = (end: () => unknown) => void;
type Place = Awaited<ReturnType<typeof openPlace>>;
type State = Awaited<ReturnType<typeof openState>>;

/** The data folder, owned by this process, with its log. */
async function openPlace(options: AgentOptions, onStop: OnStop) {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fromErrno(error, `create ${dataDir}`);
  });
  const lock = lockFolder(join(dataDir, 'agent.lock'), dataDir);
  onStop(() => lock.release());
  const { logger, close } = openLog(join(dataDir, 'agent.log'));
  onStop(close);
  return {
    dataDir,
    settingsPath: resolve(options.settingsFile ?? join(dataDir, 'settings.json')),
    socketPath: localSocketPath(dataDir),
    recorderSocketPath: processSocketPath('recorder', dataDir, process.platform),
    version: readVersion(),
    disk: createSettingsDisk(),
    logger,
    onUnexpected: (thrown: unknown, where: string) => logger.error({ err: thrown, where }, 'unexpected'),
  };
}

/** Everything durable: settings with their backups and key, the journal, and the view of what is recorded. */
async function openState(place: Place, nodeName: string, onStop: OnStop) {
  const { dataDir, settingsPath, disk, logger } = place;
  const backupFolder = join(dataDir, 'backups');
  const settings = await openNodeSettings({
    disk,
    folder: dirname(settingsPath),
    fileName: basename(settingsPath),
    nodeName,
    clock,
    onFallback: (problem) => logger.warn(problem),
    onListenerError: (error) => place.onUnexpected(error, 'change of the settings'),
    backupFolder,
  });
  onStop(() => settings.close());
  const backups = { store: settings, disk, folder: backupFolder, clock };
  onStop(
    keepBackups({ ...backups, onError: (error) => place.onUnexpected(error, 'backup of the settings') }),
  );
  const { cameras, journal: limits, pair, group } = settings.current();
  const sealsExist =
    pair !== null ||
    group !== null ||
    cameras.some((camera) => camera.sealedCredentials !== null) ||
    // The receiver keeps the keys of its devices there.
    existsSync(join(dataDir, 'devices.db'));
  const key = await loadKey({ path: join(dataDir, 'secret.key'), folder: dataDir, disk, sealsExist });

  const journalPath = join(dataDir, 'journal.db');
  makePrivate(journalPath);
  const journal = openJournal({
    path: journalPath,
    clock,
    entriesMax: limits.entriesMax,
    onError: (error, lost) => logger.error({ err: error, lost }, 'journal entries were lost'),
  });
  onStop(() => journal.close());
  const reader = createReader({ dataDir, config: readerConfigOf(settings), clock: { utcMs: clock.nowMs } });
  onStop(() => reader.close());
  return { settings, sealer: createSealer(key), journal, reader };
}

/** The settings file carries a checksum and is not edited by hand: what concerns this machine alone comes with the start. */
async function keepWatchdog(settings: SettingsStore, device: string | null | undefined): Promise<void> {
  if (device === undefined || device === settings.current().standby.watchdogDevice) return;
  await settings.update((draft) => {
    draft.standby.watchdogDevice = device;
  });
}

function openCertificate(place: Place, settings: SettingsStore): Promise<Certificate> {
  const { node, api } = settings.current();
  return loadCertificate({
    folder: join(place.dataDir, 'tls'),
    disk: place.disk,
    nodeName: node.name,
    hosts: ['localhost', '127.0.0.1', '::1', hostname()],
    nowMs: clock.nowMs(),
    given: api.tlsCertFile && api.tlsKeyFile ? { certFile: api.tlsCertFile, keyFile: api.tlsKeyFile } : null,
  });
}

function assemble(place: Place, state: State, certificate: Certificate | null, peerListen: string): Control {
  const { dataDir, socketPath, recorderSocketPath, version, onUnexpected } = place;
  const launch = {
    entry: serviceEntry('recorder'),
    socketPath: recorderSocketPath,
    dataDir,
    logPath: join(dataDir, 'recorder.log'),
    env: { UV_THREADPOOL_SIZE: threadPoolSize },
  };
  return createControl({
    ...state,
    passwords: createPasswords(),
    clock,
    folders: createFolders(() => state.settings.current().node.id),
    recorder: {
      spawn: () => spawnService(launch),
      connect: () => connectLocal(recorderSocketPath),
      killPid,
      isAlive,
    },
    standby: standbyPorts(place, state.settings, peerListen),
    receiver: receiverPorts(place),
    machineFacts: () => readMachineFacts({ dataDir, socketPath }),
    freeBytes: () => readFreeBytes(dataDir),
    dataDir,
    version,
    platform: `${process.platform} ${process.arch}`,
    osUser: userInfo().username,
    certificate,
    onUnexpected,
  });
}

/** Hot standby: the guard's process, and the certificate by which the other node knows this one whatever clients are shown. */
function standbyPorts(place: Place, settings: SettingsStore, peerListen: string): StandbyPorts {
  const { dataDir, disk, recorderSocketPath } = place;
  const socketPath = processSocketPath('guard', dataDir, process.platform);
  const launch = {
    entry: serviceEntry('standby/guard'),
    socketPath,
    dataDir,
    logPath: join(dataDir, 'guard.log'),
  };
  return {
    guard: {
      spawn: () => spawnService(launch),
      connect: () => connectLocal(socketPath),
      killPid,
      isAlive,
    },
    peerListen: parseListen(peerListen),
    peerCertificate: () =>
      loadCertificate({
        folder: join(dataDir, 'peer'),
        disk,
        nodeName: settings.current().node.name,
        hosts: [hostname()],
        nowMs: clock.nowMs(),
        given: null,
      }),
    ownAddresses: reachableAddresses,
    recorderSocketPath,
  };
}

/** The alarm receiver: a process of its own, so that neither a recorder nor a console ever holds up an acknowledgement. */
function receiverPorts({ dataDir }: Place): ProcessPorts {
  const socketPath = processSocketPath('receiver', dataDir, process.platform);
  const launch = {
    entry: serviceEntry('alarms'),
    socketPath,
    dataDir,
    logPath: join(dataDir, 'receiver.log'),
  };
  return {
    spawn: () => spawnService(launch),
    connect: () => connectLocal(socketPath),
    killPid,
    isAlive,
  };
}

/** At first start only: the account `admin` with a password that is shown once. */
async function createFirstAccount(control: Control, settings: SettingsStore): Promise<string | null> {
  if (settings.current().users.length > 0) return null;
  return (await control.accounts.add(firstAccount, 'admin')).oneTimePassword;
}

/** The local console, and TLS when asked for; returns where the network port listens. */
async function openDoors(
  parts: {
    place: Place;
    state: State;
    control: Control;
    address: ListenAddress | null;
    certificate: Certificate | null;
  },
  onStop: OnStop,
): Promise<string | null> {
  const { place, state, control, address, certificate } = parts;
  const ways = { http: control.http, sockets: control.sockets, sessions: control.sessions, clock };
  const local = await listenLocally(place.socketPath, ways);
  onStop(() => local.close());
  const network =
    address && certificate
      ? await listenOnNetwork({ ...ways, ...address, ...certificate, ...state.settings.current().api })
      : null;
  if (network) {
    onStop(() => network.close());
    control.setListen(network.address);
  }
  onStop(() => control.close());
  return network?.address ?? null;
}

if (import.meta.main) await runFromArguments(runAgent);
