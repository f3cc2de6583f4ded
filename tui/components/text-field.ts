/** The editing of one line of text: pure, so that every field of the console behaves alike. */
import { clean } from '../format/clean.ts';
import { cellWidth, sliceCells } from '../format/width.ts';
import { isPrintable, type Key } from '../keys.ts';

export interface TextField {
  text: string;
  /** Characters (code points) before the cursor. */
  at: number;
}

const charactersMax = 4096;

export function textField(text = ''): TextField {
  return { text, at: [...text].length };
}

export function insertText(field: TextField, text: string): TextField {
  const characters = [...field.text];
  const added = [...clean(text)].slice(0, charactersMax - characters.length);
  characters.splice(field.at, 0, ...added);
  return { text: characters.join(''), at: field.at + added.length };
}

/** The field after `key`, or undefined when the key does not edit. */
export function editText(field: TextField, key: Key): TextField | undefined {
  const characters = [...field.text];
  const { at } = field;
  const without = (from: number, to: number): TextField => ({
    text: [...characters.slice(0, from), ...characters.slice(to)].join(''),
    at: from,
  });
  switch (key) {
    case 'left':
      return { ...field, at: Math.max(0, at - 1) };
    case 'right':
      return { ...field, at: Math.min(characters.length, at + 1) };
    case 'home':
    case 'ctrl-a':
      return { ...field, at: 0 };
    case 'end':
    case 'ctrl-e':
      return { ...field, at: characters.length };
    case 'backspace':
      return at === 0 ? field : without(at - 1, at);
    case 'delete':
      return { ...without(at, at + 1), at };
    case 'ctrl-u':
      return without(0, at);
    case 'ctrl-w':
      return without(wordStart(characters, at), at);
    default:
      return isPrintable(key) ? insertText(field, key) : undefined;
  }
}

function wordStart(characters: readonly string[], at: number): number {
  let start = at;
  while (start > 0 && characters[start - 1] === ' ') start -= 1;
  while (start > 0 && characters[start - 1] !== ' ') start -= 1;
  return start;
}

/** What fits into `width` cells around the cursor, and the cursor's column in it. Secrets show as stars. */
export function visibleText(
  field: TextField,
  width: number,
  secret: boolean,
): { text: string; column: number } {
  const shown = secret ? '*'.repeat([...field.text].length) : clean(field.text);
  const before = secret ? '*'.repeat(field.at) : [...shown].slice(0, field.at).join('');
  const column = cellWidth(before);
  const start = Math.max(0, column - width + 1);
  return { text: sliceCells(shown, start, start + width), column: column - start };
}
