/** A runner on the real system for tests: real programs and clock, a folder of its own, everything stopped at the end. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { systemClock } from '../../../../agent/adapters/clock.ts';
import type { ResourceEvent } from '../../../../agent/standby/resources/event.ts';
import { createSystemCommands } from '../../../../agent/standby/resources/processes/system-commands.ts';
import { createResourceRunner } from '../../../../agent/standby/resources/runner.ts';
import type { ResourceRunner } from '../../../../agent/standby/types.ts';
import type { ResourceConfig } from '../../../../src/contract/standby.ts';
import { nodeId, pairOf } from './fakes.ts';

/** False, with a loud word, when the program or the right is missing. */
export function canUse(what: { programs?: Record<string, string>; root?: boolean }): boolean {
  const missing = Object.entries(what.programs ?? {}).filter(([program]) => !isInstalled(program));
  for (const [program, name] of missing)
    console.warn(`SKIPPED: ${program} is missing; install the package ${name} to run these tests`);
  const lacksRoot = what.root === true && process.getuid?.() !== 0;
  if (lacksRoot) console.warn('SKIPPED: these tests need root; run them with sudo');
  return missing.length === 0 && !lacksRoot;
}

function isInstalled(program: string): boolean {
  const folders = program.startsWith('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export class RealRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'hf-res-'));
  readonly events: ResourceEvent[] = [];
  readonly failures: { id: string; problem: string }[] = [];
  readonly runner: ResourceRunner;

  constructor(commandPrefix: string[] = []) {
    this.runner = createResourceRunner({
      commands: createSystemCommands({ runDir: join(this.folder, 'run') }),
      clock: systemClock,
      recording: { start: async () => {}, stop: async () => {} },
      onEvent: (event) => this.events.push(event),
      platform: process.platform,
      commandPrefix,
    });
    this.runner.onFailed((failure) => this.failures.push(failure));
  }

  configure(...resources: ResourceConfig[]): this {
    this.runner.configure(pairOf(resources), nodeId);
    return this;
  }

  state(id: string) {
    return this.runner.states().find((each) => each.id === id);
  }

  async until(condition: () => boolean | Promise<boolean>, what: string, withinMs = 8_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await condition())) {
      if (performance.now() > deadline)
        throw new Error(`waited in vain: ${what}; ${JSON.stringify(this.events.slice(-4))}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async end(): Promise<void> {
    await this.runner.stop().catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
