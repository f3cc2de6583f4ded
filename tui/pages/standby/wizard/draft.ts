/** What a person has answered so far: flat texts by field, and the resources added; turned into the settings of a pair at the end. */
import { z } from 'zod';
import {
  type NodeFacts,
  type PairConfig,
  type PairStatus,
  pairConfigSchema,
} from '../../../../src/contract/index.ts';
import { isSameAddress } from '../../../../src/model/ip-segment.ts';
import { nodesOf, resourceProblems } from '../../../../src/model/pair-file.ts';
import { commonSegments, serviceSegment } from '../../../../src/model/pair-suggest.ts';
import type { Values } from '../../../components/form-state.ts';
import { linkRulesOf, rulesOf, rulesValues } from './rules.ts';

export const linkCountMax = 4;

export const draftSchema = z.object({
  step: z.number().int().nonnegative(),
  /** Version of the settings it began with, 0 for none. */
  basis: z.number().int().nonnegative().optional(),
  values: z.record(z.string(), z.string()),
  /** Besides the service address, which has a step of its own. */
  resources: z.array(z.record(z.string(), z.unknown())),
});
export type Draft = z.infer<typeof draftSchema>;

/** What the steps know besides the draft. */
export interface Surroundings {
  /** This node first; the peer once both are paired. */
  facts: readonly NodeFacts[];
  present: PairConfig | null;
  pair: PairStatus | null;
}

/** Names of fields that a draft never keeps. */
const secretFields = new Set(['code', 'arbiterKey', 'arbiterPassword', 'password']);

/** The draft as it may lie on a disk. */
export function withoutSecrets(draft: Draft): Draft {
  const values = Object.fromEntries(Object.entries(draft.values).filter(([name]) => !secretFields.has(name)));
  const resources = draft.resources.map(({ password: _password, ...rest }) => rest);
  return { ...draft, values, resources };
}

export const serviceAddressId = 'address';

/** Answers that follow from what is there already: the present settings, else what both nodes say of themselves. */
export function startDraft({ facts, present }: Surroundings): Draft {
  const draft = present ? fromConfig(present, facts) : fromFacts(facts);
  return { ...draft, basis: present?.version ?? 0 };
}

/** What the nodes say, where nothing has been answered yet: known only once they are paired. */
export function withSuggestions(draft: Draft, around: Surroundings): Draft {
  return { ...draft, values: { ...startDraft(around).values, ...draft.values } };
}

function fromFacts(facts: readonly NodeFacts[]): Draft {
  const [here, there] = facts;
  const segments = here && there ? commonSegments(here, there) : [];
  const service = there ? serviceSegment(segments, there) : null;
  const values: Record<string, string> = {};
  segments.slice(0, linkCountMax).forEach((segment, at) => {
    values[`link${at + 1}Here`] = segment.here.address;
    values[`link${at + 1}There`] = segment.there.address;
  });
  if (service) {
    values.interfaceHere = service.here.interface;
    values.interfaceThere = service.there.interface;
  }
  return { step: 0, values, resources: [{ id: 'recording', name: 'recording', kind: 'recording' }] };
}

function fromConfig(config: PairConfig, facts: readonly NodeFacts[]): Draft {
  const here = facts[0]?.nodeId ?? config.nodes[0]?.id ?? '';
  const there = config.nodes.find(({ id }) => id !== here)?.id ?? '';
  const values: Record<string, string> = {
    application: config.application,
    profile: config.profile,
    consistency: config.consistency,
    failback: config.failback,
    isolation: config.isolationAddresses.join(', '),
    aliasHere: config.nodes.find(({ id }) => id === here)?.alias ?? '',
    aliasThere: config.nodes.find(({ id }) => id === there)?.alias ?? '',
    ...arbiterValues(config.arbiter),
    ...rulesValues(config),
  };
  config.links.forEach((link, at) => {
    values[`link${at + 1}Here`] = link.addresses[here] ?? '';
    values[`link${at + 1}There`] = link.addresses[there] ?? '';
  });
  values.linkPort = String(config.links[0]?.port ?? 7340);
  const address = config.resources.find((resource) => resource.kind === 'ip');
  if (address?.kind === 'ip') {
    values.virtual = address.address;
    values.interfaceHere = address.interfaces[here] ?? address.interfaces['*'] ?? '';
    values.interfaceThere = address.interfaces[there] ?? address.interfaces['*'] ?? '';
    values.virtualMac = address.virtualMac ?? '';
  }
  return { step: 0, values, resources: config.resources.filter((resource) => resource !== address) };
}

function arbiterValues(arbiter: PairConfig['arbiter']): Record<string, string> {
  switch (arbiter.kind) {
    case 'hub':
      return {
        arbiter: 'hub',
        arbiterUrl: arbiter.url,
        arbiterAccount: arbiter.account,
        arbiterKey: arbiter.key,
        arbiterFingerprint: arbiter.fingerprint,
      };
    case 'etcd':
      return { arbiter: 'etcd', arbiterServers: arbiter.endpoints.join(', '), ...credentialValues(arbiter) };
    case 'nats':
      return { arbiter: 'nats', arbiterServers: arbiter.servers.join(', '), ...credentialValues(arbiter) };
    case 'fence-agent':
      return { arbiter: 'fence-agent', arbiterCommand: formatCommand(arbiter.command) };
    default:
      return { arbiter: arbiter.kind };
  }
}

function credentialValues({ user, password }: { user: string | null; password: string | null }) {
  return { arbiterUser: user ?? '', arbiterPassword: password ?? '' };
}

/** Words of a command line; quotes keep blanks together. There is no shell. */
export function parseCommand(text: string): string[] {
  const words = text.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2')).filter((word) => word !== '');
}

export function formatCommand(words: readonly string[]): string {
  return words.map((word) => (/[\s'"]/.test(word) ? `"${word.replaceAll('"', '')}"` : word)).join(' ');
}

export function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** Null for an empty answer. */
function orNull(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : text.trim();
}

/** A hub as `holdfast hub` names it, `hub:6070`, or with the https:// that it always speaks. */
export function hubUrl(text: string): string {
  return /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
}

function arbiterOf(values: Values): unknown {
  const credentials = { user: orNull(values.arbiterUser), password: orNull(values.arbiterPassword) };
  switch (values.arbiter) {
    case 'hub':
      return {
        kind: 'hub',
        url: hubUrl(values.arbiterUrl ?? ''),
        account: values.arbiterAccount,
        key: values.arbiterKey,
        fingerprint: values.arbiterFingerprint ?? '',
      };
    case 'etcd':
      return { kind: 'etcd', endpoints: listOf(values.arbiterServers ?? ''), ...credentials };
    case 'nats':
      return { kind: 'nats', servers: listOf(values.arbiterServers ?? ''), ...credentials };
    case 'fence-agent':
      return { kind: 'fence-agent', command: parseCommand(values.arbiterCommand ?? '') };
    default:
      return { kind: values.arbiter ?? 'manual' };
  }
}

function linksOf(values: Values, ids: readonly [string, string], present: PairConfig | null) {
  return Array.from({ length: linkCountMax }, (_, at) => at + 1).flatMap((number) => {
    const [here, there] = [
      values[`link${number}Here`]?.trim() ?? '',
      values[`link${number}There`]?.trim() ?? '',
    ];
    if (here === '' && there === '') return [];
    const before = present?.links.find((link) => isSameAddress(link.addresses[ids[0]] ?? '', here));
    return [
      {
        ...(before ?? { id: `link-${number}` }),
        addresses: { [ids[0]]: here, [ids[1]]: there },
        port: Number(values.linkPort ?? 7340),
        ...linkRulesOf(values),
      },
    ];
  });
}

function addressOf(values: Values, ids: readonly [string, string], present: PairConfig | null): object[] {
  const address = orNull(values.virtual);
  if (address === null) return [];
  const before = present?.resources.find((resource) => resource.kind === 'ip');
  const [here, there] = [values.interfaceHere?.trim() ?? '', values.interfaceThere?.trim() ?? ''];
  return [
    {
      ...(before ?? { id: serviceAddressId, name: 'service address', kind: 'ip' }),
      address,
      interfaces: interfacesOf(ids, here, there),
      virtualMac: orNull(values.virtualMac),
    },
  ];
}

export function interfacesOf(
  [one, other]: readonly [string, string],
  here: string,
  there: string,
): Record<string, string> {
  return here === there ? { '*': here } : { [one]: here, [other]: there };
}

/** Of this node and the other; empty before they are known. */
export function nodeIdsOf({ present, facts }: Surroundings): readonly [string, string] {
  const nodes = present?.nodes ?? nodesOf(facts) ?? [];
  const here = facts[0]?.nodeId ?? nodes[0]?.id ?? '';
  return [here, nodes.find(({ id }) => id !== here)?.id ?? ''];
}

export type Completed = { config: PairConfig; problems: [] } | { config: null; problems: string[] };

/** The settings that the answers make, or why they make none. */
export function completeDraft(draft: Draft, around: Surroundings, freshPairId: string): Completed {
  const { present, facts } = around;
  const { values } = draft;
  const nodes = present?.nodes ?? nodesOf(facts);
  if (nodes === null)
    return { config: null, problems: ['The two nodes are not paired yet: see the first step.'] };
  const ids = nodeIdsOf(around);
  const [here] = ids;
  const parsed = pairConfigSchema.safeParse({
    ...(present ?? {}),
    pairId: present?.pairId ?? facts.find(({ pairId }) => pairId !== null)?.pairId ?? freshPairId,
    version: (present?.version ?? 0) + 1,
    application: values.application ?? '',
    nodes: nodes.map((node) => ({
      ...node,
      alias: orNull(node.id === here ? values.aliasHere : values.aliasThere),
    })),
    links: linksOf(values, ids, present),
    arbiter: arbiterOf(values),
    profile: values.profile ?? 'default',
    consistency: values.consistency ?? 'complete',
    failback: values.failback ?? 'never',
    isolationAddresses: listOf(values.isolation ?? ''),
    ...rulesOf(values),
    resources: [...addressOf(values, ids, present), ...draft.resources],
  });
  if (!parsed.success) {
    return {
      config: null,
      problems: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
    };
  }
  const problems = resourceProblems(parsed.data.resources);
  return problems.length > 0 ? { config: null, problems } : { config: parsed.data, problems: [] };
}

/** The resources of the draft by id and name, the service address first. */
export function resourceNames(draft: Draft): { id: string; name: string; kind: string }[] {
  const own =
    (draft.values.virtual ?? '') === ''
      ? []
      : [{ id: serviceAddressId, name: 'service address', kind: 'ip' }];
  return [
    ...own,
    ...draft.resources.map(({ id, name, kind }) => ({
      id: String(id),
      name: String(name),
      kind: String(kind),
    })),
  ];
}
