/** Every page on every size and tier looks as it was approved, and is never taller than its terminal. */
import { afterEach, describe, expect, it } from 'vitest';
import type { TerminalSize } from '../support/terminal.ts';
import { openConsole, type TestConsole, utf8 } from '../support/terminal-console.ts';

const sizes: readonly TerminalSize[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 60, rows: 16 },
];
const pages: readonly { name: string; keys: readonly string[] }[] = [
  { name: 'home', keys: ['1'] },
  { name: 'storage', keys: ['2'] },
  { name: 'recording', keys: ['3'] },
  { name: 'inspection', keys: ['4'] },
  { name: 'inspection-hour', keys: ['4', 'down', 'enter'] },
  { name: 'inspection-month', keys: ['4', 'm'] },
  { name: 'log', keys: ['7'] },
  { name: 'system', keys: ['8'] },
];
const looks = [
  { name: 'default', environment: utf8, options: {} },
  { name: 'mono', environment: { ...utf8, NO_COLOR: '1' }, options: {} },
  { name: 'ascii', environment: utf8, options: { ascii: true } },
] as const;

const esc = '\u001b';
const bell = '\u0007';
const asciiAndOurSequences = new RegExp(`^[${bell}${esc}\\r\\n -~]*$`);
const colour = new RegExp(`${esc}\\[[\\d;]*(3[0-8]|4[0-8]|9\\d|10\\d)[;m]`);

let opened: TestConsole | undefined;
afterEach(async () => {
  await opened?.stop();
  opened = undefined;
});

/** The rows, and under them what each cell looks like. */
function golden(screen: TestConsole): string {
  return `${screen.text}\n${'~'.repeat(20)}\n${screen.terminal.looks().join('\n')}\n`;
}

function expectWithin(screen: TestConsole, size: TerminalSize): void {
  expect(screen.terminal.scrolledRows()).toBe(0);
  expect(screen.lines).toHaveLength(size.rows);
  expect(screen.lines[0]).toContain('store-01');
  expect(screen.lines[size.rows - 1]).toContain('? help');
}

describe('each page', () => {
  for (const look of looks) {
    for (const size of sizes) {
      it(`is drawn as approved at ${size.columns}x${size.rows}, ${look.name}`, async () => {
        const screen = await openConsole({ size, environment: look.environment, ...look.options });
        opened = screen;
        for (const page of pages) {
          await screen.press(...page.keys);
          expectWithin(screen, size);
          const file = `../../fixtures/screens/${page.name}-${size.columns}x${size.rows}-${look.name}.txt`;
          await expect(golden(screen)).toMatchFileSnapshot(file);
        }
      });
    }
  }
});

describe('on any terminal', () => {
  it('every size from the smallest up shows the header above and the keys below', async () => {
    const screen = await openConsole({ size: { columns: 60, rows: 16 } });
    opened = screen;
    for (const page of ['1', '2', '3', '4', '7', '8']) {
      await screen.press(page);
      for (const size of [
        { columns: 60, rows: 16 },
        { columns: 61, rows: 30 },
        { columns: 79, rows: 17 },
        { columns: 100, rows: 25 },
        { columns: 200, rows: 60 },
        { columns: 133, rows: 20 },
      ]) {
        screen.terminal.resize(size);
        await screen.idle();
        expect(screen.lines).toHaveLength(size.rows);
        expect(screen.lines[0]).toContain('store-01');
        expect(screen.lines[size.rows - 1]).toContain('? help');
      }
    }
  });

  it('a terminal under 60x16 gets a plain page that says so', async () => {
    const screen = await openConsole({ size: { columns: 59, rows: 16 } });
    opened = screen;
    expect(screen.text).toContain('This terminal is 59x16.');
    expect(screen.text).toContain('Holdfast needs 60x16.');
    screen.terminal.resize({ columns: 80, rows: 24 });
    await screen.idle();
    expect(screen.text).toContain('Is everything recorded?');
    screen.terminal.resize({ columns: 20, rows: 5 });
    await screen.idle();
    expect(screen.lines[0]).toBe('This terminal is');
    expect(screen.terminal.scrolledRows()).toBe(0);
  });

  it('a bare console font gets blocks, but neither braille nor eighths of a block', async () => {
    const screen = await openConsole({ environment: { TERM: 'linux', LANG: 'C.UTF-8' } });
    opened = screen;
    for (const page of ['1', '2', '3', '4', '7', '8']) {
      await screen.press(page);
      expect(screen.text).not.toMatch(/[\u2800-\u28ff▏▎▍▋▊▉✓✗▸…‹›]/u);
    }
    expect(screen.terminal.output.written).not.toContain('38;5;');
  });

  it('without UTF-8 nothing but ASCII is written', async () => {
    const screen = await openConsole({ environment: { TERM: 'xterm', LANG: 'C' } });
    opened = screen;
    for (const page of ['1', '2', '3', '4', 'm', '7', '8']) await screen.press(page);
    await screen.press('3', 'a');
    expect(screen.terminal.output.written).toMatch(asciiAndOurSequences);
    expect(screen.text).toContain('Add a camera');
  });

  it('NO_COLOR and the mono skin write no colour', async () => {
    for (const options of [{ environment: { ...utf8, NO_COLOR: '1' } }, { skin: 'mono' as const }]) {
      const screen = await openConsole(options);
      for (const page of ['1', '2', '3', '4', '7', '8']) await screen.press(page);
      expect(screen.terminal.output.written).not.toMatch(colour);
      await screen.stop();
    }
  });
});
