/** Devices and event mappings as files: CSV and JSON in, CSV out; what is wrong is told with its line. Pure. */
import { z } from 'zod';
import {
  type DeviceConfig,
  deviceConfigSchema,
  type EventMapping,
  eventMappingSchema,
} from '../contract/index.ts';
import { delimitedLine } from './delimited.ts';
import { type FileItems, parseItemFile } from './item-file.ts';
import { formatPartList, type ListedPart, parsePartList } from './part-list.ts';

const deviceColumns = [
  'account',
  'name',
  'serial',
  'model',
  'version',
  'mode',
  'key',
  'requireEncryption',
  'supervisionSeconds',
  'enabled',
  'areas',
  'zones',
  'channels',
  'users',
] as const;
type DeviceColumn = (typeof deviceColumns)[number];

const mappingColumns = ['code', 'words', 'category', 'sia', 'contactId', 'forward'] as const;
type MappingColumn = (typeof mappingColumns)[number];

/**
 * Devices of a file. CSV has a header row with these columns in any order, of which `account` and `name` must be there:
 * `account`, `name`, `serial`, `model`, `version`, `mode` (direct, hub, dual), `key` (hex; empty: the one that is set stays,
 * of a new device none; `none`: no key), `requireEncryption` and `enabled` (yes, no), `supervisionSeconds` (empty: not
 * supervised), `areas` and `users` (`1=Hall;2=Office`), `zones` (`1=Door|1|2`: area 1, channel 2), `channels`
 * (`1=Yard|c3`: camera c3). Cells are separated by commas, semicolons or tabs, and quoted where they hold one.
 * JSON is a list of devices as the API has them, or an object with such a list under `devices`.
 * @throws AppError `invalid_input` for a file that is too large or is not one at all.
 */
export function parseDeviceFile(text: string): FileItems<DeviceConfig> {
  return parseItemFile(text, {
    list: 'devices',
    columns: deviceColumns,
    required: ['account', 'name'],
    fromCells: deviceOfCells,
    schema: z.strictObject(deviceConfigSchema.shape),
    nameOf: ({ account }) => `account ${account}`,
  });
}

/** Event mappings of a file: `code`, `words`, `category`, `sia`, `contactId`, `forward` (yes, no); JSON with a list or `mappings`. */
export function parseMappingFile(text: string): FileItems<EventMapping> {
  return parseItemFile(text, {
    list: 'mappings',
    columns: mappingColumns,
    required: ['code'],
    fromCells: mappingOfCells,
    schema: z.strictObject(eventMappingSchema.shape),
    nameOf: ({ code }) => `code ${code}`,
  });
}

/** What `parseDeviceFile` reads. A key that is set and not shown (`''`) is left empty. */
export function formatDevices(devices: readonly DeviceConfig[]): string {
  const lines = devices.map((device) => {
    const cells: Record<DeviceColumn, string> = {
      ...device,
      key: device.key ?? 'none',
      requireEncryption: yesNo(device.requireEncryption),
      supervisionSeconds: device.supervisionSeconds === null ? '' : String(device.supervisionSeconds),
      enabled: yesNo(device.enabled),
      areas: formatPartList(device.areas.map(plainPart)),
      zones: formatPartList(
        device.zones.map(({ number, name, area, channel }) => ({ number, name, more: [area, channel] })),
      ),
      channels: formatPartList(
        device.channels.map(({ number, name, camera }) => ({ number, name, more: [camera] })),
      ),
      users: formatPartList(device.users.map(plainPart)),
    };
    return delimitedLine(deviceColumns.map((column) => cells[column]));
  });
  return [delimitedLine(deviceColumns), ...lines, ''].join('\n');
}

/** What `parseMappingFile` reads. */
export function formatMappings(mappings: readonly EventMapping[]): string {
  const lines = mappings.map(({ code, words, category, sia, contactId, forward }) =>
    delimitedLine([code, words ?? '', category ?? '', sia ?? '', contactId ?? '', yesNo(forward)]),
  );
  return [delimitedLine(mappingColumns), ...lines, ''].join('\n');
}

function deviceOfCells(cells: ReadonlyMap<DeviceColumn, string>): object | string {
  const lists = new Map<DeviceColumn, ListedPart[]>();
  for (const column of ['areas', 'zones', 'channels', 'users'] as const) {
    const parts = parsePartList(cells.get(column) ?? '');
    const whole = parts.filter((part) => part !== null);
    if (whole.length < parts.length) return `${column}: as 1=Hall;2=Office`;
    lists.set(column, whole);
  }
  const requireEncryption = truth(cells.get('requireEncryption'), false);
  const enabled = truth(cells.get('enabled'), true);
  if (requireEncryption === null) return 'requireEncryption: yes or no';
  if (enabled === null) return 'enabled: yes or no';
  const seconds = cells.get('supervisionSeconds') ?? '';
  const key = cells.get('key') ?? '';
  const given = (column: DeviceColumn) => ({ [column]: cells.get(column) || undefined });
  const list = (column: DeviceColumn) => lists.get(column) ?? [];
  return {
    account: cells.get('account')?.toUpperCase(),
    ...given('name'),
    ...given('serial'),
    ...given('model'),
    ...given('version'),
    ...{ mode: cells.get('mode')?.toLowerCase() || undefined },
    key: key.toLowerCase() === 'none' ? null : key,
    requireEncryption,
    supervisionSeconds: seconds === '' ? null : Number(seconds),
    enabled,
    areas: list('areas').map(({ number, name }) => ({ number, name })),
    zones: list('zones').map(({ number, name, more: [area = null, channel = null] }) => ({
      ...{ number, name, area, channel },
    })),
    channels: list('channels').map(({ number, name, more: [camera = null] }) => ({ number, name, camera })),
    users: list('users').map(({ number, name }) => ({ number, name })),
  };
}

function mappingOfCells(cells: ReadonlyMap<MappingColumn, string>): object | string {
  const forward = truth(cells.get('forward'), true);
  if (forward === null) return 'forward: yes or no';
  const orNull = (column: MappingColumn) => cells.get(column) || null;
  return {
    code: cells.get('code')?.toUpperCase(),
    words: orNull('words'),
    category: orNull('category')?.toLowerCase() ?? null,
    sia: orNull('sia')?.toUpperCase() ?? null,
    contactId: orNull('contactId')?.toUpperCase() ?? null,
    forward,
  };
}

/** Null for a word that is neither. */
function truth(cell: string | undefined, otherwise: boolean): boolean | null {
  const word = (cell ?? '').toLowerCase();
  if (word === '') return otherwise;
  if (['yes', 'true', 'on', '1'].includes(word)) return true;
  return ['no', 'false', 'off', '0'].includes(word) ? false : null;
}

const yesNo = (value: boolean) => (value ? 'yes' : 'no');
const plainPart = ({ number, name }: { number: string; name: string }): ListedPart => ({
  number,
  name,
  more: [],
});
