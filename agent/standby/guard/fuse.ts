/**
 * The fuse: a small shell process beside the guard that takes the application off this node when the guard is killed, or
 * lets its deadline pass because it is frozen. It needs neither the guard nor control to act, only a kernel that runs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { PairConfig, ResourceConfig } from '../../../src/contract/standby.ts';
import type { Clock } from '../../adapters/clock.ts';
import { ocfEnvironmentOf, ocfPath } from '../resources/kinds/ocf/agent.ts';
import { macvlanName } from '../resources/kinds/virtual-mac.ts';
import { tokenVariable } from '../resources/processes/marked.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * Reads one word a line: seconds until it acts, `hold` to act only when the guard dies, `off` to do nothing. Its arguments
 * are commands, each as the number of its words and the words; nothing of them is ever read as shell text.
 */
const script = `
act() {
  while [ "$#" -gt 0 ]; do
    count=$1; shift
    timeout -s KILL 5 "\${@:1:count}" </dev/null >/dev/null 2>&1 &
    shift "$count"
  done
  wait
}
trap '' INT TERM HUP
state=off
while :; do
  if [ "$state" = off ] || [ "$state" = hold ]; then IFS= read -r line; else IFS= read -r -t "$state" line; fi
  code=$?
  if [ "$code" -eq 0 ]; then state=$line; continue; fi
  [ "$state" = off ] && exit 0
  act "$@"
  echo acted 2>/dev/null
  [ "$code" -gt 128 ] || exit 0
  state=off
done
`;

/** Ends a program by its session as it was remembered, and whatever carries its mark. */
const killScript = `
read -r record <"$2" 2>/dev/null
id=\${record##*\\"id\\":}; id=\${id%%[,\\}]*}
ticks=\${record##*\\"sinceTicks\\":}; ticks=\${ticks%%[,\\}]*}
if [ -n "$id" ] && [ -r "/proc/$id/stat" ]; then
  stat=$(<"/proc/$id/stat"); stat=\${stat##*) }
  fields=($stat)
  [ "\${fields[19]}" = "$ticks" ] && kill -KILL -- "-$id" 2>/dev/null
fi
for file in $(grep -lszxF -- "$1" /proc/[0-9]*/environ 2>/dev/null); do
  pid=\${file#/proc/}; kill -KILL "\${pid%/environ}" 2>/dev/null
done
`;

/** Whoever holds it is being killed at the same time. */
const unmountScript = `
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  mountpoint -q -- "$1" || exit 0
  umount -- "$1" 2>/dev/null && exit 0
  sleep 0.2
done
`;

/** An agent's parameters may be secret: they wait in the environment, under names of their own, and never among arguments. */
const ocfScript = `
while IFS= read -r name; do export "\${name#"$1"}=\${!name}"; done < <(compgen -e -- "$1")
exec "$2" stop
`;
const ocfStopMs = 5_000;

export interface FuseTarget {
  config: PairConfig;
  nodeId: string;
  /** Where the runner remembers the processes that it started. */
  runDir: string;
}

/** Where the environment of an agent waits until its stop. */
const ocfPrefix = (at: number) => `HOLDFAST_FUSE_${at}_`;

/** What the fuse's own environment must hold for the agents that it may have to stop. */
export function fuseEnvironment({ resources }: PairConfig): Record<string, string> {
  const entries = resources.flatMap((resource, at) => {
    if (resource.kind !== 'ocf') return [];
    const environment = ocfEnvironmentOf(resource, ocfStopMs);
    return Object.entries(environment).map(([name, value]) => [`${ocfPrefix(at)}${name}`, value]);
  });
  return Object.fromEntries(entries);
}

/**
 * Addresses first: they are what the world sees. A recording is not ended: a space that the peer has claimed refuses it,
 * and in a space of its own it harms nobody until the next guard stops it.
 */
export function fuseCommands({ config, nodeId, runDir }: FuseTarget): string[][] {
  const { resources, pairId } = config;
  const rank = (resource: ResourceConfig) => (resource.kind === 'ip' ? 0 : 1);
  return [...resources]
    .sort((one, other) => rank(one) - rank(other))
    .flatMap((resource): string[][] => {
      switch (resource.kind) {
        case 'ip': {
          const name = resource.interfaces[nodeId] ?? resource.interfaces['*'];
          if (resource.virtualMac !== null)
            return [['ip', 'link', 'delete', 'dev', macvlanName(resource.id)]];
          return name === undefined ? [] : [['ip', 'address', 'delete', resource.address, 'dev', name]];
        }
        case 'process': {
          const token = `process:${pairId}:${nodeId}:${resource.id}`;
          const record = join(runDir, `${token.replace(/[^\w-]/g, '_')}.json`);
          return [['bash', '-c', killScript, 'fuse', `${tokenVariable}=${token}`, record]];
        }
        case 'service':
          return [['systemctl', 'kill', '--signal', 'SIGKILL', resource.unit]];
        case 'script':
          return [resource.stop];
        case 'ocf':
          return [
            [
              'bash',
              '-c',
              ocfScript,
              'fuse',
              ocfPrefix(resources.indexOf(resource)),
              ocfPath(resource.agent),
            ],
          ];
        case 'volume':
          return [['bash', '-c', unmountScript, 'fuse', resource.mountPoint.replace(/\/+$/, '')]];
        default:
          return [];
      }
    });
}

/** Acts like a watchdog that ends the application instead of resetting the machine. Null where there is no bash. */
export function startFuse(options: {
  target: FuseTarget;
  clock: Clock;
  onActed: () => void;
  onProblem: (text: string) => void;
}): Watchdog | null {
  if (process.platform !== 'linux') return null;
  const { target, clock, onActed, onProblem } = options;
  const words = fuseCommands(target).flatMap((command) => [String(command.length), ...command]);
  const child: ChildProcess = spawn('nice', ['-n', '-15', 'bash', '-c', script, 'holdfast-fuse', ...words], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...fuseEnvironment(target.config) },
    detached: true,
  });
  let state = 'idle';
  let ended = false;
  const say = (word: string) => {
    if (!ended) child.stdin?.write(`${word}\n`);
  };
  child.stdin?.on('error', () => {});
  child.stdout?.on('data', () => {
    state = 'acted';
    onActed();
  });
  child.once('error', (error) => {
    ended = true;
    state = 'failed';
    onProblem(`there is no fuse: ${error.message}`);
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => {
      if (!ended && state !== 'closing')
        onProblem('the fuse has ended: a killed guard would leave its application');
      ended = true;
      resolve();
    });
  });
  child.unref();
  return {
    arm(deadlineMs) {
      state = 'armed';
      const leftMs = Math.max(10, deadlineMs - clock.monotonicMs());
      say(Number.isFinite(deadlineMs) ? (leftMs / 1_000).toFixed(3) : 'hold');
    },
    disarm() {
      state = 'idle';
      say('off');
    },
    reset: () => say('0.010'),
    state: () => state,
    async close() {
      if (ended) return;
      if (state === 'idle') state = 'closing';
      child.stdin?.end();
      await gone;
    },
  };
}
