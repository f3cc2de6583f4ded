/** The flags of the test panel, read and bounded. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AppError } from '../../src/errors.ts';
import { fromErrno } from '../adapters/errno.ts';
import { createFrameCipher, parseKey } from '../alarms/dc09/crypt.ts';
import type { FrameCipher } from '../alarms/dc09/frame.ts';
import { type PanelOptions, panelFaults, type Target } from './options.ts';

const defaultPort = '6080';
const targetsMax = 8;
const eventsMax = 1_000;
const connectionsDefaultMax = 16;
const siaEvents = ['Nri1/BA001', 'Nri1/BR001', 'Nri1/OP501', 'Nri1/CL501', 'Nri2/FA003', 'Nri2/FR003', 'NRP'];
const contactIdEvents = [
  '1130 01 001',
  '3130 01 001',
  '1401 01 501',
  '3401 01 501',
  '1110 02 003',
  '1602 00 000',
];
/** What stands between the bar and the bracket: no field may be ended by it. */
const eventForm = /^[ -Z^-{}~]{2,200}$/;

export interface PanelFlags {
  readonly options: PanelOptions;
  readonly json: boolean;
  /** Where each acknowledged event is written down, `account number` a line; null: nowhere. */
  readonly recordPath: string | null;
}

export function readFlags(args: readonly string[]): PanelFlags {
  const values = parse(args);
  const fault = oneOf('fault', values.fault, panelFaults);
  const format = oneOf('format', values.format, ['sia', 'cid'] as const) ?? 'sia';
  const count = fault === 'flood' ? 1 : number('count', values.count, 1, 100_000);
  const sia = format === 'sia';
  const defaults = sia ? siaEvents : contactIdEvents;
  const first = values.first.toUpperCase();
  if (!/^[0-9A-Z]{0,12}\d{3,16}$/.test(first)) {
    throw invalid(`--first takes an account that ends in three digits or more, not "${values.first}".`);
  }
  return {
    json: values.json,
    recordPath: values.record ?? null,
    options: {
      targets: readTargets(values.to.length === 0 ? [`127.0.0.1:${defaultPort}`] : values.to),
      secondWay: readTargets(values.also),
      count,
      first: fault === 'unknown' ? `FEED${first}`.slice(0, 16) : first,
      ratePerSecond: fault === 'flood' ? 0 : number('rate', values.rate, 0, 100_000),
      durationMs: number('seconds', values.seconds, 0, 86_400) * 1_000,
      drainMs: number('drain', values.drain, 0, 3_600) * 1_000,
      format: sia ? 'SIA-DCS' : 'ADM-CID',
      cipher: readCipher(values.key, values['key-file']),
      transport: values.udp ? 'udp' : 'tcp',
      connections:
        values.connections === undefined
          ? Math.min(count, connectionsDefaultMax)
          : number('connections', values.connections, 1, 4_096),
      spread: values.spread,
      responseTimeoutMs: number('timeout', values.timeout, 0.1, 60) * 1_000,
      attempts: number('attempts', values.attempts, 1, 100),
      heartbeatMs: number('heartbeat', values.heartbeat, 0, 86_400) * 1_000,
      events: values.events === undefined ? defaults : readEvents(values.events, sia),
      fault,
      run: randomBytes(3).toString('hex'),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        to: { type: 'string', multiple: true, default: [] },
        also: { type: 'string', multiple: true, default: [] },
        count: { type: 'string', default: '1' },
        first: { type: 'string', default: '1000' },
        rate: { type: 'string', default: '1' },
        seconds: { type: 'string', default: '0' },
        drain: { type: 'string', default: '15' },
        format: { type: 'string', default: 'sia' },
        key: { type: 'string' },
        'key-file': { type: 'string' },
        udp: { type: 'boolean', default: false },
        connections: { type: 'string' },
        spread: { type: 'boolean', default: false },
        timeout: { type: 'string', default: '5' },
        attempts: { type: 'string', default: '3' },
        heartbeat: { type: 'string', default: '0' },
        events: { type: 'string' },
        fault: { type: 'string' },
        record: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    throw new AppError(
      'invalid_input',
      cause instanceof Error ? cause.message : 'The flags cannot be read.',
      {
        cause,
      },
    );
  }
}

const invalid = (message: string, hint?: string) =>
  new AppError('invalid_input', message, hint === undefined ? {} : { hint });

function number(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= min && value <= max) return value;
  throw invalid(`--${name} takes a number from ${min} to ${max}, not "${text}".`);
}

/** In a file nobody sees it who looks at what runs on the machine. */
function readCipher(key: string | undefined, path: string | undefined): FrameCipher | null {
  const hex = path === undefined ? key : readText(path, 'the key').trim();
  return hex === undefined ? null : createFrameCipher(parseKey(hex), randomBytes);
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw fromErrno(cause, `read ${what} in ${path}`);
  }
}

function oneOf<const T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
): T | null {
  if (text === undefined) return null;
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  throw invalid(`--${name} knows no "${text}".`, `It takes one of ${known.join(', ')}.`);
}

function readTargets(texts: readonly string[]): Target[] {
  if (texts.length > targetsMax) throw invalid(`At most ${targetsMax} addresses can be followed.`);
  return texts.map((text) => {
    const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:]{1,253}))(?::(\d{1,5}))?$/.exec(text);
    const port = Number(match?.[3] ?? defaultPort);
    if (match === null || port < 1 || port > 65_535) {
      throw invalid(`"${text}" is no address.`, 'Write HOST:PORT, an IPv6 host in brackets.');
    }
    return { host: match[1] ?? match[2] ?? '', port };
  });
}

/** A line an event: a code such as `BA` or `130`, or the data itself; `#` begins a remark. */
function readEvents(path: string, sia: boolean): string[] {
  const text = readText(path, 'the events');
  const lines = text.split('\n').map((line) => line.replace(/#.*$/, '').trim());
  const events = lines.filter((line) => line !== '').map((line) => eventOf(line, sia));
  if (events.length > 0 && events.length <= eventsMax) return events;
  throw invalid(`${path} holds ${events.length} events; 1 to ${eventsMax} can be used.`);
}

function eventOf(line: string, sia: boolean): string {
  const short = sia ? /^([A-Z]{2})(\d{0,4})$/.exec(line) : /^([136]?)([0-9A-F]{3})$/.exec(line);
  if (short !== null) {
    return sia ? `Nri1/${short[1]}${short[2] || '001'}` : `${short[1] || '1'}${short[2]} 01 001`;
  }
  if (eventForm.test(line)) return line;
  throw invalid(
    `"${line.slice(0, 40)}" is no event.`,
    'Write BA, BA015 or Nri1/BA015; for Contact ID 130 or 1130 01 015.',
  );
}
