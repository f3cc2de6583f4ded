/** The doctor: every condition that a node needs, each with what was found and how to mend it. Pure. */
import type { DoctorCheck, NodeStatus } from '../../../src/contract/index.ts';
import { plural } from '../../../src/model/plural.ts';
import { formatSize } from '../../../src/model/size.ts';
import type { MachineFacts } from '../../adapters/machine-facts.ts';
import { certificateWarningMs, dataFolderFreeMinBytes } from '../status/concerns.ts';

export interface DoctorFacts {
  machine: MachineFacts;
  status: NodeStatus;
  certificateExpiresAtMs: number | null;
}

type Result = DoctorCheck['result'];

const nodeMajorMin = 24;
const openFilesBase = 1_024;
const openFilesPerCamera = 4;
/** A burst of one second of a 16 Mbps camera. */
const receiveBufferMinBytes = 2 * 1024 * 1024;
const memoryBaseBytes = 200e6;
const memoryPerCameraBytes = 0.7e6;

export function doctorChecks(facts: DoctorFacts): DoctorCheck[] {
  return [
    checkNodeVersion(facts),
    checkDataFolder(facts),
    checkDataFolderRoom(facts),
    checkLocalConsole(facts),
    checkNetworkPort(facts),
    checkCertificate(facts),
    checkTime(facts),
    checkRecorder(facts),
    checkSpaces(facts),
    checkPools(facts),
    checkCameras(facts),
    checkOpenFiles(facts),
    checkReceiveBuffer(facts),
    checkMemory(facts),
  ];
}

function check(name: string, result: Result, evidence: string, fix: string | null = null): DoctorCheck {
  return { name, result, evidence, fix: result === 'pass' ? null : fix };
}

function checkNodeVersion({ machine }: DoctorFacts): DoctorCheck {
  const fits = Number.parseInt(machine.nodeVersion, 10) >= nodeMajorMin;
  return check(
    'node-version',
    fits ? 'pass' : 'fail',
    `Node.js ${machine.nodeVersion}`,
    `Run the agent with Node.js ${nodeMajorMin} or newer.`,
  );
}

function checkDataFolder({ machine }: DoctorFacts): DoctorCheck {
  const { writable, problem } = machine.dataFolder;
  const evidence = writable ? 'a file was written and removed' : `writing failed: ${problem}`;
  return check(
    'data-folder',
    writable ? 'pass' : 'fail',
    evidence,
    'Give the agent write access to its data folder.',
  );
}

function checkDataFolderRoom({ machine }: DoctorFacts): DoctorCheck {
  const { freeBytes } = machine.dataFolder;
  if (freeBytes === null) return check('data-folder-room', 'skip', 'the system does not tell the free space');
  const result =
    freeBytes < dataFolderFreeMinBytes ? 'fail' : freeBytes < 4 * dataFolderFreeMinBytes ? 'warn' : 'pass';
  return check(
    'data-folder-room',
    result,
    `${formatSize(freeBytes)} free`,
    `Free space on that disk: at least ${formatSize(4 * dataFolderFreeMinBytes)} should be left for index and journal.`,
  );
}

function checkLocalConsole({ machine }: DoctorFacts): DoctorCheck {
  if (machine.socketMode === null)
    return check('local-console', 'skip', 'permissions of the pipe cannot be read');
  const safe = (machine.socketMode & 0o077) === 0;
  return check(
    'local-console',
    safe ? 'pass' : 'fail',
    `agent.sock has mode ${machine.socketMode.toString(8).padStart(4, '0')}`,
    'Restart the agent: others than its user can open the local console now.',
  );
}

function checkNetworkPort({ status }: DoctorFacts): DoctorCheck {
  const { listen } = status.node;
  if (listen === null) {
    return check(
      'network-port',
      'skip',
      'local console only',
      'Start the agent with --listen to open the network.',
    );
  }
  return check('network-port', 'pass', `TLS on ${listen}`);
}

function checkCertificate({ certificateExpiresAtMs, status }: DoctorFacts): DoctorCheck {
  if (certificateExpiresAtMs === null) return check('certificate', 'skip', 'no network port, no certificate');
  const leftMs = certificateExpiresAtMs - status.timeMs;
  const result = leftMs <= 0 ? 'fail' : leftMs < certificateWarningMs ? 'warn' : 'pass';
  const until = new Date(certificateExpiresAtMs).toISOString().slice(0, 10);
  return check(
    'certificate',
    result,
    `valid until ${until}`,
    'Put a new certificate in place and restart the agent.',
  );
}

function checkTime({ machine, status }: DoctorFacts): DoctorCheck {
  const { daemon, synchronized } = machine.time;
  const found = daemon === null ? 'no time daemon was found' : `${daemon} runs`;
  const follows =
    synchronized === null
      ? 'whether the clock follows a time server cannot be asked'
      : `the clock ${synchronized ? 'follows' : 'does not follow'} a time server`;
  const evidence = `${new Date(status.timeMs).toISOString()}, zone ${status.node.timeZone}; ${found}, ${follows}`;
  const sound = synchronized ?? daemon !== null;
  const fix =
    daemon === null
      ? 'Set up chrony, ntpd, systemd-timesyncd or the Windows time service.'
      : `Look at what ${daemon} says, and whether its time server can be reached.`;
  return check('clock', sound ? 'pass' : 'warn', evidence, fix);
}

function checkRecorder({ status }: DoctorFacts): DoctorCheck {
  const state = status.services.find((service) => service.name === 'data-storage')?.state ?? 'stopped';
  const { pid, restarts } = status.recorder;
  const evidence = `${state}, process ${pid ?? 'none'}, restarted ${restarts} times`;
  const result = state !== 'running' ? 'fail' : restarts > 0 ? 'warn' : 'pass';
  return check(
    'recorder',
    result,
    evidence,
    'Look into the log (recorder.died) and into recorder.log in the data folder.',
  );
}

function checkSpaces({ status }: DoctorFacts): DoctorCheck {
  const { spaces } = status;
  if (spaces.length === 0)
    return check('spaces', 'warn', 'none', 'Add one: holdfast space add PATH --quota 20GB.');
  const bad = spaces.filter((space) => space.state === 'lost' || space.state === 'error');
  const busy = spaces.filter((space) => space.state !== 'normal' && !bad.includes(space));
  const words = [...bad, ...busy].map(
    (space) => `${space.id} ${space.state}${space.problem ? ` (${space.problem})` : ''}`,
  );
  const evidence = words.length > 0 ? words.join('; ') : `${spaces.length} normal`;
  const result = bad.length > 0 ? 'fail' : busy.length > 0 ? 'warn' : 'pass';
  return check('spaces', result, evidence, 'See the Storage page for each one.');
}

function checkPools({ status }: DoctorFacts): DoctorCheck {
  const { pools } = status;
  if (pools.length === 0)
    return check('pools', 'warn', 'none', 'Add one: holdfast pool add NAME --space ID:SIZE.');
  const bad = pools.filter((pool) => pool.status !== 'normal');
  const evidence =
    bad.length > 0 ? bad.map((pool) => `${pool.id} ${pool.status}`).join('; ') : `${pools.length} normal`;
  return check('pools', bad.length > 0 ? 'fail' : 'pass', evidence, 'Look at the spaces that the pool uses.');
}

function checkCameras({ status }: DoctorFacts): DoctorCheck {
  const { cameras } = status;
  if (cameras.length === 0) {
    return check('cameras', 'warn', 'none', 'Add one: holdfast camera add NAME --url rtsp://… --pool NAME.');
  }
  const failing = cameras.filter((camera) => camera.recording.endsWith('-error'));
  const recording = cameras.filter((camera) => camera.recording === 'normal').length;
  const named = failing.slice(0, 5).map((camera) => `${camera.id} ${camera.reason ?? camera.recording}`);
  const evidence = [`${recording} of ${cameras.length} record now`, ...named].join('; ');
  return check(
    'cameras',
    failing.length > 0 ? 'fail' : 'pass',
    evidence,
    'See the Recording page for each reason.',
  );
}

function checkOpenFiles({ machine, status }: DoctorFacts): DoctorCheck {
  const limit = machine.openFilesMax;
  if (limit === null) return check('open-files', 'skip', 'the system has no such limit to read');
  const wanted = openFilesBase + openFilesPerCamera * status.cameras.length;
  return check(
    'open-files',
    limit >= wanted ? 'pass' : 'warn',
    `${limit} allowed, ${wanted} wanted for ${plural(status.cameras.length, 'camera')}`,
    'Raise LimitNOFILE of the service (or ulimit -n).',
  );
}

function checkReceiveBuffer({ machine }: DoctorFacts): DoctorCheck {
  const bytes = machine.receiveBufferMaxBytes;
  if (bytes === null) return check('receive-buffer', 'skip', 'the system does not tell');
  return check(
    'receive-buffer',
    bytes >= receiveBufferMinBytes ? 'pass' : 'warn',
    `net.core.rmem_max is ${bytes}`,
    `For cameras over UDP: sysctl -w net.core.rmem_max=${receiveBufferMinBytes * 4}.`,
  );
}

function checkMemory({ machine, status }: DoctorFacts): DoctorCheck {
  const wanted = memoryBaseBytes + memoryPerCameraBytes * status.cameras.length;
  const { freeBytes, totalBytes } = machine.memory;
  return check(
    'memory',
    freeBytes >= wanted ? 'pass' : 'warn',
    `${formatSize(freeBytes)} of ${formatSize(totalBytes)} free, ${formatSize(wanted)} wanted`,
    'End other programs, or add memory.',
  );
}
