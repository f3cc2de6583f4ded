/** Walks the audit a step at a time and holds each event against it: what was changed, removed or slipped in is found. */
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { alarmCategorySchema } from '../../../src/contract/index.ts';
import { chainOf, digestOf } from './chain.ts';
import { seenText, settledText } from './codec.ts';
import type { VerifyStep } from './messages.ts';
import { acknowledged, categoryNumber, refused } from './state.ts';

/** Entries a step: some ten milliseconds. */
const entriesPerStep = 500;

const bytes = z.instanceof(Uint8Array);
const entrySchema = z.object({
  n: z.number(),
  time_ms: z.number(),
  what: z.string(),
  ref: z.number(),
  detail: z.string().nullable(),
  digest: bytes,
  chain: bytes,
  number: z.number().nullable(),
  fingerprint: bytes.nullable(),
  account: z.string().nullable(),
  code: z.string().nullable(),
  category: z.number().nullable(),
  received_ms: z.number().nullable(),
  stored_ms: z.number().nullable(),
  state: z.number().nullable(),
  attempts: z.number().nullable(),
  output: z.string().nullable(),
  arc_ack_ms: z.number().nullable(),
  problem: z.string().nullable(),
  settled_n: z.number().nullable(),
  seen_by: z.string().nullable(),
  seen_ms: z.number().nullable(),
  seen_n: z.number().nullable(),
  resent_of: z.number().nullable(),
  event: z.string().nullable(),
});
type Entry = z.infer<typeof entrySchema>;

/** What has columns of its own. */
const namedSchema = z.object({
  fingerprint: z.string(),
  account: z.string(),
  content: z.object({ code: z.string().nullable() }),
  category: alarmCategorySchema,
  receivedMs: z.number(),
});

const storeSchema = z.object({
  head_n: z.number(),
  head_chain: bytes,
  anchor_n: z.number(),
  anchor_chain: bytes,
  removed_to: z.number(),
  last_number: z.number(),
});
type StoreRow = z.infer<typeof storeSchema>;
const extraSchema = z.object({ number: z.number() }).optional();

interface Link {
  readonly n: number;
  readonly chain: Uint8Array;
}

/** `from`: null for the first step. All of a step is one view of the file. */
export function verifyStep(database: DatabaseSync, from: Link | null): VerifyStep {
  database.exec('BEGIN');
  try {
    return step(database, from);
  } finally {
    database.exec('ROLLBACK');
  }
}

function step(database: DatabaseSync, from: Link | null): VerifyStep {
  const store = storeSchema.parse(database.prepare('SELECT * FROM store').get());
  const anchor: Link = { n: store.anchor_n, chain: store.anchor_chain };
  // Retention may have passed by what was to be walked next.
  let last = from === null || from.n < anchor.n ? anchor : from;
  const head = Buffer.from(store.head_chain).toString('hex');
  const entries = database
    .prepare(
      'SELECT audit.*, event.* FROM audit LEFT JOIN event ON number = ref WHERE n > ? ORDER BY n LIMIT ?',
    )
    .all(last.n, entriesPerStep);
  let checked = 0;
  const ends = (firstBad: number | null): VerifyStep => ({ checked, firstBad, next: null, head });
  for (const raw of entries) {
    const entry = entrySchema.parse(raw);
    if (!isNext(entry, last) || !vouchesFor(entry, store, last.n === anchor.n)) return ends(entry.ref);
    checked += 1;
    last = { n: entry.n, chain: entry.chain };
  }
  if (entries.length === entriesPerStep) return { checked, firstBad: null, next: last, head };
  const complete = last.n === store.head_n && Buffer.compare(last.chain, store.head_chain) === 0;
  return ends(complete ? unvouched(database, store) : store.last_number);
}

function isNext(entry: Entry, last: Link): boolean {
  const link = { n: entry.n, timeMs: entry.time_ms, what: entry.what, ref: entry.ref };
  return entry.n === last.n + 1 && same(chainOf(last.chain, link, entry.digest), entry.chain);
}

/** `first`: the oldest entry that is kept is of an event that is kept. */
function vouchesFor(entry: Entry, store: StoreRow, first: boolean): boolean {
  if (entry.number === null) return entry.ref <= store.removed_to && !first;
  switch (entry.what) {
    case 'event':
      return (
        same(digestOf(entry.event ?? ''), entry.digest) && columnsAreOfText(entry) && stateIsVouched(entry)
      );
    case 'settled':
      return entry.settled_n === entry.n && same(digestOf(settledOf(entry)), entry.digest);
    case 'acknowledged':
      return entry.seen_n === entry.n && same(digestOf(seenOf(entry)), entry.digest);
    case 'resent':
      return resentIsVouched(entry);
    default:
      return false;
  }
}

/** By which it is searched: a changed one would hide the event. */
function columnsAreOfText(entry: Entry): boolean {
  const event = namedSchema.parse(JSON.parse(entry.event ?? ''));
  return (
    entry.account === event.account &&
    entry.code === event.content.code &&
    entry.category === categoryNumber(event.category) &&
    entry.received_ms === event.receivedMs &&
    entry.stored_ms === entry.time_ms &&
    entry.fingerprint !== null &&
    Buffer.from(entry.fingerprint).toString('hex') === event.fingerprint
  );
}

/** What became of an event has an entry of its own; without one it must not have become anything. */
function stateIsVouched(entry: Entry): boolean {
  const settled = entry.state === acknowledged || entry.state === refused;
  return settled === (entry.settled_n !== null) && (entry.seen_ms !== null) === (entry.seen_n !== null);
}

function settledOf({ ref, state, attempts, output, arc_ack_ms, problem }: Entry): string {
  return settledText({
    ...{ number: ref, state: state ?? 0, attempts: attempts ?? 0, output },
    ...{ ackMs: arc_ack_ms, problem },
  });
}

function seenOf({ ref, seen_by, seen_ms }: Entry): string {
  return seenText({ number: ref, by: seen_by ?? '', atMs: seen_ms ?? 0 });
}

function resentIsVouched({ detail, digest, resent_of }: Entry): boolean {
  if (detail === null || !same(digestOf(detail), digest)) return false;
  const parsed = z.object({ of: z.number() }).safeParse(JSON.parse(detail));
  return parsed.success && parsed.data.of === resent_of;
}

/** An event above the last that the writer gave a number to was slipped in. */
function unvouched(database: DatabaseSync, store: StoreRow): number | null {
  const extra = database
    .prepare('SELECT number FROM event WHERE number > ? ORDER BY number LIMIT 1')
    .get(store.last_number);
  return extraSchema.parse(extra)?.number ?? null;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
