/** `holdfast up`: agent and console in one terminal; without a terminal the agent and lines of its state. */

import { mkdirSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { defaultPort } from '../../client/address.ts';
import { openConnection } from '../../client/connect.ts';
import { agentAnswers, startAgent, waitUntilReady } from '../agent-process.ts';
import { addCommand, type CommandContext, type CommandHost } from '../command.ts';
import { type DemoCameras, demoPort, freePort, furnishDemo, startDemoCameras } from '../demo.ts';
import { demoDataDir } from '../installation.ts';
import { printStatusLines } from '../status-lines.ts';
import type { Supervised } from '../supervise.ts';
import { agentArguments, agentFlags, agentOptions } from './agent.ts';
import { hasTerminal, runTui, tuiFlags, tuiOptions } from './tui.ts';

const optionsSchema = agentOptions.extend(tuiOptions.shape).extend({
  demo: z.boolean().default(false),
  data: z.string().optional(),
});
type Options = z.output<typeof optionsSchema>;

export function addUp(program: Command, host: CommandHost): void {
  addCommand(program, host, {
    usage: 'up',
    summary: 'agent and console in one terminal; without a terminal the agent and its state line by line',
    flags: [
      ['--demo', 'with built-in test cameras, in a data folder of its own'],
      ...agentFlags,
      ...tuiFlags,
    ],
    options: optionsSchema,
    examples: ['holdfast up', 'holdfast up --demo', 'holdfast up --data /srv/holdfast --listen 0.0.0.0:6060'],
    run: async (context, _args, options) => {
      const dataDir = options.demo && options.data === undefined ? demoDataDir() : context.dataDir;
      await new Session(context, dataDir, options).run();
    },
  });
}

/** Agent, test cameras and console of one `up`, started in order and ended in the reverse one. */
class Session {
  readonly #context: CommandContext;
  readonly #dataDir: string;
  readonly #options: Options;
  readonly #stop = new AbortController();
  readonly #agentLines: string[] = [];
  #agent: Supervised | undefined;
  #cameras: DemoCameras | undefined;

  constructor(context: CommandContext, dataDir: string, options: Options) {
    this.#context = context;
    this.#dataDir = dataDir;
    this.#options = options;
  }

  async run(): Promise<void> {
    const unhook = this.#context.io.onStop(() => this.#stop.abort());
    try {
      mkdirSync(this.#dataDir, { recursive: true, mode: 0o750 });
      await this.#startAgent();
      if (this.#options.demo) await this.#startDemo();
      if (!this.#stop.signal.aborted) await this.#watch();
    } finally {
      this.#cameras?.stop();
      this.#agent?.stop('SIGTERM');
      const code = await this.#agent?.ended;
      if (code !== undefined && code !== 0) this.#context.exitWith(code);
      unhook();
    }
  }

  async #startAgent(): Promise<void> {
    const { io, output } = this.#context;
    if (await agentAnswers(this.#dataDir)) {
      output.note(`using the agent that already runs on ${this.#dataDir}`);
      return;
    }
    const quiet = hasTerminal(io);
    const listen = this.#options.listen ?? (this.#options.demo ? await demoListen() : undefined);
    const agent = startAgent({
      io,
      args: agentArguments(this.#dataDir, { ...this.#options, listen }),
      onLine: (line) => this.#agentLine(line, quiet),
    });
    this.#agent = agent;
    void agent.ended.then(() => this.#stop.abort());
    try {
      await waitUntilReady(this.#dataDir, agent, io.nowMs);
    } catch (error) {
      if (quiet) for (const line of this.#agentLines) output.note(line);
      throw error;
    }
    if (quiet)
      for (const line of this.#agentLines.filter((text) => text.trim() !== 'ready')) output.line(line);
  }

  /** Without a terminal what the agent prints passes through; with one it would break the picture. */
  #agentLine(line: string, quiet: boolean): void {
    if (quiet) this.#agentLines.push(line);
    else this.#context.output.line(line);
    if (this.#agentLines.length > agentLinesMax) this.#agentLines.shift();
  }

  async #startDemo(): Promise<void> {
    const { output } = this.#context;
    output.line(
      'this is a demonstration: test cameras of its own, a small space, and no password on this console',
    );
    const connection = openConnection({ kind: 'local', dataDir: this.#dataDir });
    try {
      this.#cameras = await startDemoCameras(await demoPort(connection.client));
      await furnishDemo(connection.client, this.#dataDir, this.#cameras);
    } finally {
      connection.close();
    }
  }

  async #watch(): Promise<void> {
    const { io, output } = this.#context;
    if (hasTerminal(io)) {
      const options = { ...this.#options, endsAgent: this.#agent !== undefined };
      this.#context.exitWith(await runTui(io, { kind: 'local', dataDir: this.#dataDir }, options));
      return;
    }
    const connection = openConnection({ kind: 'local', dataDir: this.#dataDir });
    try {
      output.line(`ready: holdfast status --data ${this.#dataDir}`);
      await printStatusLines({
        connection,
        write: (line) => output.line(line),
        nowMs: io.nowMs,
        signal: this.#stop.signal,
      });
    } finally {
      connection.close();
    }
  }
}

const agentLinesMax = 50;

/** The demonstration gets out of the way of a node that listens on the usual port. */
async function demoListen(): Promise<string> {
  return `127.0.0.1:${await freePort(defaultPort)}`;
}
