/** `holdfast alarm mapping`: what event codes mean here, and what they are sent as. */
import type { Command } from 'commander';
import { z } from 'zod';
import { alarmCategorySchema, type EventMapping, eventMappingSchema } from '../../../contract/index.ts';
import { AppError } from '../../../errors.ts';
import { formatMappings, parseMappingFile } from '../../../model/device-import.ts';
import { describeIssue, issueSchema } from '../../../model/issues.ts';
import { addCommand, addNoun, type CommandHost, onlyArgument, requireChange } from '../../command.ts';
import { readItems, writeItems } from '../../item-files.ts';
import type { Column } from '../../output.ts';

const mappingColumns: readonly Column<EventMapping>[] = [
  { title: 'code', value: (row) => row.code },
  { title: 'words', value: (row) => row.words ?? '-' },
  { title: 'category', value: (row) => row.category ?? '-' },
  { title: 'as SIA', value: (row) => row.sia ?? '-' },
  { title: 'as Contact ID', value: (row) => row.contactId ?? '-' },
  { title: 'forwarded', value: (row) => (row.forward ? 'yes' : 'no, only kept') },
];

const setOptions = z.object({
  words: z.string().optional(),
  category: alarmCategorySchema.optional(),
  sia: z.string().toUpperCase().optional(),
  contactId: z.string().toUpperCase().optional(),
  forward: z
    .enum(['on', 'off'], { error: 'is on or off' })
    .transform((word) => word === 'on')
    .optional(),
});

export function addMappings(parent: Command, host: CommandHost): void {
  const noun = addNoun(parent, 'mapping', 'what event codes mean here, and what they are sent as', [
    'holdfast alarm mapping list',
    "holdfast alarm mapping set BA --words 'Burglary, hall' --category burglary",
    'holdfast alarm mapping set RP --forward off',
  ]);
  addCommand(noun, host, {
    usage: 'list',
    summary: 'all mappings; codes without one mean what the standards say',
    options: z.object({}),
    examples: ['holdfast alarm mapping list', 'holdfast alarm mapping list --json'],
    run: (context) =>
      context.withNode(async ({ client }) => {
        const mappings = await client.alarm.mappings();
        context.output.list(mappings, mappingColumns, 'no mapping: codes mean what the standards say');
      }),
  });
  addCommand(noun, host, {
    usage: 'set <code>',
    summary: 'add a mapping, or change one; what is not named stays',
    flags: [
      ['--words <text>', 'what screens say'],
      ['--category <word>', alarmCategorySchema.options.join(', ')],
      ['--sia <code>', 'sent as this code where the ARC takes SIA-DCS'],
      ['--contact-id <code>', 'sent as this code where the ARC takes Contact ID'],
      ['--forward <on|off>', 'off: kept and shown, not forwarded'],
    ],
    options: setOptions,
    examples: [
      "holdfast alarm mapping set BA --words 'Burglary, hall' --category burglary",
      'holdfast alarm mapping set 130 --sia BA',
      'holdfast alarm mapping set RP --forward off',
    ],
    run: async (context, args, options) => {
      requireChange(options);
      await context.withNode(async ({ client }) => {
        const code = onlyArgument(args).toUpperCase();
        const present = (await client.alarm.mappings()).find((mapping) => mapping.code === code);
        const named = Object.entries(options).filter(([, value]) => value !== undefined);
        const wanted = { ...present, ...Object.fromEntries(named), code };
        const parsed = eventMappingSchema.safeParse(wanted);
        if (!parsed.success) {
          const issue = issueSchema.parse(parsed.error.issues[0]);
          const field = String(issue.path?.[0] ?? '');
          throw new AppError('invalid_input', `${field}: ${describeIssue(issue, wanted)}`, {
            hint: 'a code is 130 (Contact ID) or BA (SIA)',
          });
        }
        const done = await client.alarm.setMappings({ mappings: [parsed.data], replace: false });
        context.output.done(done, `code ${code} is mapped`);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'remove <code>',
    summary: 'the code means what the standards say again',
    options: z.object({}),
    examples: ['holdfast alarm mapping remove RP'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const code = onlyArgument(args).toUpperCase();
        const present = await client.alarm.mappings();
        const rest = present.filter((mapping) => mapping.code !== code);
        if (rest.length === present.length) {
          throw new AppError('not_found', `code ${code} is not mapped`, {
            hint: 'holdfast alarm mapping list shows the mappings',
          });
        }
        await client.alarm.setMappings({ mappings: rest, replace: true });
        context.output.done({ code, removed: true }, `code ${code} means what the standards say again`);
      }),
  });
  addFiles(noun, host);
}

function addFiles(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'import <file>',
    summary: 'add and change mappings from CSV or JSON',
    flags: [['--replace', 'remove those that the file does not name']],
    options: z.object({ replace: z.boolean().default(false) }),
    examples: [
      'holdfast alarm mapping import codes.csv',
      'holdfast alarm mapping import codes.csv --replace',
    ],
    run: async (context, args, { replace }) => {
      const mappings = await readItems(context, onlyArgument(args), parseMappingFile);
      await context.withNode(async ({ client }) => {
        const done = await client.alarm.setMappings({ mappings: [...mappings], replace });
        context.output.done(done, `${done.added} added, ${done.changed} changed, ${done.removed} removed`);
      });
    },
  });
  addCommand(noun, host, {
    usage: 'export [file]',
    summary: 'all mappings as CSV, or as JSON with --json',
    options: z.object({}),
    examples: ['holdfast alarm mapping export codes.csv'],
    run: (context, args) =>
      context.withNode(async ({ client }) => {
        const { output } = context;
        const mappings = await client.alarm.mappings();
        const text = output.json ? `${JSON.stringify({ mappings }, null, 1)}\n` : formatMappings(mappings);
        await writeItems(context, args[0] ?? '-', text);
        if (args[0] !== undefined) output.note(`${mappings.length} mappings written to ${args[0]}`);
      }),
  });
}
