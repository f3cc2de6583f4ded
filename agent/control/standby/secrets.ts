/** The secrets of a pair's settings: taken out and sealed for the disk, masked for replies, put back for the guard and the peer. */
import type { PairConfig, ResourceConfig } from '../../../src/contract/index.ts';

export const secretMask = '***';
const secretParameter = /pass|secret|key|token/i;

/** By their place: `arbiter.key`, `arbiter.password`, `<resource>.password`, `<resource>.<parameter>`. */
export type Secrets = Record<string, string>;

/** Replaces each secret by what `replace` gives for its place; null leaves it. */
function mapSecrets(config: PairConfig, replace: (place: string, value: string) => string): PairConfig {
  return {
    ...config,
    arbiter: mapArbiter(config.arbiter, replace),
    resources: config.resources.map((resource) => mapResource(resource, replace)),
  };
}

function mapArbiter(
  arbiter: PairConfig['arbiter'],
  replace: (place: string, value: string) => string,
): PairConfig['arbiter'] {
  if (arbiter.kind === 'hub') return { ...arbiter, key: replace('arbiter.key', arbiter.key) };
  if (arbiter.kind !== 'etcd' && arbiter.kind !== 'nats') return arbiter;
  if (arbiter.password === null) return arbiter;
  return { ...arbiter, password: replace('arbiter.password', arbiter.password) };
}

function mapResource(
  resource: ResourceConfig,
  replace: (place: string, value: string) => string,
): ResourceConfig {
  if (resource.kind === 'volume' && resource.password !== null) {
    return { ...resource, password: replace(`${resource.id}.password`, resource.password) };
  }
  if (resource.kind !== 'ocf') return resource;
  const parameters = Object.entries(resource.parameters).map(([name, value]) => [
    name,
    secretParameter.test(name) ? replace(`${resource.id}.${name}`, value) : value,
  ]);
  return { ...resource, parameters: Object.fromEntries(parameters) };
}

/** For replies and for the disk. */
export function maskPair(config: PairConfig): PairConfig {
  return mapSecrets(config, () => secretMask);
}

export function secretsOf(config: PairConfig): Secrets {
  const secrets: Secrets = {};
  mapSecrets(config, (place, value) => {
    secrets[place] = value;
    return value;
  });
  return secrets;
}

/** Puts secrets where the mask stands; a mask without a secret stays, and opens nothing. */
export function unmaskPair(config: PairConfig, secrets: Secrets): PairConfig {
  return mapSecrets(config, (place, value) => (value === secretMask ? (secrets[place] ?? value) : value));
}
