/** The help of one page: its own keys first, then those that work everywhere. */
import { blank, type Line, line, span } from '../format/line.ts';
import { pad, wrap } from '../format/width.ts';
import type { HelpItem, Page } from '../shell.ts';

const everywhere: readonly HelpItem[] = [
  { keys: '1 to 8', text: 'pages' },
  { keys: '↑ ↓ ← →, h j k l', text: 'move' },
  { keys: 'g G, Home End', text: 'first, last' },
  { keys: 'PageUp PageDown', text: 'a screen up, down' },
  { keys: 'Enter', text: 'open' },
  { keys: 'Esc', text: 'back; never does harm' },
  { keys: '/', text: 'filter; !text shows what does not match' },
  { keys: ':', text: 'commands, completed with Tab' },
  { keys: 's', text: 'sort' },
  { keys: 'e', text: 'export what is shown, as CSV' },
  { keys: 'y', text: 'copy to the clipboard (OSC 52)' },
  { keys: 'r', text: 'refresh' },
  { keys: 'q', text: 'quit, from the top of a page' },
  { keys: 'Ctrl-L', text: 'paint the screen anew' },
  { keys: 'Ctrl-Z, Ctrl-C', text: 'to the shell (fg returns), quit' },
];

export function helpLines(page: Page, width: number): Line[] {
  return [
    ...section(`On ${page.title}`, page.help, width),
    blank,
    ...section('Everywhere', everywhere, width),
  ];
}

function section(title: string, items: readonly HelpItem[], width: number): Line[] {
  const keyWidth = 20;
  const rows = items.flatMap(({ keys, text }) =>
    wrap(text, Math.max(10, width - keyWidth)).map((row, index) =>
      line(span(pad(index === 0 ? keys : '', keyWidth), 'key'), span(row)),
    ),
  );
  return [line(span(title, 'title')), ...rows];
}
