/** Rules and times of a pair as flat answers, and back: what moves the application by itself, and how soon. */
import type { PairConfig } from '../../../../src/contract/index.ts';
import type { Values } from '../../../components/form-state.ts';

type Trigger = keyof PairConfig['triggers'];
type Timing = NonNullable<PairConfig['timing']>;

export const triggers: readonly (readonly [name: Trigger, label: string, on: string])[] = [
  ['peerLost', 'Other node silent', 'takes over once its lease has run out'],
  ['network', 'Network lost', 'hands over at once'],
  ['resource', 'Resource failed', 'hands over after its restart tries'],
  ['process', 'Own process down', 'hands over to a node that is well'],
  ['storage', 'Storage lost', 'hands over to a node that is well'],
];

/** What a hub is given by default; the node refuses times that would let two be active. */
export const times: readonly (readonly [name: keyof Timing, label: string, suggestedMs: number])[] = [
  ['renewIntervalMs', 'Renew every, ms', 500],
  ['leaseMs', 'Lease, ms', 1_500],
  ['stopMs', 'Stop within, ms', 500],
  ['takeOverAfterMs', 'Take over after, ms', 2_400],
  ['rpcTimeoutMs', 'Arbiter answers in, ms', 500],
  ['storeFailoverMs', 'Its own failover, ms', 0],
];

export const fieldOf = (name: Trigger) => `trigger.${name}`;
export const timeFieldOf = (name: keyof Timing) => `time.${name}`;

/** The answers that a pair's settings are. */
export function rulesValues(config: PairConfig): Record<string, string> {
  const [link] = config.links;
  const { timing } = config;
  return {
    ...Object.fromEntries(triggers.map(([name]) => [fieldOf(name), config.triggers[name] ? 'on' : 'off'])),
    ...(link ? { linkInterval: String(link.intervalMs), linkLost: String(link.lostPacketsMax) } : {}),
    waitAfterStart: String(config.waitAfterStartSeconds),
    ...(timing === null
      ? {}
      : Object.fromEntries(times.map(([name]) => [timeFieldOf(name), String(timing[name])]))),
  };
}

/** The settings that the answers are; what was not answered is left out. */
export function rulesOf(values: Values): Partial<Record<keyof PairConfig, unknown>> {
  const answered = triggers.some(([name]) => values[fieldOf(name)] !== undefined);
  return {
    ...(answered
      ? { triggers: Object.fromEntries(triggers.map(([name]) => [name, values[fieldOf(name)] !== 'off'])) }
      : {}),
    ...(values.waitAfterStart === undefined ? {} : { waitAfterStartSeconds: Number(values.waitAfterStart) }),
    timing:
      values.profile === 'custom'
        ? Object.fromEntries(
            times.map(([name, _label, ms]) => [name, Number(values[timeFieldOf(name)] ?? ms)]),
          )
        : null,
  };
}

/** Of every link alike. */
export function linkRulesOf(values: Values): { intervalMs?: number; lostPacketsMax?: number } {
  return {
    ...(values.linkInterval === undefined ? {} : { intervalMs: Number(values.linkInterval) }),
    ...(values.linkLost === undefined ? {} : { lostPacketsMax: Number(values.linkLost) }),
  };
}
