/** `holdfast standby bring-in`, `switch`, `take-over` and the like: the plan first, then the deed. */
import type { Command } from 'commander';
import { z } from 'zod';
import type { Connection } from '../../../client/connect.ts';
import type { OperationPlan } from '../../../contract/index.ts';
import { AppError, exitCodes } from '../../../errors.ts';
import { addCommand, type CommandContext, type CommandHost, onlyArgument } from '../../command.ts';
import { confirmByName } from '../../prompt.ts';
import { planLines } from './words.ts';

type OperationName = 'bringIn' | 'bringOut' | 'switch' | 'takeOver' | 'handOver';

interface OperationSpec {
  name: OperationName;
  verb: string;
  summary: string;
  /** What is said before the name must be typed; left out for what needs no confirmation. */
  consequence?: string;
}

const operations: readonly OperationSpec[] = [
  { name: 'bringIn', verb: 'bring-in', summary: 'start the application on one node, the other stands by' },
  {
    name: 'bringOut',
    verb: 'bring-out',
    summary: 'stop the application on both; the settings may then change',
  },
  { name: 'switch', verb: 'switch', summary: 'hand the application over to the other node, in order' },
  {
    name: 'handOver',
    verb: 'hand-over',
    summary: 'give the application away from this node, as before maintenance',
  },
  {
    name: 'takeOver',
    verb: 'take-over',
    summary: 'make this node active although the other has not let go; shows the evidence first',
    consequence:
      'If the other node still runs, the application runs twice. Make sure that it is off, or cut off from the service network.',
  },
];

/** The node waits for the outcome, up to the time-outs of the resources. */
const callTimeoutMs = 120_000;

const dryRunFlag = ['--dry-run', 'say what would happen, and do nothing'] as const;
const yesFlag = ['--yes <application>', "the application's name, to confirm without being asked"] as const;

export function addOperations(noun: Command, host: CommandHost): void {
  for (const spec of operations) {
    const confirmed = spec.consequence !== undefined;
    addCommand(noun, host, {
      usage: spec.verb,
      summary: spec.summary,
      flags: [dryRunFlag, ...(confirmed ? [yesFlag] : [])],
      options: z.object({ dryRun: z.boolean().default(false), yes: z.string().optional() }),
      examples: [
        `holdfast standby ${spec.verb} --dry-run`,
        `holdfast standby ${spec.verb}${confirmed ? ' --yes video' : ''}`,
      ],
      run: (context, _args, options) =>
        context.withNode((connection) => operate(context, connection, spec, options), { callTimeoutMs }),
    });
  }
  addStates(noun, host);
}

async function operate(
  context: CommandContext,
  connection: Connection,
  spec: OperationSpec,
  options: { dryRun: boolean; yes?: string | undefined },
): Promise<void> {
  const { standby } = connection.client;
  const plan = await standby[spec.name]({ dryRun: true });
  if (options.dryRun) return report(context, plan, true);
  refuseImpossible(plan);
  const { application } = await standby.status();
  const confirm = application ?? '';
  if (spec.consequence !== undefined) {
    if (options.yes !== confirm) await showEvidence(context, connection, plan);
    await confirmByName(context.io, { consequence: spec.consequence, name: confirm, given: options.yes });
  }
  report(context, await standby[spec.name]({ dryRun: false, confirm }), false);
}

function refuseImpossible(plan: OperationPlan): void {
  if (plan.possible) return;
  throw new AppError('conflict', plan.refusal ?? `${plan.operation} is not possible now`, {
    hint: 'holdfast standby explain says why things are as they are',
  });
}

function report(context: CommandContext, plan: OperationPlan, dryRun: boolean): void {
  context.output.result(plan, () => {
    for (const line of planLines(plan, dryRun)) context.output.line(line);
  });
  if (!plan.possible) context.exitWith(exitCodes.conflict);
}

/** What is known of the other node, on standard error: standard output stays the result. */
async function showEvidence(
  { output }: CommandContext,
  { client }: Connection,
  plan: OperationPlan,
): Promise<void> {
  const evidence = await client.standby.explain();
  output.note(evidence.summary);
  for (const line of evidence.lines) output.note(`  ${line}`);
  for (const line of planLines(plan, true)) output.note(line);
}

const onOff = z.enum(['on', 'off'], { error: 'is on or off' });

function addStates(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'maintenance <on|off>',
    summary: 'on: nothing fails over by itself until it is off again',
    options: z.object({}),
    examples: ['holdfast standby maintenance on', 'holdfast standby maintenance off'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const on = onOff.parse(onlyArgument(args)) === 'on';
        await client.standby.maintenance({ on });
        const text = on ? 'maintenance is on: nothing fails over by itself' : 'maintenance is off';
        context.output.done({ maintenance: on }, text);
      }),
  });
  addCommand(noun, host, {
    usage: 'standalone <on|off>',
    summary: 'on: this node runs the application alone, without its peer and without an arbiter',
    flags: [yesFlag],
    options: z.object({ yes: z.string().optional() }),
    examples: ['holdfast standby standalone on --yes video', 'holdfast standby standalone off'],
    run: (context, args, options) =>
      context.withNode(async ({ client }) => {
        const on = onOff.parse(onlyArgument(args)) === 'on';
        const confirm = (await client.standby.status()).application ?? '';
        if (on) {
          const consequence = 'Nothing guards against the other node running it too, and nobody takes over.';
          await confirmByName(context.io, { consequence, name: confirm, given: options.yes });
        }
        await client.standby.standalone({ on, confirm });
        const text = on ? 'this node now stands alone' : 'this node is one of a pair again';
        context.output.done({ standalone: on }, text);
      }),
  });
}
