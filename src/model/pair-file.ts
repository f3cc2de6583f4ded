/** The file of a pair (YAML or JSON): what a person writes, completed to the settings that both nodes agree on. */
import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import { type PairConfig, pairConfigSchema } from '../contract/standby.ts';
import type { NodeFacts } from '../contract/standby-facts.ts';
import { AppError } from '../errors.ts';
import { parsePrefixed } from './ip-segment.ts';

const fileCharactersMax = 256 * 1024;
const issuesShownMax = 5;

const looseConfig = z.strictObject(pairConfigSchema.shape);

/** A pair file may leave out what the two nodes know better: the pair's id, the version, and who the two are. */
const pairFileSchema = looseConfig.partial({ pairId: true, version: true, nodes: true });
export type PairFile = z.infer<typeof pairFileSchema>;

/**
 * Reads a pair file; JSON is YAML too.
 * @throws AppError `invalid_input` with the place and the reason.
 */
export function parsePairFile(text: string): PairFile {
  if (text.length > fileCharactersMax) {
    throw new AppError('invalid_input', 'the pair file is too large', { hint: 'at most 256 KiB' });
  }
  const document = parseDocument(text, { prettyErrors: true, uniqueKeys: true });
  const [syntax] = document.errors;
  if (syntax) throw new AppError('invalid_input', `not YAML or JSON: ${firstLine(syntax.message)}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new AppError('invalid_input', 'the pair file refers to itself too often', { cause });
  }
  const parsed = pairFileSchema.safeParse(value);
  if (!parsed.success) {
    throw new AppError('invalid_input', `the pair file is wrong: ${issuesOf(parsed.error)}`, {
      hint: 'holdfast standby template shows a complete one; numbers in commands and parameters want quotes',
    });
  }
  const problems = resourceProblems(parsed.data.resources);
  if (problems.length > 0) {
    throw new AppError('invalid_input', `the pair file is wrong: ${problems.join('; ')}`);
  }
  return parsed.data;
}

function firstLine(text: string): string {
  return text.split('\n')[0]?.replace(/:$/, '') ?? '';
}

function issuesOf(error: z.ZodError): string {
  const shown = error.issues.slice(0, issuesShownMax).map(({ path, message }) => {
    const place = path.join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  const more = error.issues.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** What is wrong between resources: double ids, unknown or circular dependencies, addresses that are none. Empty when all is well. */
export function resourceProblems(resources: PairConfig['resources']): string[] {
  const ids = resources.map(({ id }) => id);
  const double = [...new Set(ids.filter((id, index) => ids.indexOf(id) !== index))];
  const unknown = resources.flatMap(({ id, after }) =>
    after
      .filter((other) => !ids.includes(other))
      .map((other) => `${id} waits for ${other}, which is not there`),
  );
  const wrong = resources.flatMap((resource) =>
    resource.kind === 'ip' && parsePrefixed(resource.address) === null
      ? [`${resource.id}: ${resource.address} is not an address with prefix length, such as 192.0.2.10/24`]
      : [],
  );
  const cycle = circleIn(resources);
  return [
    ...double.map((id) => `there are two resources named ${id}`),
    ...unknown,
    ...wrong,
    ...(cycle === null ? [] : [`these wait for each other: ${cycle.join(' -> ')}`]),
  ];
}

function circleIn(resources: PairConfig['resources']): string[] | null {
  const after = new Map(resources.map((resource) => [resource.id, resource.after]));
  const done = new Set<string>();
  const walk = (id: string, way: readonly string[]): string[] | null => {
    if (way.includes(id)) return [...way.slice(way.indexOf(id)), id];
    if (done.has(id)) return null;
    for (const next of after.get(id) ?? []) {
      const found = walk(next, [...way, id]);
      if (found) return found;
    }
    done.add(id);
    return null;
  };
  for (const { id } of resources) {
    const found = walk(id, []);
    if (found) return found;
  }
  return null;
}

export interface PairSurroundings {
  /** What the pair has agreed on so far. */
  present: PairConfig | null;
  /** Of this node first, then of its peer. */
  facts: readonly NodeFacts[];
  /** Taken when neither settings nor pairing have given an id. */
  freshPairId: string;
}

/**
 * The complete settings of a pair file, one version further than the present ones.
 * @throws AppError `conflict` when the file leaves out the nodes and they are not paired yet.
 */
export function completePairFile(
  file: PairFile,
  { present, facts, freshPairId }: PairSurroundings,
): PairConfig {
  const nodes = file.nodes ?? present?.nodes ?? nodesOf(facts);
  if (nodes === null) {
    throw new AppError('conflict', 'this node has no peer yet, and the file does not name the two', {
      hint: 'holdfast standby pair code on one node, holdfast standby pair join ADDRESS CODE on the other',
    });
  }
  const agreed = facts.find(({ pairId }) => pairId !== null)?.pairId ?? freshPairId;
  return {
    ...file,
    nodes,
    pairId: file.pairId ?? present?.pairId ?? agreed,
    version: Math.max(file.version ?? 0, (present?.version ?? 0) + 1),
  };
}

/** The two nodes as settings name them; null before they are paired. */
export function nodesOf(facts: readonly NodeFacts[]): PairConfig['nodes'] | null {
  if (facts.length !== 2) return null;
  return facts.map(({ nodeId, name, peerAddress, fingerprint }) => ({
    id: nodeId,
    name,
    address: peerAddress ?? '',
    fingerprint: fingerprint ?? '',
    alias: null,
  }));
}

/** The settings as a pair file; the version is left to the nodes. */
export function formatPairFile(config: PairConfig): string {
  const { version: _version, ...rest } = config;
  return stringify(rest, { lineWidth: 110 });
}
