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
 * Reads one word a line: hundredths of a second until it acts, `hold` to act only when the guard dies, `off` to do
 * nothing. Its arguments are commands, each as the number of its words and the words; nothing of them is ever read as
 * shell text. `read -t` follows the wall clock, which may be set: a sleeper rings instead, and the uptime decides.
 */
const script = `
commands=("$@")
act() {
  set -- "\${commands[@]}"
  acting=()
  while [ "$#" -gt 0 ]; do
    count=$1; shift
    timeout -s KILL 5 "\${@:1:count}" </dev/null >/dev/null 2>&1 &
    acting+=("$!")
    shift "$count"
  done
  [ "\${#acting[@]}" -gt 0 ] && wait "\${acting[@]}"
  echo acted 2>/dev/null
}
rest() { [ -n "$sleeper" ] && kill -KILL "$sleeper" 2>/dev/null; sleeper=; }
doze() {
  rest
  rings=$due; left=$((due - now)); [ "$left" -gt 0 ] || left=1
  for_s=$((left / 100)).$((left / 10 % 10))$((left % 10))
  { sleep "$for_s"; while kill -ALRM "$$"; do sleep 0.2; done; } </dev/null >/dev/null 2>&1 &
  sleeper=$!
}
ring() {
  [ "$state" = armed ] || return
  now=$(</proc/uptime); now=\${now%% *}; now=$((10#\${now/./}))
  if [ "$now" -lt "$due" ]; then doze; return; fi
  state=off; rest; act
}
trap '' INT TERM HUP
trap ring ALRM
state=off; sleeper=; rings=0
while IFS= read -r line; do
  case $line in
    off | hold) state=$line; rest ;;
    *)
      read -r now idle </proc/uptime; now=$((10#\${now/./}))
      due=$((now + line)); state=armed
      if [ -z "$sleeper" ] || [ "$due" -lt "$rings" ]; then doze; fi ;;
  esac
done
rest
[ "$state" = off ] || act
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

/**
 * The stop first: a unit with Restart= that is only killed comes back at once, as nothing says that it should be down
 * (systemd.service(5)). Not waited for, so that a slow ExecStop= holds up no kill.
 */
const serviceScript = `
systemctl --no-block stop -- "$1"
exec systemctl kill --signal SIGKILL -- "$1"
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
          return [['bash', '-c', serviceScript, 'fuse', resource.unit]];
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
      const left = Math.max(1, Math.ceil((deadlineMs - clock.monotonicMs()) / 10));
      say(Number.isFinite(deadlineMs) ? String(left) : 'hold');
    },
    disarm() {
      state = 'idle';
      say('off');
    },
    reset: () => say('1'),
    state: () => state,
    async close() {
      if (ended) return;
      if (state === 'idle') state = 'closing';
      child.stdin?.end();
      await gone;
    },
  };
}
