/** The tables of `devices.db`. */
import { z } from 'zod';
import { deviceConfigSchema, deviceModes } from '../../../src/contract/index.ts';

export const directoryVersion = 1;

/**
 * `device`: what is in memory of a device has columns of its own; `rest` is JSON of the rest of its settings, without the key.
 * `key`: sealed, bound to its account. `areas` to `users`: how many there are.
 * `output`: in order of `place`; `config` is JSON without the key.
 */
export const directorySql = `
CREATE TABLE IF NOT EXISTS directory (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO directory VALUES (1, 0);
CREATE TABLE IF NOT EXISTS device (
  account TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  serial TEXT NOT NULL,
  mode TEXT NOT NULL,
  key TEXT,
  require_encryption INTEGER NOT NULL,
  supervision_seconds INTEGER,
  enabled INTEGER NOT NULL,
  areas INTEGER NOT NULL,
  zones INTEGER NOT NULL,
  channels INTEGER NOT NULL,
  users INTEGER NOT NULL,
  rest TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS output (
  id TEXT PRIMARY KEY,
  place INTEGER NOT NULL,
  key TEXT,
  config TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS mapping (code TEXT PRIMARY KEY, config TEXT NOT NULL) STRICT;`;

export const headRowSchema = z.object({
  account: z.string(),
  name: z.string(),
  serial: z.string(),
  mode: z.enum(deviceModes),
  key: z.string().nullable(),
  require_encryption: z.number(),
  supervision_seconds: z.number().nullable(),
  enabled: z.number(),
});
export type HeadRow = z.infer<typeof headRowSchema>;

export const deviceRowSchema = headRowSchema.extend({
  areas: z.number(),
  zones: z.number(),
  channels: z.number(),
  users: z.number(),
  rest: z.string(),
});
export type DeviceRow = z.infer<typeof deviceRowSchema>;

export const restSchema = deviceConfigSchema.pick({
  model: true,
  version: true,
  areas: true,
  zones: true,
  channels: true,
  users: true,
});
