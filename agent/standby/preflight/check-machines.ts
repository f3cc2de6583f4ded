/** Preflight of the two machines: system, names, clocks, Holdfast itself, its processes, virus scanners. */
import type { NodeFacts } from '../../../src/contract/index.ts';
import { fail, type PairView, pass, skip, type Verdict, warn } from './verdict.ts';

/** Recordings of the two are joined by the clock: this much is seen in them, and this much breaks them. */
const clockWarnMs = 200;
const clockFailMs = 2_000;

export function checkSystem({ a, b }: PairView): Verdict {
  const evidence = `${a.name}: ${a.osName}, ${a.osRelease}; ${b.name}: ${b.osName}, ${b.osRelease}`;
  if (a.platform !== b.platform) {
    return fail(
      evidence,
      'Install the same operating system on both: commands and paths of resources differ.',
    );
  }
  if (a.osName !== b.osName) {
    return fail(evidence, `Bring both to the same version, the newer one if in doubt.`);
  }
  if (a.osRelease !== b.osRelease) {
    return warn(evidence, 'Update both to the same release, the standby first.');
  }
  return pass(`both ${a.osName}, ${a.osRelease}`);
}

export function checkHostNames({ a, b }: PairView): Verdict {
  const same = a.hostName.toLowerCase() === b.hostName.toLowerCase();
  if (!same && a.name.toLowerCase() !== b.name.toLowerCase()) return pass(`${a.hostName} and ${b.hostName}`);
  const evidence = same ? `both hosts are called ${a.hostName}` : `both nodes are called ${a.name}`;
  return fail(
    evidence,
    same
      ? 'Rename one of them: hostnamectl set-hostname NAME (Windows: Rename-Computer).'
      : 'Give the nodes different names.',
  );
}

export function checkTimeZone({ a, b }: PairView): Verdict {
  if (a.timeZone === b.timeZone) return pass(`both ${a.timeZone}`);
  return fail(
    `${a.name}: ${a.timeZone}, ${b.name}: ${b.timeZone}`,
    `Set one of them: timedatectl set-timezone ${a.timeZone} (Windows: tzutil), then restart its agent.`,
  );
}

export function checkClock({ a, b, clock }: PairView): Verdict {
  if (clock === null) return skip('the offset could not be measured over the peer link');
  const { offsetMs, uncertaintyMs } = clock;
  const sure = Math.max(0, Math.abs(offsetMs) - uncertaintyMs);
  const evidence =
    `${b.name} is ${Math.abs(Math.round(offsetMs))} ms ${offsetMs < 0 ? 'behind' : 'ahead of'} ${a.name}` +
    `, give or take ${Math.ceil(uncertaintyMs)} ms`;
  const fix =
    'Let both follow the same time server (chrony, systemd-timesyncd, w32tm), and wait until they do.';
  if (sure > clockFailMs) return fail(evidence, fix);
  return sure > clockWarnMs ? warn(evidence, fix) : pass(evidence);
}

export function checkVersion({ a, b }: PairView): Verdict {
  if (a.version === b.version && a.installPath === b.installPath) {
    return pass(`both ${a.version} in ${a.installPath}`);
  }
  const evidence = `${a.name}: ${a.version} in ${a.installPath}, ${b.name}: ${b.version} in ${b.installPath}`;
  if (a.version !== b.version) {
    return fail(evidence, 'Install the same version on both, the standby first.');
  }
  return warn(evidence, 'Install both into the same folder: scripts and resources then hold for either.');
}

export function checkAgentVersion({ a, b }: PairView): Verdict {
  if (a.apiVersion === b.apiVersion) return pass(`both agents speak version ${a.apiVersion}`);
  return fail(
    `the agent of ${a.name} speaks version ${a.apiVersion}, that of ${b.name} version ${b.apiVersion}`,
    'Upgrade the older agent and restart it.',
  );
}

/** Programs that the resources call: there on both, and the same. */
export function checkPrograms({ a, b, config }: PairView): Verdict {
  if (config === null) return skip('no resources are configured yet');
  const all = [...a.programs, ...b.programs];
  if (all.length === 0) return skip('no resource calls a program');
  const missing = [a, b].flatMap((facts) =>
    facts.programs
      .filter(({ present }) => present === false)
      .map(
        ({ path, resourceId, problem }) =>
          `${facts.name} has no ${path} (${resourceId}${problem === null ? '' : `, ${problem}`})`,
      ),
  );
  if (missing.length > 0) {
    return fail(missing.join('; '), 'Install the same application on both nodes, in the same place.');
  }
  const different = a.programs.filter(({ path, sha256 }) => {
    const other = b.programs.find((program) => program.path === path);
    return sha256 !== null && other !== undefined && other.sha256 !== null && other.sha256 !== sha256;
  });
  if (different.length > 0) {
    return fail(
      `${different.map(({ path }) => path).join(', ')}: not the same file on both`,
      'Install the same version of the application on both nodes.',
    );
  }
  const unknown = all.filter(({ present }) => present === null).length;
  const known = new Set(all.filter(({ present }) => present === true).map(({ path }) => path)).size;
  if (known === 0) return skip('the system does not tell which units there are');
  return pass(`${known} on both, the same${unknown > 0 ? `; ${unknown} not known` : ''}`);
}

export function checkProcesses(self: NodeFacts): Verdict {
  const down = self.processes.filter(({ running }) => !running);
  if (self.processes.length === 0) return skip('the agent names no process');
  if (down.length === 0) return pass(`${self.processes.map(({ name }) => name).join(', ')} run`);
  return fail(
    down.map(({ name, detail }) => `${name} does not run${detail === null ? '' : ` (${detail})`}`).join('; '),
    'Look into the log of that node; holdfast doctor says more.',
  );
}

export function checkAntivirus(self: NodeFacts): Verdict {
  if (self.platform !== 'win32') return skip('only asked on Windows');
  if (self.antivirus === null) {
    return warn(
      'which scanner runs could not be read',
      `Let the virus scanner leave these folders alone: ${self.busyPaths.join(', ')}`,
    );
  }
  const { product, excludedPaths } = self.antivirus;
  const excluded = excludedPaths.map(normalised);
  const open = self.busyPaths.filter(
    (path) => !excluded.some((each) => normalised(path) === each || normalised(path).startsWith(`${each}\\`)),
  );
  if (open.length === 0) return pass(`${product} leaves ${self.busyPaths.join(', ')} alone`);
  const list = open.map((path) => `'${path.replaceAll("'", "''")}'`).join(',');
  return warn(
    `${product} scans ${open.join(', ')}: it delays writes and can hold a service up`,
    `Add-MpPreference -ExclusionPath ${list}`,
  );
}

function normalised(path: string): string {
  return path.replaceAll('/', '\\').replace(/\\+$/, '').toLowerCase();
}
