/** Test panels as processes of their own, and the events that they saw acknowledged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PanelSummary } from '../../../agent/test-panel/tally.ts';

export interface PanelOutcome {
  readonly summary: PanelSummary;
  /** `account number` of each acknowledged event. */
  readonly acknowledged: readonly string[];
}

export interface PanelProcess {
  /** Makes no more events, and waits for the last answers. */
  finish(): Promise<PanelOutcome>;
  /** The same, when it ends by itself. */
  ended(): Promise<PanelOutcome>;
  kill(): void;
}

const entry = new URL('../../../agent/test-panel/main.ts', import.meta.url).pathname;

export function startPanels(folder: string, name: string, flags: readonly string[]): PanelProcess {
  const record = join(folder, `${name}.acknowledged`);
  const args = ['--no-warnings', entry, ...flags, '--json', '--record', record];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const gone = once(child, 'close');
  const ended = async (): Promise<PanelOutcome> => {
    await gone;
    const acknowledged = readFileSync(record, 'latin1').split('\n');
    acknowledged.pop();
    return { summary: JSON.parse(text) as PanelSummary, acknowledged };
  };
  return {
    ended,
    finish() {
      child.kill('SIGTERM');
      return ended();
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
