/** The rules of one account's queue: what is a duplicate, who may settle, and how much it holds. Nothing here waits. */
import { AppError } from '../../../src/errors.ts';
import { duplicateWindowMs } from '../../alarms/types.ts';
import type { HubEvent } from '../protocol/schema.ts';
import type { QueueRows, QueueState } from './rows.ts';

const eventsMax = 1_000_000;
const bytesMax = 1024 * 1024 * 1024;
/** Twice what 2,000 events a second leave in the duplicate window. */
const seenMax = 500_000;

export interface QueueLimits {
  eventsMax: number;
  bytesMax: number;
  /** Fingerprints in memory: of more the oldest are forgotten, and would be forwarded twice. */
  seenMax: number;
}
export const queueLimits: QueueLimits = { eventsMax, bytesMax, seenMax };

/** What a write gives to the rows, and where it takes its places from. */
interface WriteContext {
  account: string;
  rows: QueueRows;
  state: QueueState;
  limits: QueueLimits;
  nowMs: number;
}

/** Which of the events were there already. All of them are written, or none. @throws AppError `disk_full`. */
export function appendEvents(
  { account, rows, state, limits, nowMs }: WriteContext,
  events: readonly HubEvent[],
  nextPosition: () => number,
): number[] {
  forgetOld(state.seen, nowMs);
  const bytes = events.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  if (state.events + events.length > limits.eventsMax || state.bytes + bytes > limits.bytesMax)
    throw full(limits);
  const duplicates: number[] = [];
  for (const [at, event] of events.entries()) {
    if (state.seen.has(event.fingerprint)) {
      duplicates.push(at);
      continue;
    }
    rows.insert(account, nextPosition(), event, nowMs);
    state.seen.set(event.fingerprint, nowMs);
    forgetFirst(state.seen, limits.seenMax);
    state.events += 1;
    state.bytes += Buffer.byteLength(event.body);
  }
  return duplicates;
}

/** How many were still there. @throws AppError `not_active`. */
export function settleEvents(
  { account, rows, state }: WriteContext,
  epoch: number,
  positions: readonly number[],
): number {
  checkEpoch(state, epoch);
  let settled = 0;
  for (const position of positions) {
    const bytes = rows.remove(account, position);
    if (bytes === null) continue;
    settled += 1;
    state.events -= 1;
    state.bytes -= bytes;
  }
  return settled;
}

/** @throws AppError `not_active` when a later epoch has it. */
export function openEpoch({ account, rows, state }: WriteContext, epoch: number): void {
  if (epoch < state.epoch) throw notActive(epoch, state.epoch);
  if (epoch === state.epoch) return;
  rows.setEpoch(account, epoch);
  state.epoch = epoch;
}

/** @throws AppError `not_active`: another epoch has the queue, or none has opened it for this one. */
export function checkEpoch(state: QueueState, epoch: number): void {
  if (epoch !== state.epoch) throw notActive(epoch, state.epoch);
}

function forgetOld(seen: Map<string, number>, nowMs: number): void {
  for (const [fingerprint, atMs] of seen) {
    if (nowMs - atMs < duplicateWindowMs) return;
    seen.delete(fingerprint);
  }
}

/** Many at once: to find the first of a map takes as long as it has lost entries before it. */
function forgetFirst(seen: Map<string, number>, seenMax: number): void {
  if (seen.size <= seenMax) return;
  let left = Math.ceil(seenMax / 64);
  for (const fingerprint of seen.keys()) {
    if (left === 0) return;
    seen.delete(fingerprint);
    left -= 1;
  }
}

function notActive(epoch: number, current: number): AppError {
  return new AppError('not_active', `the queue is open for epoch ${current}, not for ${epoch}`, {
    hint: 'Another receiver works now; this one stops forwarding.',
  });
}

function full({ eventsMax: events, bytesMax: bytes }: QueueLimits): AppError {
  return new AppError(
    'disk_full',
    `the queue of this account is full (${events} events or ${Math.round(bytes / 1_048_576)} MiB)`,
    {
      hint: 'Bring the connection to the ARC back: what waits there leaves the queue once it is acknowledged.',
    },
  );
}
