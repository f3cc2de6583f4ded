/** Watches what the active needs of its network: the interfaces of its addresses are up, and an isolation address answers. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import type { PairConfig } from '../../../src/contract/standby.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';

const run = promisify(execFile);
const roundMs = 1_000;
/** So many rounds in a row must fail: one lost ping demotes nobody. */
const failuresMax = 3;

export interface NetworkProbe {
  isUp(name: string): Promise<boolean>;
  answers(address: string): Promise<boolean>;
}

export interface NetworkWatch {
  configure(config: PairConfig | null, nodeId: string): void;
  close(): void;
}

export function watchNetwork(options: {
  clock: Clock;
  probe: NetworkProbe;
  /** Null: it is over. Changes only. */
  onTrouble: (problem: string | null) => void;
}): NetworkWatch {
  const { clock, probe, onTrouble } = options;
  let interfaces: string[] = [];
  let addresses: readonly string[] = [];
  let failures = 0;
  let told: string | null = null;
  let cancel: Cancel = () => {};
  let generation = 0;

  const problemNow = async (): Promise<string | null> => {
    const up = await Promise.all(interfaces.map(async (name) => ({ name, isUp: await probe.isUp(name) })));
    const down = up.find(({ isUp }) => !isUp);
    if (down) return `the network interface ${down.name} is down`;
    if (addresses.length === 0) return null;
    const answers = await Promise.all(addresses.map((address) => probe.answers(address)));
    return answers.some(Boolean) ? null : `none of ${addresses.join(', ')} answers`;
  };

  const round = async (mine: number) => {
    const problem = await problemNow();
    if (mine !== generation) return;
    failures = problem === null ? 0 : failures + 1;
    const trouble = failures >= failuresMax ? problem : problem === null ? null : told;
    if (trouble !== told) {
      told = trouble;
      onTrouble(trouble);
    }
    cancel = clock.after(roundMs, () => void round(mine));
  };

  const stop = () => {
    generation += 1;
    cancel();
    if (told !== null) onTrouble(null);
    told = null;
    failures = 0;
  };

  return {
    configure(config, nodeId) {
      const ips = (config?.resources ?? []).filter((resource) => resource.kind === 'ip');
      const names = ips.flatMap((ip) => ip.interfaces[nodeId] ?? ip.interfaces['*'] ?? []);
      const nextInterfaces = [...new Set(names)];
      const nextAddresses = config?.isolationAddresses ?? [];
      if (JSON.stringify([nextInterfaces, nextAddresses]) === JSON.stringify([interfaces, addresses])) return;
      stop();
      interfaces = nextInterfaces;
      addresses = nextAddresses;
      if (interfaces.length + addresses.length > 0) void round(generation);
    },
    close: stop,
  };
}

/** The real one: the kernel's word for interfaces, the system's ping for addresses. */
export const systemProbe: NetworkProbe = {
  async isUp(name) {
    if (process.platform !== 'linux') return networkInterfaces()[name] !== undefined;
    try {
      const state = (await readFile(`/sys/class/net/${name.replaceAll('/', '')}/operstate`, 'utf8')).trim();
      return state === 'up' || state === 'unknown';
    } catch {
      return false;
    }
  },
  async answers(address) {
    const count = process.platform === 'win32' ? ['-n', '1', '-w', '800'] : ['-n', '-c', '1', '-W', '1'];
    return run('ping', [...count, address], { timeout: 1_500 }).then(
      () => true,
      () => false,
    );
  },
};
