/** The order of resources: what depends on what, what may start or stop next; a cycle is refused and named. */
import { AppError } from '../../../../src/errors.ts';

export interface Ordered {
  readonly id: string;
  /** Ids that must run before this one. */
  readonly after: readonly string[];
}

export interface Graph {
  readonly ids: readonly string[];
  /** Prerequisites of each. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
  /** Who needs it. */
  readonly neededBy: ReadonlyMap<string, readonly string[]>;
}

/** How far a sweep over some of the graph has come. */
export interface Progress {
  readonly members: ReadonlySet<string>;
  /** Started, in a start; stopped, in a stop. */
  readonly done: ReadonlySet<string>;
  /** Begun: under way, done or failed. */
  readonly begun: ReadonlySet<string>;
}

/** `invalid_input` for an unknown or doubled id, and for a cycle, with its path: `a -> b -> a`. */
export function makeGraph(resources: readonly Ordered[]): Graph {
  const needs = new Map<string, readonly string[]>();
  const neededBy = new Map<string, string[]>(resources.map(({ id }) => [id, []]));
  for (const { id, after } of resources) {
    if (needs.has(id)) throw refused(`two resources have the id ${id}`, 'Give each resource its own id.');
    const unique = [...new Set(after)];
    needs.set(id, unique);
    for (const need of unique) {
      const dependents = neededBy.get(need);
      if (dependents === undefined)
        throw refused(
          `${id} comes after ${need}, which does not exist`,
          `Remove ${need} from its \`after\`.`,
        );
      dependents.push(id);
    }
  }
  const graph = { ids: resources.map(({ id }) => id), needs, neededBy };
  const cycle = findCycle(graph);
  if (cycle !== null)
    throw refused(
      `the resources wait for each other: ${cycle.join(' -> ')}`,
      'Remove one `after` of this circle.',
    );
  return graph;
}

/** Members that may begin to start: every prerequisite among the members is done. */
export function nextStarts(graph: Graph, progress: Progress): string[] {
  return next(graph, progress, graph.needs);
}

/** Members that may begin to stop: everything among the members that needs them is stopped. */
export function nextStops(graph: Graph, progress: Progress): string[] {
  return next(graph, progress, graph.neededBy);
}

/** Groups that start one after the other when all in a group take the same time; the reverse is the order to stop in. */
export function startWaves(graph: Graph): string[][] {
  const members = new Set(graph.ids);
  const done = new Set<string>();
  const waves: string[][] = [];
  while (done.size < members.size) {
    const wave = nextStarts(graph, { members, done, begun: done });
    waves.push(wave);
    for (const id of wave) done.add(id);
  }
  return waves;
}

/** The resource and everything that needs it, directly or not. */
export function withDependents(graph: Graph, id: string): Set<string> {
  const found = new Set([id]);
  for (const each of found) for (const dependent of graph.neededBy.get(each) ?? []) found.add(dependent);
  return found;
}

function next(graph: Graph, progress: Progress, waitsFor: ReadonlyMap<string, readonly string[]>): string[] {
  const { members, done, begun } = progress;
  return graph.ids.filter(
    (id) =>
      members.has(id) &&
      !begun.has(id) &&
      (waitsFor.get(id) ?? []).every((other) => !members.has(other) || done.has(other)),
  );
}

/** A circle as a path that ends where it began, null without one. */
function findCycle({ ids, needs }: Graph): string[] | null {
  const clear = new Set<string>();
  for (const start of ids) {
    const path: string[] = [];
    const cycle = walk(start, path);
    if (cycle !== null) return cycle;
  }
  return null;

  function walk(id: string, path: string[]): string[] | null {
    const seenAt = path.indexOf(id);
    if (seenAt >= 0) return [...path.slice(seenAt), id];
    if (clear.has(id)) return null;
    path.push(id);
    for (const need of needs.get(id) ?? []) {
      const cycle = walk(need, path);
      if (cycle !== null) return cycle;
    }
    path.pop();
    clear.add(id);
    return null;
  }
}

function refused(message: string, hint: string): AppError {
  return new AppError('invalid_input', message, { hint });
}
