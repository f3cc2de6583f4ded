/** The fault switches of the test camera: parsed from `name` or `name=value`, each with its unit, range and default. */
import { AppError } from '../../src/errors.ts';

export interface Faults {
  /** Share of RTP packets that are never sent, 0 to 1. */
  readonly dropShare: number;
  /** Share of RTP packets that change places with the one behind. */
  readonly reorderShare: number;
  /** Every 30 s the camera falls silent for this long. */
  readonly stallMs: number;
  /** The connection is reset after playing this long; 0: never. */
  readonly resetMs: number;
  /** After ten seconds of playing, RTP time jumps by this much; may be negative. */
  readonly clockStepMs: number;
  /** Frames a second that are really delivered, where 25 are stamped. */
  readonly deliveredRate: number;
  readonly badSdp: boolean;
  readonly wrongAuth: boolean;
  readonly noParameterSets: boolean;
}

export const noFaults: Faults = {
  dropShare: 0,
  reorderShare: 0,
  stallMs: 0,
  resetMs: 0,
  clockStepMs: 0,
  deliveredRate: 25,
  badSdp: false,
  wrongAuth: false,
  noParameterSets: false,
};

type Parser = (value: string | undefined) => Partial<Faults>;

const parsers: Readonly<Record<string, Parser>> = {
  drop: (value) => ({ dropShare: share('drop', value ?? '1%') }),
  reorder: (value) => ({ reorderShare: share('reorder', value ?? '1%') }),
  stall: (value) => ({ stallMs: seconds('stall', value ?? '5s', { from: 0.1, to: 29 }) }),
  reset: (value) => ({ resetMs: seconds('reset', value ?? '30s', { from: 0.1, to: 86_400 }) }),
  'clock-step': (value) => ({
    clockStepMs: seconds('clock-step', value ?? '60s', { from: -86_400, to: 86_400 }),
  }),
  slow: (value) => ({ deliveredRate: rate(value ?? '21') }),
  'bad-sdp': (value) => ({ badSdp: flag('bad-sdp', value) }),
  'wrong-auth': (value) => ({ wrongAuth: flag('wrong-auth', value) }),
  'no-parameter-sets': (value) => ({ noParameterSets: flag('no-parameter-sets', value) }),
};

/** What `--fault` takes, for help texts. */
const faultHelp =
  'drop=1%, reorder=1%, stall=5s, reset=30s, clock-step=60s, slow=21 (frames/s), bad-sdp, wrong-auth, no-parameter-sets';

/** Throws `invalid_input` that names the switch and what it takes. */
export function parseFaults(texts: readonly string[]): Faults {
  return Object.assign({}, noFaults, ...texts.map(parseFault));
}

function parseFault(text: string): Partial<Faults> {
  const [name = '', value, ...rest] = text.trim().split('=');
  const parser = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
  if (parser === undefined || rest.length > 0) throw refused(`There is no fault "${text}".`);
  return parser(value);
}

function share(name: string, value: string): number {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1];
  if (percent === undefined || Number(percent) > 100) {
    throw refused(`Fault ${name} takes a percentage from 0% to 100%, not "${value}".`);
  }
  return Number(percent) / 100;
}

function seconds(name: string, value: string, range: { from: number; to: number }): number {
  const number = /^(-?\d+(?:\.\d+)?)s?$/.exec(value)?.[1];
  if (number === undefined || Number(number) < range.from || Number(number) > range.to) {
    throw refused(`Fault ${name} takes ${range.from}s to ${range.to}s, not "${value}".`);
  }
  return Number(number) * 1000;
}

function rate(value: string): number {
  if (!/^\d+(\.\d+)?$/.test(value) || Number(value) < 1 || Number(value) > 50) {
    throw refused(`Fault slow takes 1 to 50 frames a second, not "${value}".`);
  }
  return Number(value);
}

function flag(name: string, value: string | undefined): true {
  if (value !== undefined) throw refused(`Fault ${name} takes no value.`);
  return true;
}

function refused(message: string): AppError {
  return new AppError('invalid_input', message, { hint: `Faults: ${faultHelp}.` });
}
