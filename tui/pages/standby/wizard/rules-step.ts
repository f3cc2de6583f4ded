/** The step that asks what moves the application by itself, how often the two say that they live, and times of one's own. */
import type { PairConfig } from '../../../../src/contract/index.ts';
import type { Entry, Values } from '../../../components/form-state.ts';
import { line, span } from '../../../format/line.ts';
import { wrap } from '../../../format/width.ts';
import { choice, note, type Step, type StepContext, text } from './step.ts';

type Trigger = keyof PairConfig['triggers'];
type Timing = NonNullable<PairConfig['timing']>;

const triggers: readonly (readonly [name: Trigger, label: string, on: string])[] = [
  ['peerLost', 'Other node silent', 'takes over once its lease has run out'],
  ['network', 'Network lost', 'hands over at once'],
  ['resource', 'Resource failed', 'hands over after its restart tries'],
  ['process', 'Own process down', 'hands over to a node that is well'],
  ['storage', 'Storage lost', 'hands over to a node that is well'],
];

/** What a hub is given by default; the node refuses times that would let two be active. */
const times: readonly (readonly [name: keyof Timing, label: string, suggestedMs: number])[] = [
  ['renewIntervalMs', 'Renew every, ms', 500],
  ['leaseMs', 'Lease, ms', 1_500],
  ['stopMs', 'Stop within, ms', 500],
  ['takeOverAfterMs', 'Take over after, ms', 2_400],
  ['rpcTimeoutMs', 'Arbiter answers in, ms', 500],
  ['storeFailoverMs', 'Its own failover, ms', 0],
];

const fieldOf = (name: Trigger) => `trigger.${name}`;
const timeFieldOf = (name: keyof Timing) => `time.${name}`;

export const rulesStep: Step = {
  title: 'Rules and times',
  intro: () => ['What moves the application by itself, and how soon.'],
  entries(context) {
    return [
      ...triggers.map(([name, label, on]) =>
        choice(context, fieldOf(name), label, [
          ['on', on],
          ['off', 'does nothing by itself'],
        ]),
      ),
      whole(context, 'linkInterval', 'Heartbeat every, ms', { value: 250, least: 50, most: 10_000 }),
      whole(context, 'linkLost', 'Lost ones that count', { value: 4, least: 1, most: 100 }),
      whole(context, 'waitAfterStart', 'Wait after start, s', { value: 60, least: 0, most: 3_600 }),
      ...(context.draft.values.profile === 'custom'
        ? times.map(([name, label, value]) =>
            whole(context, timeFieldOf(name), label, { value, least: 0, most: 600_000 }),
          )
        : [
            note((_values, width) =>
              wrap('Times of your own: Speed "custom" in the step Application.', width).map((row) =>
                line(span(row, 'dim')),
              ),
            ),
          ]),
    ];
  },
  next: () => 'Next',
};

function whole(
  context: StepContext,
  name: string,
  label: string,
  { value, least, most }: { value: number; least: number; most: number },
): Entry {
  return text(context, name, label, {
    value: String(value),
    check: (typed) =>
      /^\d{1,9}$/.test(typed.trim()) && Number(typed) >= least && Number(typed) <= most
        ? null
        : `a whole number from ${least} to ${most}`,
  });
}

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
