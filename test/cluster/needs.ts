/** What a proof in the lab needs of the machine; says loudly what is missing. */
import { spawnSync } from 'node:child_process';
import { isLabPossible } from './lab.ts';

const always: Readonly<Record<string, string>> = { nginx: 'nginx-light', nft: 'nftables', ip: 'iproute2' };

/** `packages`: further programs, each with the package that brings it. */
export function canProve(what: string, packages: Readonly<Record<string, string>> = {}): boolean {
  const missing = Object.entries({ ...always, ...packages }).flatMap(([program, name]) =>
    spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0 ? [] : [name],
  );
  if (isLabPossible() && missing.length === 0) return true;
  const words = missing.length > 0 ? ` and the packages ${missing.join(', ')}` : '';
  console.warn(`SKIPPED: ${what}: it needs root, network namespaces${words}`);
  return false;
}
