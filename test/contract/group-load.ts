/** A group at work on its store while something befalls it: members append, one pulls and settles, and the books are compared in the end. */
import type { AlarmEvent, AlarmQueue } from '../../agent/alarms/types.ts';
import type { GroupStore } from '../../agent/spare/types.ts';
import type { StoreServers } from '../peers/lease-servers/servers.ts';
import { newEvent, settled } from './group-events.ts';
import { drain, openMember } from './group-store.ts';

export interface LoadResult {
  acknowledged: number;
  /** Acknowledged, and never given to the working member. */
  missing: number;
  /** Given to it once more than once. */
  repeated: number;
  /** Later events of an account that came before earlier ones. */
  outOfOrder: number;
  /** Left in the queue although all were settled. */
  left: number;
  append: Latencies;
  lease: Latencies & { failed: number };
}

interface Latencies {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

export interface LoadOptions {
  arcId: string;
  epoch: number;
  eventsPerSecond: number;
  /** Members that append; each has accounts of its own. */
  appenders: number;
  /** The load goes on until this is over. */
  meanwhile(store: GroupStore): Promise<void>;
}

const tickMs = 10;
const accountsEach = 50;
const leaseEveryMs = 100;
const retryMs = 50;
const drainedWithinMs = 60_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function runGroupLoad(servers: StoreServers, options: LoadOptions): Promise<LoadResult> {
  const { arcId, epoch, appenders, eventsPerSecond } = options;
  const stores = Array.from({ length: appenders + 1 }, (_, at) =>
    openMember(servers, arcId, `receiver-${at}`),
  );
  const [working, ...others] = stores;
  if (!working) throw new Error('no member');
  const over = new AbortController();
  const books: Books = { acknowledged: new Set(), given: [], appendMs: [], leaseMs: [], leaseFailed: 0 };
  try {
    await drain(working.queue, epoch);
    const appending = others.map((store, at) =>
      appendOn(store.queue, at, eventsPerSecond / appenders, books, over.signal),
    );
    const stopped = new AbortController();
    const forwarding = forwardOn(working.queue, epoch, books, stopped.signal);
    const renewing = renewOn(working, `group-${arcId}`, books, over.signal);
    await options.meanwhile(working);
    over.abort();
    await Promise.all([...appending, renewing]);
    await untilForwarded(working.queue, books);
    stopped.abort();
    await forwarding;
    const left = (await drain(working.queue, epoch + 1)).length;
    return resultOf(books, left);
  } finally {
    over.abort();
    await Promise.all(stores.map((store) => store.close()));
  }
}

interface Books {
  acknowledged: Set<string>;
  given: AlarmEvent[];
  appendMs: number[];
  leaseMs: number[];
  leaseFailed: number;
}

/** A batch that was not acknowledged is sent again before anything later, as a receiver does. */
async function appendOn(
  queue: AlarmQueue,
  member: number,
  perSecond: number,
  books: Books,
  over: AbortSignal,
): Promise<void> {
  const beganMs = performance.now();
  let due: AlarmEvent[] = [];
  let made = 0;
  const one = async () => {
    const batch = due.splice(0, 256);
    const startMs = performance.now();
    while (
      !(await queue.append(batch).then(
        () => true,
        () => false,
      ))
    )
      await pause(retryMs);
    for (const { id } of batch) books.acknowledged.add(id);
    for (let at = 0; at < batch.length; at += 1) books.appendMs.push(performance.now() - startMs);
  };
  while (!over.aborted) {
    while (made < ((performance.now() - beganMs) * perSecond) / 1_000) {
      due.push(newEvent(`${member}${String(made % accountsEach).padStart(3, '0')}`));
      made += 1;
    }
    if (due.length > 0) await one();
    await pause(tickMs);
  }
  while (due.length > 0) await one();
  due = [];
}

async function forwardOn(
  queue: AlarmQueue,
  epoch: number,
  books: Books,
  stopped: AbortSignal,
): Promise<void> {
  while (!stopped.aborted) {
    const events = await queue.pull(epoch, 512, 500).catch(() => null);
    if (events === null) {
      await pause(retryMs);
      continue;
    }
    books.given.push(...events.map(({ event }) => event));
    const settlements = events.map(({ position }) => settled(position));
    while (
      !(await queue.settle(epoch, settlements).then(
        () => true,
        () => false,
      ))
    )
      await pause(retryMs);
  }
}

async function renewOn(store: GroupStore, pairId: string, books: Books, over: AbortSignal): Promise<void> {
  for (let seq = 1; !over.aborted; seq += 1) {
    const startMs = performance.now();
    try {
      const before = await store.lease.read(5_000);
      const record = { pairId, holder: 'receiver-0', epoch: 1, seq, successor: null };
      const readMs = performance.now();
      await store.lease.compareAndSet(before?.revision ?? null, record, 5_000);
      books.leaseMs.push(performance.now() - readMs);
    } catch {
      books.leaseFailed += 1;
    }
    await pause(Math.max(0, leaseEveryMs - (performance.now() - startMs)));
  }
}

async function untilForwarded(queue: AlarmQueue, { acknowledged, given }: Books): Promise<void> {
  const endMs = performance.now() + drainedWithinMs;
  while (performance.now() < endMs) {
    const seen = new Set(given.map(({ id }) => id));
    const waiting = await queue.counts().then(
      (counts) => counts.waiting,
      () => 1,
    );
    if (waiting === 0 && [...acknowledged].every((id) => seen.has(id))) return;
    await pause(200);
  }
}

function resultOf({ acknowledged, given, appendMs, leaseMs, leaseFailed }: Books, left: number): LoadResult {
  const seen = new Set<string>();
  const latest = new Map<string, number>();
  let outOfOrder = 0;
  for (const { id, account, receivedMs } of given) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (receivedMs < (latest.get(account) ?? 0)) outOfOrder += 1;
    latest.set(account, Math.max(receivedMs, latest.get(account) ?? 0));
  }
  return {
    acknowledged: acknowledged.size,
    missing: [...acknowledged].filter((id) => !seen.has(id)).length,
    repeated: given.length - seen.size,
    outOfOrder,
    left,
    append: latenciesOf(appendMs),
    lease: { ...latenciesOf(leaseMs), failed: leaseFailed },
  };
}

function latenciesOf(values: readonly number[]): Latencies {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
