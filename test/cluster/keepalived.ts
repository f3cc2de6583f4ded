/** Two keepalived with its defaults (VRRP, an advertisement each second) and an nginx on each node: what a pair is compared with. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildLab, killNow, type Lab } from './lab.ts';
import { nginxConfig, type Witness, witness } from './measure.ts';

type NodeName = 'a' | 'b';

export interface KeepalivedPair {
  readonly lab: Lab;
  readonly witness: Witness;
  /** keepalived on a node; SIGTERM is how an operator moves the address. */
  stopDaemon(node: NodeName): Promise<void>;
  startDaemon(node: NodeName): void;
  startService(node: NodeName): void;
  killService(node: NodeName): void;
  powerOff(node: NodeName): void;
  powerOn(node: NodeName): void;
  remove(): Promise<void>;
}

const networks = ['service', 'heartbeat'] as const;

export function buildKeepalived(): KeepalivedPair {
  const work = mkdtempSync(join(tmpdir(), 'hfk-'));
  const lab = buildLab();
  const daemons: Partial<Record<NodeName, ChildProcess>> = {};
  const services: Partial<Record<NodeName, ChildProcess>> = {};
  const startService = (node: NodeName) => {
    services[node] = lab.start(node, ['nginx', '-c', join(work, `nginx-${node}.conf`)]);
  };
  const startDaemon = (node: NodeName) => {
    const pids = ['-p', 'p', '-r', 'r', '-c', 'c'].map((word) =>
      word.startsWith('-') ? word : join(work, `${node}-${word}.pid`),
    );
    daemons[node] = lab.start(node, ['keepalived', '-n', '-f', join(work, `${node}.conf`), ...pids]);
  };
  for (const node of ['a', 'b'] as const) {
    writeFileSync(join(work, `nginx-${node}.conf`), nginxConfig(node, work));
    writeFileSync(join(work, `${node}.conf`), daemonConfig(lab, node, work));
    startService(node);
    startDaemon(node);
  }
  const seen = witness(lab);
  return {
    lab,
    witness: seen,
    startDaemon,
    startService,
    killService: (node) => void services[node]?.kill('SIGKILL'),
    async stopDaemon(node) {
      const daemon = daemons[node];
      if (!daemon || daemon.exitCode !== null) return;
      const gone = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await gone;
    },
    powerOff(node) {
      for (const network of networks) lab.cut(node, network);
      for (const pid of lab.pids(node)) if (!seen.pids.includes(pid)) killNow(pid);
      try {
        const nic = lab.interfaceName('service');
        lab.run(node, ['ip', 'address', 'del', `${lab.virtualAddress}/24`, 'dev', nic]);
      } catch {
        // It did not hold it.
      }
    },
    powerOn(node) {
      for (const network of networks) lab.mend(node, network);
      startService(node);
      startDaemon(node);
    },
    async remove() {
      await lab.remove();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/**
 * `nopreempt` for both: the address stays where it went, as with a pair. A script that looks for the service each second,
 * because keepalived's own watch of processes does not reach into network namespaces.
 */
function daemonConfig(lab: Lab, node: NodeName, work: string): string {
  return [
    'global_defs { enable_script_security',
    '  script_user root }',
    `vrrp_script web { script "/bin/sh -c 'kill -0 $(cat ${work}/nginx-${node}.pid)'"`,
    '  interval 1',
    '  fall 1',
    '  rise 1 }',
    'vrrp_instance V {',
    '  state BACKUP',
    '  nopreempt',
    `  interface ${lab.interfaceName('service')}`,
    '  virtual_router_id 51',
    `  priority ${node === 'a' ? 150 : 100}`,
    '  advert_int 1',
    `  virtual_ipaddress { ${lab.virtualAddress}/24 }`,
    '  track_script { web }',
    '}',
    '',
  ].join('\n');
}
