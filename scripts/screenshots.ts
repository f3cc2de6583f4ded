/** Draws the screenshots of the README from real screens: the console runs on an emulated terminal, each becomes an SVG. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type xterm from '@xterm/headless';
import { openConsole } from '../test/support/terminal-console.ts';

const folder = fileURLToPath(new URL('../docs/screens/', import.meta.url));
const size = { columns: 100, rows: 28 };
const shots: readonly { name: string; keys: readonly string[] }[] = [
  { name: 'home', keys: ['1'] },
  { name: 'storage', keys: ['2'] },
  { name: 'recording', keys: ['3'] },
  { name: 'inspection', keys: ['4', 'down', 'left'] },
  { name: 'receivers', keys: ['6'] },
  { name: 'alarms', keys: ['tab', 'tab'] },
];

const cell = { width: 8.4, height: 18 };
const margin = 12;
const paper = '#14181d';
const ink = '#d3d7dc';

/** The first sixteen colours; the cube and the greys above them are computed. */
const named = [
  '#14181d',
  '#d75f5f',
  '#87af5f',
  '#d7af5f',
  '#5f87d7',
  '#af87d7',
  '#5fafaf',
  '#d3d7dc',
  '#6c7480',
  '#ff8787',
  '#afd787',
  '#ffd787',
  '#87afff',
  '#d7afff',
  '#87d7d7',
  '#ffffff',
];

function colourOf(index: number): string {
  const known = named[index];
  if (known !== undefined) return known;
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  if (index >= 232) return `#${hex(8 + (index - 232) * 10).repeat(3)}`;
  const step = (value: number) => hex(value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return `#${step(Math.floor(cube / 36))}${step(Math.floor(cube / 6) % 6)}${step(cube % 6)}`;
}

interface Run {
  column: number;
  text: string;
  foreground: string;
  background: string | null;
  bold: boolean;
  underlined: boolean;
}

function looksOf(of: xterm.IBufferCell): Omit<Run, 'column' | 'text'> {
  const foreground = of.isFgDefault() ? ink : colourOf(of.getFgColor());
  const background = of.isBgDefault() ? null : colourOf(of.getBgColor());
  const swapped = of.isInverse() !== 0;
  return {
    foreground: swapped ? (background ?? paper) : foreground,
    background: swapped ? foreground : background,
    bold: of.isBold() !== 0,
    underlined: of.isUnderline() !== 0,
  };
}

/** Neighbouring cells of the same look as one piece. */
function runsOf(line: xterm.IBufferLine): Run[] {
  const runs: Run[] = [];
  for (let column = 0; column < size.columns; column += 1) {
    const at = line.getCell(column);
    if (!at || at.getWidth() === 0) continue;
    const looks = looksOf(at);
    const text = at.getChars() || ' ';
    const last = runs.at(-1);
    if (
      last &&
      JSON.stringify({ ...last, column: 0, text: '' }) === JSON.stringify({ column: 0, text: '', ...looks })
    ) {
      last.text += text;
    } else runs.push({ column, text, ...looks });
  }
  return runs;
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function drawRun(run: Run, row: number): string {
  const x = (margin + run.column * cell.width).toFixed(1);
  const y = margin + row * cell.height;
  const width = (run.text.length * cell.width).toFixed(1);
  const back =
    run.background === null
      ? ''
      : `<rect x="${x}" y="${y}" width="${width}" height="${cell.height}" fill="${run.background}"/>`;
  if (run.text.trim() === '') {
    const rule = `<rect x="${x}" y="${y + 15.5}" width="${width}" height="1" fill="${run.foreground}"/>`;
    return run.underlined ? back + rule : back;
  }
  const weight = run.bold ? ' font-weight="bold"' : '';
  const line = run.underlined ? ' text-decoration="underline"' : '';
  const text = `<text x="${x}" y="${y + 13.5}" fill="${run.foreground}" textLength="${width}"${weight}${line}>${escapeXml(run.text)}</text>`;
  return back + text;
}

function toSvg(terminal: xterm.Terminal, title: string): string {
  const width = margin * 2 + size.columns * cell.width;
  const height = margin * 2 + size.rows * cell.height;
  const rows = Array.from({ length: size.rows }, (_, row) => {
    const line = terminal.buffer.active.getLine(row);
    return line
      ? runsOf(line)
          .map((run) => drawRun(run, row))
          .join('')
      : '';
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>Holdfast console: ${title}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="${paper}"/>`,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">`,
    ...rows.filter((row) => row !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

await mkdir(folder, { recursive: true });
const screen = await openConsole({ size });
for (const { name, keys } of shots) {
  await screen.press(...keys);
  await writeFile(`${folder}${name}.svg`, toSvg(screen.terminal.emulator, name));
}
await screen.stop();
