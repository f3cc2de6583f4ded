/** What the pair in the lab is to do: hold an address and keep an nginx that says on whose machine it runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { nginxConfig } from './measure.ts';

interface PairFacts {
  readonly profile: 'default' | 'fast';
  /** Node ids. */
  readonly ids: { readonly a: string; readonly b: string };
  readonly arbiter: Readonly<Record<string, string>>;
  /** Of the service. */
  readonly command: readonly string[];
  readonly restartTriesMax: number;
}

/** The content of a file for `holdfast standby apply`. */
export function pairSettings(
  lab: Lab,
  { profile, ids, arbiter, command, restartTriesMax }: PairFacts,
): object {
  const both = (network: 'service' | 'heartbeat') => ({
    [ids.a]: lab.address('a', network),
    [ids.b]: lab.address('b', network),
  });
  return {
    application: 'web',
    profile,
    waitAfterStartSeconds: 0,
    arbiter,
    // In the place of a router: who cannot reach it serves nobody.
    isolationAddresses: [lab.address('client')],
    links: [
      { id: 'direct', addresses: both('heartbeat'), port: 7340 },
      { id: 'service', addresses: both('service'), port: 7350 },
    ],
    resources: [
      {
        id: 'vip',
        name: 'vip',
        kind: 'ip',
        address: `${lab.virtualAddress}/24`,
        interfaces: { '*': lab.interfaceName('service') },
      },
      {
        id: 'web',
        name: 'web',
        kind: 'process',
        command,
        after: ['vip'],
        stopTimeoutSeconds: 3,
        restartTriesMax,
      },
    ],
  };
}

/** Writes the service's files and returns its command: the same on both hosts, each nginx learns its name from its host. */
export function writeService(lab: Lab, dir: string): string[] {
  for (const node of ['a', 'b'] as const) writeFileSync(join(dir, `${node}.conf`), nginxConfig(node, dir));
  const own = lab.address('a').replaceAll('.', '\\.');
  const run = join(dir, 'run');
  const script = [
    `if ip -o addr | grep -q ' ${own}/'; then n=a; else n=b; fi`,
    `if [ -e ${dir}/stubborn ]; then`,
    `  trap '' TERM`,
    `  nginx -c ${dir}/$n.conf &`,
    '  while :; do sleep 1; done',
    'fi',
    `exec nginx -c ${dir}/$n.conf`,
  ];
  writeFileSync(run, `${script.join('\n')}\n`);
  return ['/bin/sh', run];
}
