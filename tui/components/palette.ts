/** The command palette: which commands match what was typed, and how the choice is shown above the bottom rows. */
import { type Line, line, span } from '../format/line.ts';
import { pad } from '../format/width.ts';
import type { Command } from '../shell.ts';

export interface Match {
  command: Command;
  argument: string;
}

/** Best first: exact name or alias, then beginnings, then words that contain the letters in order. */
export function matchCommands(commands: readonly Command[], typed: string): Match[] {
  const text = typed.trimStart().toLowerCase();
  const scored = commands.flatMap((command) => {
    const score = Math.min(...[command.name, ...(command.aliases ?? [])].map((name) => scoreOf(name, text)));
    return Number.isFinite(score) ? [{ command, score, argument: argumentOf(command, typed) }] : [];
  });
  return scored.sort((a, b) => a.score - b.score).map(({ command, argument }) => ({ command, argument }));
}

function scoreOf(name: string, text: string): number {
  if (text === '') return 3;
  const trimmed = text.trimEnd();
  if (name === trimmed) return 0;
  if (trimmed.startsWith(`${name} `)) return 1;
  if (name.startsWith(trimmed)) return 2;
  if (name.split(' ').some((word) => word.startsWith(trimmed))) return 3;
  return inOrder(name, trimmed) ? 4 : Number.POSITIVE_INFINITY;
}

function inOrder(name: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function argumentOf(command: Command, typed: string): string {
  const text = typed.trimStart();
  const name = [command.name, ...(command.aliases ?? [])]
    .filter((each) => text.toLowerCase().startsWith(`${each} `))
    .sort((a, b) => b.length - a.length)[0];
  return name === undefined ? '' : text.slice(name.length + 1).trim();
}

/** At most `rows` candidates, the chosen one marked. */
export function paletteLines(
  matches: readonly Match[],
  choice: number,
  columns: number,
  rows: number,
): Line[] {
  const top = Math.max(0, Math.min(choice - rows + 1, matches.length - rows));
  const shown = matches.slice(top, top + rows);
  if (shown.length === 0) return [line(span(' no such command', 'dim'))];
  return shown.map(({ command }, index): Line => {
    const chosen = top + index === choice;
    const name = command.argument === undefined ? command.name : `${command.name} ${command.argument}`;
    const aliases = command.aliases === undefined ? '' : `  ${command.aliases.join(', ')}`;
    const text = pad(` ${pad(name, 24)} ${command.text}${aliases}`, columns);
    return {
      ...line(span(text, chosen ? 'cursor' : 'bar')),
      label: `${chosen ? 'chosen ' : ''}${name}: ${command.text}`,
    };
  });
}
