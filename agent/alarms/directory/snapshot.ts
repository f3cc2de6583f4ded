/** The directory as lines of JSON: a head that counts what follows, then a device, output or mapping a line. Read whole or refused. */
import { z } from 'zod';
import {
  type AlarmOutput,
  alarmOutputSchema,
  type DeviceConfig,
  deviceConfigSchema,
  type EventMapping,
  eventMappingSchema,
} from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { devicesMax, mappingsMax, outputsMax } from './types.ts';

/** Lines worked on before others get their turn: some ten milliseconds. */
export const linesPerTurn = 500;

const headSchema = z.strictObject({
  format: z.literal('holdfast-directory-1'),
  devices: z.number().int().min(0).max(devicesMax),
  outputs: z.number().int().min(0).max(outputsMax),
  mappings: z.number().int().min(0).max(mappingsMax),
});

export interface Snapshot {
  /** A device each, keys open; `deviceOf` reads one. */
  readonly deviceLines: readonly string[];
  readonly outputs: readonly AlarmOutput[];
  readonly mappings: readonly EventMapping[];
}

export function headLine(counts: { devices: number; outputs: number; mappings: number }): string {
  return JSON.stringify({ format: 'holdfast-directory-1', ...counts });
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** `rest`: JSON of the settings that are not named. The same text for the same device, so that equal ones need not be read. */
export function deviceLine(head: object & { readonly account: string }, rest: string): string {
  return `${JSON.stringify(head).slice(0, -1)},${rest.slice(1)}`;
}

/** Of a line that `deviceLine` made; `''` for another. */
export function accountOfLine(line: string): string {
  return /^\{"account":"([0-9A-Z]{3,16})"/.exec(line)?.[1] ?? '';
}

/** @throws AppError `data_loss`. */
export function deviceOf(line: string): DeviceConfig {
  return parsed(deviceConfigSchema, line);
}

/** @throws AppError `data_loss` for anything else than what `headLine` and the lines after it say. */
export function readSnapshot(body: Uint8Array): Snapshot {
  const lines = new TextDecoder().decode(body).split('\n');
  const head = parsed(headSchema, lines[0] ?? '');
  const all = head.devices + head.outputs + head.mappings;
  if (lines.length !== all + 1) throw damaged(`${lines.length - 1} lines instead of ${all}`);
  const from = { outputs: 1 + head.devices, mappings: 1 + head.devices + head.outputs };
  return {
    deviceLines: lines.slice(1, from.outputs),
    outputs: lines.slice(from.outputs, from.mappings).map((line) => parsed(alarmOutputSchema, line)),
    mappings: lines.slice(from.mappings).map((line) => parsed(eventMappingSchema, line)),
  };
}

function parsed<Value>(schema: z.ZodType<Value>, line: string): Value {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    throw damaged('a line that does not read');
  }
}

function damaged(what: string): AppError {
  return new AppError('data_loss', `the copy of the directory is damaged: ${what}`, {
    hint: 'Let the host publish it again: holdfast device sync.',
  });
}
