/** Judges what clients of a lease store saw: every confirmed write followed the one it expected, and nothing went back. */

export interface Operation {
  client: string;
  kind: 'read' | 'write';
  startMs: number;
  endMs: number;
  /** `unknown`: it may have been written. `refused`: it was certainly not. */
  outcome: 'ok' | 'refused' | 'unknown';
  /** What a write wrote, unlike that of any other write; of a read what it found, null when nothing. */
  content: string | null;
  /** Of a write: the revision it was to follow, null for the first. */
  expected: bigint | null;
  /** Of what was found or written; null when nothing is stored, or the outcome is not `ok`. */
  revision: bigint | null;
}

export interface CheckOptions {
  /** False: only what one client saw must not go back; writes are held to everyone's in any case. */
  readsAreLinearizable: boolean;
}

/** What is wrong, in sentences; empty when the history is fine. */
export function checkHistory(history: readonly Operation[], options: CheckOptions): string[] {
  return [...checkWriters(history), ...checkTime(history, options)];
}

/** Each revision has one writer, and nothing lies between a write and what it expected. */
function checkWriters(history: readonly Operation[]): string[] {
  const problems: string[] = [];
  const contents = new Map<bigint, string>();
  for (const { revision, content } of history) {
    if (revision === null || content === null) continue;
    const known = contents.get(revision) ?? content;
    if (known !== content) problems.push(`revision ${revision} is both ${known} and ${content}`);
    contents.set(revision, known);
  }
  const writers = new Map(history.filter(({ kind }) => kind === 'write').map((each) => [each.content, each]));
  const order = [...contents.keys()].sort((one, other) => (one < other ? -1 : 1));
  const followed = new Map<bigint | null, string>();
  for (const [at, revision] of order.entries()) {
    const content = contents.get(revision) ?? '';
    const writer = writers.get(content);
    if (!writer) {
      problems.push(`nobody wrote ${content}, which revision ${revision} holds`);
      continue;
    }
    if (writer.outcome === 'refused') problems.push(`${content} was refused, and is revision ${revision}`);
    if (writer.revision !== null && writer.revision !== revision) {
      problems.push(`${content} is revision ${writer.revision} and ${revision}`);
    }
    const rival = followed.get(writer.expected);
    if (rival !== undefined) problems.push(`${rival} and ${content} both followed ${writer.expected}`);
    followed.set(writer.expected, content);
    const before = order[at - 1] ?? null;
    const skipped = before !== null && (writer.expected === null || before > writer.expected);
    if (skipped) problems.push(`${content} expected ${writer.expected}, but ${before} came before it`);
    if (writer.expected !== null && writer.expected >= revision) {
      problems.push(`revision ${revision} does not lie after ${writer.expected}`);
    }
  }
  return problems;
}

/** What began after something had been seen sees at least that. */
function checkTime(history: readonly Operation[], options: CheckOptions): string[] {
  const seen = history.filter(({ outcome }) => outcome === 'ok');
  const problems: string[] = [];
  const byEnd = [...seen].sort((one, other) => one.endMs - other.endMs);
  for (const later of seen) {
    const all = later.kind === 'write' || options.readsAreLinearizable;
    let floor: Operation | null = null;
    for (const earlier of byEnd) {
      if (earlier.endMs >= later.startMs) break;
      if (!all && earlier.client !== later.client) continue;
      if (earlier.revision !== null && (floor?.revision ?? -1n) < earlier.revision) floor = earlier;
    }
    if (floor === null || floor.revision === null) continue;
    const low = later.revision === null || later.revision < floor.revision;
    const same = later.kind === 'write' && later.revision === floor.revision;
    if (low || same) {
      problems.push(
        `${later.client} got ${later.revision} by a ${later.kind} at ${later.startMs.toFixed(1)} ms, after ${floor.client} had ${floor.revision} at ${floor.endMs.toFixed(1)} ms`,
      );
    }
  }
  return problems;
}
