/** Turns a row into text with colours, and guarantees that nothing but our own sequences leaves the process. */
import { clean, cleanAscii, cleanBlock } from './format/clean.ts';
import type { Line } from './format/line.ts';
import type { Theme } from './theme.ts';

/** The row as the terminal gets it. Trailing plain blanks are left out to save bytes. */
export function encodeLine(line: Line, theme: Theme): string {
  const cleaned = { ascii: cleanAscii, block: cleanBlock, braille: clean }[theme.glyphs.tier];
  let result = '';
  for (const { text, tone } of line.spans) {
    const own = theme.palette[tone];
    const sgr = line.selected === true ? join(own, theme.selected) : own;
    const content = cleaned(text);
    result += sgr === '' ? content : `\x1b[${sgr}m${content}\x1b[0m`;
  }
  return result;
}

function join(first: string, second: string): string {
  return first === '' ? second : `${first};${second}`;
}
