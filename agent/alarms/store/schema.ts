/** The tables of `alarms.db`, and what an event looks like in them. */
import { z } from 'zod';
import { alarmCategorySchema, alarmContentSchema } from '../../../src/contract/index.ts';
import type { AlarmEvent } from '../types.ts';

export const storeVersion = 1;

/**
 * `event`: one row an event; its text (`event`) never changes, what became of it does. `state` is the place in the contract's
 * `alarmStates`, `category` the one in `alarmCategories`. `settled_n`, `seen_n`: the audit entry that vouches for the columns
 * before it.
 * `audit`: append-only, each entry hashed over the one before. `ref` is an event's number.
 * `hour`: the lowest and highest number received in an hour since 1970, so that a time finds its rows.
 * `account`: what its events up to `counted` add up to, and when it was last heard; no row has events above its own
 * `counted` and up to the one in `store` that it does not count.
 * `store`: one row. `head`: last audit entry. `anchor`: the entry before the oldest one that is kept.
 */
export const storeSql = `
CREATE TABLE IF NOT EXISTS event (
  number INTEGER PRIMARY KEY,
  fingerprint BLOB NOT NULL,
  account TEXT NOT NULL,
  code TEXT,
  category INTEGER NOT NULL,
  received_ms INTEGER NOT NULL,
  stored_ms INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  output TEXT,
  arc_ack_ms INTEGER,
  problem TEXT,
  settled_n INTEGER,
  seen_by TEXT,
  seen_ms INTEGER,
  seen_n INTEGER,
  resent_of INTEGER,
  event TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS event_account ON event (account);
CREATE INDEX IF NOT EXISTS event_code ON event (code);
CREATE INDEX IF NOT EXISTS event_category ON event (category);
CREATE INDEX IF NOT EXISTS event_received ON event (received_ms);
CREATE INDEX IF NOT EXISTS event_state ON event (state) WHERE state <> 2;
CREATE INDEX IF NOT EXISTS event_unseen ON event (seen_ms) WHERE seen_ms IS NULL;
CREATE TABLE IF NOT EXISTS audit (
  n INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  ref INTEGER NOT NULL,
  detail TEXT,
  digest BLOB NOT NULL,
  chain BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS hour (hour INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS account (
  account TEXT PRIMARY KEY,
  alarms INTEGER NOT NULL,
  first_alarm_ms INTEGER,
  last_alarm_ms INTEGER,
  activated_ms INTEGER,
  heard_ms INTEGER,
  counted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS store (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_number INTEGER NOT NULL,
  head_n INTEGER NOT NULL,
  head_chain BLOB NOT NULL,
  anchor_n INTEGER NOT NULL,
  anchor_chain BLOB NOT NULL,
  removed_to INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  received INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  duplicates INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO store VALUES (1, 0, 0, zeroblob(32), 0, zeroblob(32), 0, 0, 0, 0, 0, 0);`;

const shortText = z.string().max(64);
const wireText = z.string().max(8_192);

/** An event from a file or a wire; bounded. */
export const alarmEventSchema: z.ZodType<AlarmEvent> = z.strictObject({
  id: shortText,
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
  kind: z.enum(['device', 'supervision']),
  account: z.string().max(16),
  known: z.boolean(),
  format: z.string().max(16),
  sequence: z.string().max(8),
  data: wireText,
  extended: z.array(z.strictObject({ type: z.string().max(1), value: wireText })).max(4_096),
  content: alarmContentSchema,
  category: alarmCategorySchema,
  receivedMs: z.number().int().nonnegative(),
  deviceTimeMs: z.number().int().nullable(),
  way: z.enum(['direct', 'hub', 'local']),
  source: shortText,
  encrypted: z.boolean(),
  raw: wireText,
  takenBy: shortText,
  forward: z.boolean(),
});
