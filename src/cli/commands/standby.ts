/** `holdfast standby`: the pair: how it stands and why, what it would do, its settings, and the operations on it. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { PreflightCheck } from '../../contract/index.ts';
import { addCommand, addNoun, type CommandHost } from '../command.ts';
import type { Tone } from '../output.ts';
import { confirmByName } from '../prompt.ts';
import { formatTime } from '../time.ts';
import { repeatUntilStopped } from '../watch.ts';
import { addOperations } from './standby/operations.ts';
import { addSettings } from './standby/settings.ts';
import { decisionColumns, printPair } from './standby/words.ts';

export function addStandby(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'standby', 'hot standby: two nodes of which one runs the application', [
    'holdfast standby status --watch',
    'holdfast standby preflight',
    'holdfast standby switch --dry-run',
    'holdfast standby explain',
  ]);
  addReading(noun, host);
  addOperations(noun, host);
  addSettings(noun, host);
  addPairing(noun, host);
}

const resultTones: Readonly<Record<PreflightCheck['result'], Tone>> = {
  pass: 'good',
  warn: 'warning',
  fail: 'bad',
  skip: 'dim',
};

function addReading(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'status',
    summary: 'who is active, the links, the lease, the resources, and what would happen now',
    flags: [['--watch', 'repeat until Ctrl-C']],
    options: z.object({ watch: z.boolean().optional() }),
    examples: [
      'holdfast standby status',
      'holdfast standby status --watch',
      'holdfast standby status --json',
    ],
    run: (context, _args, { watch }) =>
      context.withNode(async ({ client }) => {
        const { output } = context;
        const show = async () => {
          const pair = await client.standby.status();
          if (output.json && watch) output.record(pair);
          else output.result(pair, () => printPair(output, pair));
        };
        if (watch) await repeatUntilStopped(context, show);
        else await show();
      }),
  });
  addCommand(noun, host, {
    usage: 'preflight',
    summary: 'check both nodes with evidence and what to fix; ends with code 1 when a check fails',
    options: z.object({}),
    examples: ['holdfast standby preflight', 'holdfast standby preflight --json'],
    run: async (context) => {
      const checks = await context.withNode(({ client }) => client.standby.preflight());
      context.output.list(
        checks,
        [
          { title: 'result', value: (row) => row.result, tone: (row) => resultTones[row.result] },
          { title: 'node', value: (row) => row.node },
          { title: 'check', value: (row) => row.title },
          { title: 'evidence', value: (row) => row.evidence },
          { title: 'fix', value: (row) => row.fix ?? '' },
        ],
        'no checks',
      );
      if (checks.some(({ result }) => result === 'fail')) context.exitWith(1);
    },
  });
  addCommand(noun, host, {
    usage: 'explain',
    summary: 'why the pair stands as it does: why it failed over, or why it did not',
    options: z.object({}),
    examples: ['holdfast standby explain', 'holdfast standby explain --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const answer = await client.standby.explain();
        context.output.result(answer, () => {
          context.output.line(answer.summary);
          for (const line of answer.lines) context.output.line(`  ${line}`);
        });
      }),
  });
  addCommand(noun, host, {
    usage: 'history',
    summary: 'the decisions of both guards, each with what it knew and the rule it followed',
    flags: [['--limit <n>', 'how many at most (default 100)']],
    options: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    examples: ['holdfast standby history', 'holdfast standby history --limit 20 --json'],
    run: (context, _args, { limit }) =>
      context.withNode(async ({ client }) => {
        const decisions = await client.standby.history({ limit });
        context.output.list(decisions, decisionColumns, 'no decision yet');
      }),
  });
}

function addPairing(parent: Command, host: CommandHost): void {
  const noun = addNoun(parent, 'pair', 'make two nodes trust each other, or end that', [
    'holdfast standby pair code',
    'holdfast standby pair join 192.0.2.1:7330 U5GS-ZLZY',
  ]);
  addCommand(noun, host, {
    usage: 'code',
    summary: 'show a code that is typed on the other node within ten minutes',
    options: z.object({}),
    examples: ['holdfast standby pair code'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const answer = await client.standby.pairingCode();
        context.output.result(answer, () => {
          context.output.line(
            `on the other node: holdfast standby pair join ${answer.address} ${answer.code}`,
          );
          context.output.note(`valid until ${formatTime(answer.expiresAtMs)}`);
        });
      }),
  });
  addCommand(noun, host, {
    usage: 'join <address> <code>',
    summary: 'pair with the node that shows the code',
    options: z.object({}),
    examples: ['holdfast standby pair join 192.0.2.1:7330 U5GS-ZLZY'],
    run: (context, [address = '', code = '']) =>
      context.withNode(async ({ client }) => {
        const peer = await client.standby.join({ address, code });
        context.output.result(peer, () => {
          context.output.line(`paired with ${peer.name} (${peer.nodeId})`);
          context.output.line(`its certificate: ${peer.fingerprint}`);
          context.output.note('next: holdfast standby preflight, holdfast standby template > pair.yaml');
        });
      }),
  });
  addCommand(noun, host, {
    usage: 'remove',
    summary: 'forget the pair, on this node or with --both on the two; its application must be brought out',
    flags: [
      ['--both', 'on the other node too, which must answer'],
      [
        '--yes <application>',
        'the name (before the settings: that of the peer), to confirm without being asked',
      ],
    ],
    options: z.object({ both: z.boolean().default(false), yes: z.string().optional() }),
    examples: ['holdfast standby pair remove --both', 'holdfast standby pair remove --yes video'],
    run: (context, _args, options) =>
      context.withNode(async ({ client }) => {
        const { application, nodes } = await client.standby.status();
        const peer = nodes.find(({ self }) => !self)?.name ?? 'the other node';
        const name = application ?? peer;
        const forgets = 'its peer, the settings of the pair and their key';
        const consequence = options.both
          ? `This node and ${peer} forget ${forgets.replace('its', 'their')}.`
          : `This node alone forgets ${forgets}. ${peer} goes on knowing it: --both removes the pair there too.`;
        await confirmByName(context.io, { consequence, name, given: options.yes });
        await client.standby.remove({ confirm: name, both: options.both });
        const words = options.both
          ? `neither this node nor ${peer} is in a pair now`
          : `this node is in no pair now; ${peer} still is: run the same there`;
        context.output.done({ removed: true, both: options.both }, words);
      }),
  });
}
