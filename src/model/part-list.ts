/** Areas, zones, channels and users in one cell: `1=Hall;2=Office|1`, number, name and what belongs to it. Pure. */

export interface ListedPart {
  readonly number: string;
  readonly name: string;
  /** What stands after bars behind the name; null where nothing does. */
  readonly more: readonly (string | null)[];
}

/** Semicolon, bar and backslash within a name have a backslash before them. Null for a part without `=`. */
export function parsePartList(cell: string): (ListedPart | null)[] {
  return splitUnescaped(cell, ';')
    .filter((part) => part.trim() !== '')
    .map(parsePart);
}

function parsePart(part: string): ListedPart | null {
  const equals = part.indexOf('=');
  if (equals < 0) return null;
  const [name = '', ...more] = splitUnescaped(part.slice(equals + 1), '|').map(unescaped);
  return {
    number: part.slice(0, equals).trim(),
    name: name.trim(),
    more: more.map((each) => (each.trim() === '' ? null : each.trim())),
  };
}

export function formatPartList(parts: readonly ListedPart[]): string {
  return parts.map(formatPart).join(';');
}

function formatPart({ number, name, more }: ListedPart): string {
  const last = more.findLastIndex((each) => each !== null);
  return `${number}=${[name, ...more.slice(0, last + 1)].map((each) => escaped(each ?? '')).join('|')}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\;|]/g, '\\$&');
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1');
}

function splitUnescaped(text: string, separator: string): string[] {
  const pieces = [''];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (letter === separator) pieces.push('');
    else {
      const piece = letter === '\\' ? letter + (text[at + 1] ?? '') : letter;
      if (letter === '\\') at += 1;
      pieces.push((pieces.pop() ?? '') + piece);
    }
  }
  return pieces;
}
