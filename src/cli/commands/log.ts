/** `holdfast log`: search the journal, download it, clear it. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import type { NodeClient } from '../../client/connect.ts';
import { type LogEntry, logLevels, logTypes } from '../../contract/index.ts';
import { AppError } from '../../errors.ts';
import { addCommand, addNoun, type CommandContext, type CommandHost } from '../command.ts';
import { csvLine } from '../csv.ts';
import { fileError } from '../file-errors.ts';
import type { Column } from '../output.ts';
import { confirmByName } from '../prompt.ts';
import { formatTime, parseTime } from '../time.ts';

const logColumns: readonly Column<LogEntry>[] = [
  { title: 'time', value: (row) => formatTime(row.timeMs) },
  { title: 'level', value: (row) => row.level, tone: levelTone },
  { title: 'event', value: (row) => row.event },
  { title: 'about', value: (row) => row.subject ?? '' },
  { title: 'by', value: (row) => [row.user, row.ip].filter((part) => part !== null).join('@') },
  { title: 'text', value: (row) => row.text },
];

function levelTone(entry: LogEntry) {
  if (entry.level === 'error') return 'bad';
  return entry.level === 'warning' ? 'warning' : 'plain';
}

const filterFlags = [
  ['--type <word>', `one of ${logTypes.join(', ')}`],
  ['--level <word>', `this level and worse: ${logLevels.join(', ')}`],
  ['--from <time>', 'not before: 2026-11-19T14:30, 14:30, -2h'],
  ['--to <time>', 'not after'],
  ['--ip <address>', 'client address, or local'],
  ['--subject <id>', 'id of the object concerned'],
] as const;
const filterOptions = z.object({
  type: z.enum(logTypes).optional(),
  level: z.enum(logLevels).optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  ip: z.string().optional(),
  subject: z.string().optional(),
});

function queryOf(context: CommandContext, words: readonly string[], options: z.output<typeof filterOptions>) {
  const nowMs = context.io.nowMs();
  const text = words.join(' ');
  return {
    ...(text === '' ? {} : { text }),
    ...(options.type === undefined ? {} : { type: options.type }),
    ...(options.level === undefined ? {} : { level: options.level }),
    ...(options.from === undefined ? {} : { fromMs: parseTime(options.from, nowMs) }),
    ...(options.to === undefined ? {} : { toMs: parseTime(options.to, nowMs) }),
    ...(options.ip === undefined ? {} : { ip: options.ip }),
    ...(options.subject === undefined ? {} : { subject: options.subject }),
  };
}

export function addLog(program: Command, host: CommandHost): void {
  const noun = addNoun(program, 'log', 'the journal: events, audit and log entries', [
    'holdfast log search --level warning --from -24h',
    'holdfast log download --out journal.csv',
  ]);
  addCommand(noun, host, {
    usage: 'search [text...]',
    summary: 'entries that match, newest first',
    flags: [
      ...filterFlags,
      ['--page <n>', 'page (default 1)'],
      ['--page-size <n>', 'entries a page (default 50)'],
    ],
    options: filterOptions.extend({
      page: z.coerce.number().int().min(1).default(1),
      pageSize: z.coerce.number().int().min(1).max(1000).default(50),
    }),
    examples: [
      'holdfast log search --level warning --from -24h',
      'holdfast log search --type audit --ip 192.0.2.7 password',
      'holdfast log search --subject c1 --json',
    ],
    run: (context, words, options) =>
      context.withNode(async ({ client }) => {
        const { page, pageSize } = options;
        const found = await client.log.search({ ...queryOf(context, words, options), page, pageSize });
        context.output.result(found, () => {
          context.output.table(found.entries, logColumns, 'nothing found');
          const total = found.more ? `more than ${found.total}` : String(found.total);
          context.output.line(`page ${found.page} of ${Math.max(1, found.pages)}, ${total} entries`);
          if (found.more) context.output.note('not all were counted: narrow the search with --from and --to');
        });
      }),
  });
  addDownload(noun, host);
  addClear(noun, host);
}

function addDownload(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'download [text...]',
    summary: 'up to a million entries as CSV, or with --json as a line of JSON each',
    flags: [...filterFlags, ['--out <file>', 'write to a file (default: standard output)']],
    options: filterOptions.extend({ out: z.string().optional() }),
    examples: [
      'holdfast log download --out journal.csv',
      'holdfast log download --from -7d --json > week.ndjson',
    ],
    run: (context, words, options) =>
      context.withNode(async ({ client }) => {
        const sink = options.out === undefined ? standardOutput(context) : fileSink(options.out);
        const format = context.output.json ? JSON.stringify : csvOf;
        let entries = 0;
        if (!context.output.json) await sink.write(`${csvHeader}\n`);
        for await (const page of everyPage(client, queryOf(context, words, options))) {
          entries += page.length;
          await sink.write(page.map((entry) => `${format(entry)}\n`).join(''));
        }
        await sink.end();
        context.output.note(`${entries} entries`);
      }),
  });
}

function addClear(noun: Command, host: CommandHost): void {
  addCommand(noun, host, {
    usage: 'clear',
    summary:
      'remove entries; audit entries stay unless --before names them, and the clearing itself is noted',
    flags: [
      ['--before <time>', 'only entries before this time'],
      ['--yes <word>', 'the word clear, to confirm without being asked'],
    ],
    options: z.object({ before: z.string().optional(), yes: z.string().optional() }),
    examples: ['holdfast log clear --before -90d', 'holdfast log clear --yes clear'],
    run: async (context, _args, options) => {
      const { before } = options;
      await confirmByName(context.io, {
        consequence:
          before === undefined
            ? 'All entries but audit are removed.'
            : `Entries before ${before} are removed.`,
        name: 'clear',
        given: options.yes,
      });
      const beforeMs = before === undefined ? undefined : parseTime(before, context.io.nowMs());
      await context.withNode(async ({ client }) => {
        const done = await client.log.clear({
          confirm: 'clear',
          ...(beforeMs === undefined ? {} : { beforeMs }),
        });
        context.output.done(done, `${done.removed} entries removed`);
      });
    },
  });
}

const entriesMax = 1_000_000;
const pageSize = 1_000;

type Query = ReturnType<typeof queryOf>;

/** Newest first; each page goes on where the last one ended, so that entries written meanwhile shift nothing. */
async function* everyPage(client: NodeClient, query: Query): AsyncGenerator<LogEntry[]> {
  let from = {};
  for (let given = 0; given < entriesMax; ) {
    const found = await client.log.search({ ...query, ...from, pageSize });
    const page = found.entries.slice(0, entriesMax - given);
    if (page.length > 0) yield page;
    given += page.length;
    if (!found.nextBeforeId) return;
    from = { beforeId: found.nextBeforeId };
  }
}

const csvHeader = 'id,time,type,level,event,subject,user,ip,text';

function csvOf(entry: LogEntry): string {
  const { id, timeMs, type, level, event, subject, user, ip, text } = entry;
  return csvLine([
    id,
    new Date(timeMs).toISOString(),
    type,
    level,
    event,
    subject ?? '',
    user ?? '',
    ip ?? '',
    text,
  ]);
}

interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

function standardOutput(context: CommandContext): Sink {
  return {
    write: async (text) => {
      context.io.stdout.write(text);
    },
    end: async () => {},
  };
}

function fileSink(path: string): Sink {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const failed = new Promise<never>((_resolve, reject) => {
    file.once('error', (cause) =>
      reject(fileError(cause, path) ?? new AppError('unavailable', `cannot write ${path}`, { cause })),
    );
  });
  failed.catch(() => {});
  return {
    write: async (text) => {
      if (!file.write(text)) await Promise.race([once(file, 'drain'), failed]);
    },
    end: async () => {
      file.end();
      await Promise.race([once(file, 'close'), failed]);
    },
  };
}
