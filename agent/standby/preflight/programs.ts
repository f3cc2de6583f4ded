/** The programs and units that a pair's resources call: whether they are here, and which file exactly. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { NodeFacts, PairConfig, ResourceConfig } from '../../../src/contract/index.ts';
import type { RunProgram } from './probes.ts';

type Program = NodeFacts['programs'][number];

/** Larger files are looked for, but not compared. */
const hashedBytesMax = 64 * 1024 * 1024;
const programsMax = 256;
const ocfFolder = '/usr/lib/ocf/resource.d';

interface Wanted {
  resourceId: string;
  kind: 'file' | 'unit';
  path: string;
}

function wantedBy(resource: ResourceConfig): Wanted[] {
  const file = (path: string | undefined): Wanted[] =>
    path === undefined ? [] : [{ resourceId: resource.id, kind: 'file', path }];
  switch (resource.kind) {
    case 'service':
      return [{ resourceId: resource.id, kind: 'unit', path: resource.unit }];
    case 'process':
      return file(resource.command[0]);
    case 'script':
      return [resource.start, resource.stop, resource.monitor].flatMap(([first]) => file(first));
    case 'ocf':
      return file(join(ocfFolder, ...resource.agent.split(':')));
    case 'volume':
      return /^(cifs|nfs)/.test(resource.fileSystem) ? file(`mount.${resource.fileSystem}`) : [];
    case 'ip':
    case 'recording':
      return [];
  }
}

/** What the settings call, each path once. */
export function wantedPrograms(config: PairConfig): Wanted[] {
  const fence: Wanted[] =
    config.arbiter.kind === 'fence-agent'
      ? [{ resourceId: 'arbiter', kind: 'file', path: config.arbiter.command[0] ?? '' }]
      : [];
  const all = [...config.resources.flatMap(wantedBy), ...fence];
  return all
    .filter(({ path }, at) => all.findIndex((other) => other.path === path) === at)
    .slice(0, programsMax);
}

export async function findPrograms(
  config: PairConfig,
  run: RunProgram,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Program[]> {
  return Promise.all(
    wantedPrograms(config).map((wanted) =>
      wanted.kind === 'unit' ? findUnit(wanted, run) : findFile(wanted, environment),
    ),
  );
}

async function findUnit({ resourceId, path }: Wanted, run: RunProgram): Promise<Program> {
  const { code, stdout } =
    process.platform === 'win32'
      ? await run('sc.exe', ['qc', path])
      : await run('systemctl', ['cat', '--', path]);
  const present = code === null ? null : code === 0;
  return {
    resourceId,
    path,
    present,
    sha256: present === true ? createHash('sha256').update(stdout).digest('hex') : null,
    problem: present === true ? null : code === null ? 'no service manager to ask' : 'no such unit',
  };
}

async function findFile({ resourceId, path }: Wanted, environment: NodeJS.ProcessEnv): Promise<Program> {
  const folders = isAbsolute(path) ? [''] : (environment.PATH ?? '').split(delimiter);
  for (const folder of [...folders, ...(isAbsolute(path) ? [] : ['/sbin', '/usr/sbin'])]) {
    const full = folder === '' ? path : join(folder, path);
    const found = await stat(full).catch(() => null);
    if (!found?.isFile()) continue;
    const runnable = await access(full, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!runnable) return { resourceId, path, present: false, sha256: null, problem: 'may not be executed' };
    const sha256 = found.size <= hashedBytesMax ? await hashOf(full) : null;
    return { resourceId, path, present: true, sha256, problem: null };
  }
  return { resourceId, path, present: false, sha256: null, problem: 'not found' };
}

async function hashOf(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  } catch {
    return null;
  }
}
