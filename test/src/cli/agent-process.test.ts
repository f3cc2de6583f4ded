/** Where the news of a restarted agent goes: never onto a screen that the console draws. */
import { describe, expect, it, vi } from 'vitest';
import { startAgent } from '../../../src/cli/agent-process.ts';
import type { CliIo } from '../../../src/cli/io.ts';
import type { SuperviseOptions } from '../../../src/cli/supervise.ts';

const supervised = vi.hoisted((): { options?: SuperviseOptions } => ({}));

vi.mock('../../../src/cli/installation.ts', async (original) => ({
  ...(await original<object>()),
  builtProgram: (name: string) => name,
}));
vi.mock('../../../src/cli/supervise.ts', async (original) => ({
  ...(await original<object>()),
  supervise: (options: SuperviseOptions) => {
    supervised.options = options;
    return { ended: Promise.resolve(0), stop: () => {} };
  },
}));

function restarted(onLine: ((line: string) => void) | null): string {
  let written = '';
  const stderr = { write: (text: string) => (written += text) };
  const io = { stderr, nowMs: () => 0 } as unknown as CliIo;
  startAgent({ io, args: [], onLine });
  supervised.options?.onRestart({ code: null, signal: 'SIGKILL' }, 0);
  return written;
}

const news = 'the agent was killed by SIGKILL; it starts again at once';

describe('a restarted agent', () => {
  it('has lived as long as it has, whatever was done to the clock meanwhile', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 });
    try {
      const io = { stderr: { write: () => true }, nowMs: Date.now } as unknown as CliIo;
      startAgent({ io, args: [], onLine: null });
      const { nowMs } = supervised.options ?? { nowMs: () => Number.NaN };
      const startedAtMs = nowMs();
      vi.setSystemTime(0);
      expect(nowMs() - startedAtMs).toBeGreaterThanOrEqual(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is told on the terminal that the agent prints to', () => {
    expect(restarted(null)).toBe(`${news}\n`);
  });

  it('is told to whoever takes its lines, and to nobody else', () => {
    const lines: string[] = [];
    expect(restarted((line) => lines.push(line))).toBe('');
    expect(lines).toEqual([news]);
  });
});
