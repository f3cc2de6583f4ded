/** On a real terminal: however the console ends, the terminal is given back as it was. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const python = 'python3';
const hasPython =
  process.platform !== 'win32' && spawnSync(python, ['-c', 'import pty, termios']).status === 0;
const hasBash = process.platform !== 'win32' && spawnSync('bash', ['-c', 'true']).status === 0;
const runner = fileURLToPath(new URL('../support/on_terminal.py', import.meta.url));
const demo = fileURLToPath(new URL('../support/tui-demo.ts', import.meta.url));

const enterAlternate = '\u001b[?1049h';
const leaveAlternate = '\u001b[?1049l';
const showCursor = '\u001b[?25h';
const bracketedPasteOff = '\u001b[?2004l';

const resultSchema = z.object({
  output: z.string(),
  exit: z.number(),
  terminalAsBefore: z.boolean().nullable(),
  failure: z.string().nullable(),
});

type Step = { wait: string } | { send: string } | { signal: string } | { hangup: true } | { mark: true };

function onTerminal(argv: readonly string[], steps: readonly Step[]): Promise<z.infer<typeof resultSchema>> {
  const env = { TERM: 'xterm-256color', LANG: 'C.UTF-8', CI: '', PS1: 'prompt$ ' };
  return new Promise((resolve, reject) => {
    const child = execFile(python, [runner], { maxBuffer: 16 * 1024 * 1024 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(resultSchema.parse(JSON.parse(stdout)));
    });
    child.stdin?.end(JSON.stringify({ argv, env, steps }));
  });
}

const consoleWith = (...flags: string[]): string[] => [process.execPath, demo, ...flags];
const ready: Step = { wait: 'Is everything recorded?' };

function expectRestored(result: z.infer<typeof resultSchema>): void {
  expect(result.failure).toBeNull();
  expect(result.terminalAsBefore).toBe(true);
  expect(result.output.lastIndexOf(leaveAlternate)).toBeGreaterThan(
    result.output.lastIndexOf(enterAlternate),
  );
  expect(result.output).toContain(bracketedPasteOff);
  expect(result.output.lastIndexOf(showCursor)).toBeGreaterThan(result.output.lastIndexOf('\u001b[?25l'));
}

const missing = hasPython ? '' : ' [SKIPPED: install python3]';

describe(`the terminal is as before${missing}`, () => {
  it.skipIf(!hasPython)('after q', async () => {
    const result = await onTerminal(consoleWith(), [ready, { send: 'q' }]);
    expectRestored(result);
    expect(result.exit).toBe(0);
  });

  it.skipIf(!hasPython)('after Ctrl-C', async () => {
    const result = await onTerminal(consoleWith(), [ready, { send: '\u0003' }]);
    expectRestored(result);
    expect(result.exit).toBe(0);
  });

  it.skipIf(!hasPython)('after SIGTERM', async () => {
    const result = await onTerminal(consoleWith(), [ready, { signal: 'SIGTERM' }]);
    expectRestored(result);
    expect(result.exit).toBe(143);
  });

  it.skipIf(!hasPython)('after SIGHUP', async () => {
    const result = await onTerminal(consoleWith(), [ready, { signal: 'SIGHUP' }]);
    expectRestored(result);
    expect(result.exit).toBe(129);
  });

  it.skipIf(!hasPython)('after a crash, which is printed where it can be read', async () => {
    const result = await onTerminal(consoleWith('--crash'), [ready]);
    expectRestored(result);
    expect(result.exit).toBe(1);
    expect(result.output.slice(result.output.lastIndexOf(leaveAlternate))).toContain('crash on purpose');
  });

  it.skipIf(!hasPython)('after an error while rendering, which is printed and not swallowed', async () => {
    const result = await onTerminal(consoleWith('--break'), [ready]);
    expectRestored(result);
    expect(result.exit).toBe(1);
    expect(result.output.slice(result.output.lastIndexOf(leaveAlternate))).toContain('TypeError');
  });

  it.skipIf(!hasPython || !hasBash)(
    'while it is stopped with Ctrl-Z, and the screen is back after fg',
    async () => {
      const result = await onTerminal(
        ['bash', '--norc', '--noprofile', '-i'],
        [
          { wait: 'prompt$ ' },
          { send: `${consoleWith().join(' ')}\n` },
          ready,
          { send: '\u001a' },
          { wait: 'Stopped' },
          { mark: true },
          { send: 'stty -a\n' },
          { wait: ' icanon' },
          { mark: true },
          { send: 'fg\n' },
          ready,
          { mark: true },
          { send: 'q' },
          { wait: 'prompt$ ' },
          { send: 'exit\n' },
        ],
      );
      expect(result.failure).toBeNull();
      expect(result.exit).toBe(0);
    },
  );
});

describe(`when the terminal vanishes${missing}`, () => {
  it.skipIf(!hasPython)('the console ends by itself', async () => {
    const result = await onTerminal(consoleWith(), [ready, { hangup: true }]);
    expect(result.failure).toBeNull();
    expect(result.exit).not.toBe(0);
  });
});
