/** `holdfast standby apply`, `template`, `link`, `resource`, `policy`: the settings of the pair, as a file or one by one. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { Connection } from '../../../client/connect.ts';
import type { PairConfig } from '../../../contract/index.ts';
import { AppError, exitCodes } from '../../../errors.ts';
import { completePairFile, formatPairFile, parsePairFile } from '../../../model/pair-file.ts';
import { pairTemplate } from '../../../model/pair-template.ts';
import { addCommand, addNoun, type CommandContext, type CommandHost, onlyArgument } from '../../command.ts';

const dryRunFlag = ['--dry-run', 'say what would change, and change nothing'] as const;
const dryRunOption = z.object({ dryRun: z.boolean().default(false) });
const fileBytesMax = 256 * 1024;

/** A plain tree that assignments are written into; the schema judges it afterwards. */
type Tree = Record<string, unknown>;

export function addSettings(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'apply <file>',
    summary: 'set up or change the pair from a file (YAML or JSON, - for standard input)',
    flags: [dryRunFlag],
    options: dryRunOption,
    examples: ['holdfast standby apply pair.yaml --dry-run', 'holdfast standby apply pair.yaml'],
    run: async (context, args, { dryRun }) => {
      const file = parsePairFile(await readText(context, onlyArgument(args)));
      await context.withNode(async ({ client }) => {
        const [present, facts] = await Promise.all([client.standby.config(), client.standby.facts()]);
        const config = completePairFile(file, { present, facts, freshPairId: randomUUID() });
        await apply(context, client, config, dryRun);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'template',
    summary:
      'print a commented pair file, filled with what both nodes know; --present prints the settings as they are',
    flags: [['--present', 'the present settings instead']],
    options: z.object({ present: z.boolean().default(false) }),
    examples: ['holdfast standby template > pair.yaml', 'holdfast standby template --present > pair.yaml'],
    run: (context, _args, { present }) =>
      context.withNode(async ({ client }) => {
        if (present) {
          const config = await presentConfig(client);
          return context.output.result(config, () => context.io.stdout.write(formatPairFile(config)));
        }
        const text = pairTemplate(await client.standby.facts());
        context.output.result(parseYaml(text), () => context.io.stdout.write(text));
      }),
  });
  addParts(noun, host, {
    name: 'link',
    summary: 'heartbeat links, one to four',
    example: "set cable port=7340 addresses='{store-01: 198.51.100.1, store-02: 198.51.100.2}'",
    list: (config) => config.links,
    columns: (row) => [
      ['link', String(row.id)],
      [
        'addresses',
        Object.entries(asTree(row.addresses))
          .map(([node, address]) => `${node} ${address}`)
          .join(', '),
      ],
      ['port', String(row.port)],
      ['interval', `${row.intervalMs} ms`],
    ],
    key: 'links',
  });
  addParts(noun, host, {
    name: 'resource',
    summary: 'what the pair runs, and in which order',
    example: 'set web kind=service name=nginx unit=nginx.service after=[address]',
    list: (config) => config.resources,
    columns: (row) => [
      ['resource', String(row.id)],
      ['name', String(row.name)],
      ['kind', String(row.kind)],
      ['after', (Array.isArray(row.after) ? row.after : []).join(' ')],
    ],
    key: 'resources',
  });
  addPolicy(noun, host);
}

interface PartSpec {
  name: 'link' | 'resource';
  key: 'links' | 'resources';
  summary: string;
  example: string;
  list(config: PairConfig): readonly object[];
  columns(row: Tree): readonly (readonly [title: string, value: string])[];
}

function addParts(parent: Command, host: CommandHost, spec: PartSpec): void {
  const { name } = spec;
  const noun = addNoun(parent, name, spec.summary, [
    `holdfast standby ${name} list`,
    `holdfast standby ${name} ${spec.example}`,
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all of them, with their settings',
    options: z.object({}),
    examples: [`holdfast standby ${name} list`, `holdfast standby ${name} list --json`],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const rows = spec.list(await presentConfig(client)).map(asTree);
        const titles = rows[0] === undefined ? [] : spec.columns(rows[0]).map(([title]) => title);
        context.output.list(
          rows,
          titles.map((title, at) => ({ title, value: (row) => spec.columns(row)[at]?.[1] ?? '' })),
          `no ${name} yet`,
        );
      }),
  });
  addCommand(noun, host, {
    usage: 'set <id> <assignments...>',
    summary: `change a ${name}, or add one that is not there; values are YAML`,
    flags: [dryRunFlag],
    options: dryRunOption,
    examples: [`holdfast standby ${name} ${spec.example}`],
    run: (context, [id = '', ...assignments], { dryRun }) =>
      changeConfig(context, dryRun, (config) => {
        const parts = spec.list(config).map(asTree);
        const present = parts.find((part) => part.id === id);
        const changed = assign(
          present ?? { id, ...(name === 'resource' ? { name: id } : {}) },
          assignments,
          config,
        );
        return {
          ...config,
          [spec.key]: [
            ...parts.map((part) => (part === present ? changed : part)),
            ...(present ? [] : [changed]),
          ],
        };
      }),
  });
  addCommand(noun, host, {
    usage: 'remove <id>',
    summary: `remove a ${name} from the settings`,
    flags: [dryRunFlag],
    options: dryRunOption,
    examples: [`holdfast standby ${name} remove ${name === 'link' ? 'cable' : 'web'} --dry-run`],
    run: (context, args, { dryRun }) =>
      changeConfig(context, dryRun, (config) => {
        const id = onlyArgument(args);
        const parts = spec.list(config).map(asTree);
        if (!parts.some((part) => part.id === id)) {
          throw new AppError('not_found', `no ${name} ${id}`, {
            hint: `holdfast standby ${name} list shows them`,
          });
        }
        return { ...config, [spec.key]: parts.filter((part) => part.id !== id) };
      }),
  });
}

const policyKeys = [
  'application',
  'profile',
  'timing',
  'arbiter',
  'consistency',
  'isolationAddresses',
  'failback',
  'defaultNodeId',
  'waitAfterStartSeconds',
  'triggers',
] as const;

function addPolicy(parent: Command, host: CommandHost): void {
  const noun = addNoun(parent, 'policy', 'when and how the pair fails over, and who decides', [
    'holdfast standby policy show',
    'holdfast standby policy set failback=ask triggers.network=false',
  ]);
  addCommand(noun, host, {
    usage: 'show',
    summary: 'the present policy',
    options: z.object({}),
    examples: ['holdfast standby policy show', 'holdfast standby policy show --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const config = asTree(await presentConfig(client));
        const policy = Object.fromEntries(policyKeys.map((key) => [key, config[key]]));
        context.output.result(policy, () =>
          context.output.facts(policyKeys.map((key) => [key, valueText(policy[key])])),
        );
      }),
  });
  addCommand(noun, host, {
    usage: 'set <assignments...>',
    summary: `change it: ${policyKeys.join(', ')}`,
    flags: [dryRunFlag],
    options: dryRunOption,
    examples: [
      'holdfast standby policy set profile=fast',
      'holdfast standby policy set triggers.network=false --dry-run',
    ],
    run: (context, assignments, { dryRun }) =>
      changeConfig(context, dryRun, (config) => {
        const wrong = assignments.find((text) => !policyKeys.some((key) => key === text.split(/[.=]/)[0]));
        if (wrong !== undefined) {
          throw new AppError('invalid_input', `not a policy: ${wrong}`, {
            hint: `there are ${policyKeys.join(', ')}`,
          });
        }
        return assign(asTree(config), assignments, config);
      }),
  });
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function asTree(value: unknown): Tree {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** `after=[address]`, `triggers.network=false`; keys of addresses and interfaces may be names of nodes. */
function assign(target: Tree, assignments: readonly string[], config: PairConfig): Tree {
  let result = target;
  for (const text of assignments) {
    const at = text.indexOf('=');
    if (at < 1)
      throw new AppError('invalid_input', `not an assignment: ${text}`, { hint: 'write KEY=VALUE' });
    const path = text.slice(0, at).split('.');
    const value = parseValue(text.slice(at + 1), textKeys.has(path[0] ?? ''));
    result = assignPath(result, path, withNodeIds(value, path[0], config));
  }
  return result;
}

function assignPath(tree: Tree, [key = '', ...rest]: readonly string[], value: unknown): Tree {
  if (key === '__proto__') throw new AppError('invalid_input', `not a key: ${key}`);
  return { ...tree, [key]: rest.length === 0 ? value : assignPath(asTree(tree[key]), rest, value) };
}

/** Words of these are texts whatever they look like: `command=[sleep, 10]`. */
const textKeys = new Set([
  'command',
  'start',
  'stop',
  'monitor',
  'parameters',
  'name',
  'application',
  'options',
]);

function parseValue(text: string, isText: boolean): unknown {
  try {
    return parseYaml(text, isText ? { schema: 'failsafe' } : {});
  } catch (cause) {
    throw new AppError('invalid_input', `not a value: ${text}`, {
      hint: 'quote it, such as \'"a: b"\'',
      cause,
    });
  }
}

function withNodeIds(value: unknown, key: string | undefined, config: PairConfig): unknown {
  if (key !== 'addresses' && key !== 'interfaces') return value;
  const idOf = (name: string) => config.nodes.find((node) => node.name === name)?.id ?? name;
  return Object.fromEntries(Object.entries(asTree(value)).map(([name, each]) => [idOf(name), each]));
}

async function presentConfig(client: Connection['client']): Promise<PairConfig> {
  const config = await client.standby.config();
  if (config !== null) return config;
  throw new AppError('conflict', 'no pair is configured', {
    hint: 'holdfast standby template > pair.yaml, then holdfast standby apply pair.yaml',
  });
}

/** Reads, changes, checks and applies the settings. */
function changeConfig(
  context: CommandContext,
  dryRun: boolean,
  change: (config: PairConfig) => Tree,
): Promise<void> {
  return context.withNode(async ({ client }) => {
    const present = await presentConfig(client);
    const file = parsePairFile(JSON.stringify({ ...change(present), version: undefined }));
    await apply(
      context,
      client,
      completePairFile(file, { present, facts: [], freshPairId: present.pairId }),
      dryRun,
    );
  });
}

async function apply(
  { output, exitWith }: CommandContext,
  client: Connection['client'],
  config: PairConfig,
  dryRun: boolean,
): Promise<void> {
  const answer = await client.standby.apply({ config, dryRun });
  output.result(answer, () => {
    for (const change of answer.changes) output.line(change);
    for (const problem of answer.problems) output.toned('bad', `refused: ${problem}`, '');
    if (answer.problems.length > 0) return;
    if (answer.changes.length === 0) output.line('nothing changes');
    output.line(answer.applied ? 'applied' : 'not applied: this was a dry run');
  });
  if (answer.problems.length > 0) exitWith(exitCodes.invalid_input);
}

async function readText({ io }: CommandContext, path: string): Promise<string> {
  if (path !== '-') {
    return readFile(path, 'utf8').catch((cause: unknown) => {
      throw new AppError('not_found', `cannot read ${path}`, { cause });
    });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > fileBytesMax)
      throw new AppError('invalid_input', 'standard input holds too much for a pair file');
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
