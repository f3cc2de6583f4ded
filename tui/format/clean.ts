/** Cleans text that came from outside for the terminal at hand: what it cannot show becomes what it can. */
import { printable as clean } from '../../src/model/printable.ts';

export { clean };

const plain = /^[ -~]*$/;

/** The same for terminals without UTF-8: accents are dropped, what is still foreign becomes `?`; the width stays. */
export function cleanAscii(text: string): string {
  if (plain.test(text)) return text;
  const result: string[] = [];
  for (const character of clean(text)) {
    if (plain.test(character)) result.push(character);
    else result.push(asciiOf(character));
  }
  return result.join('');
}

/** For a bare console font, which has box drawing and arrows but not the typographer's marks. */
export function cleanBlock(text: string): string {
  return plain.test(text) ? text : clean(text).replace(/[…–—“”’‹›]/gu, (mark) => asciiTwins[mark] ?? '?');
}

const asciiTwins: Readonly<Record<string, string>> = {
  '‹': '<',
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '→': '>',
  '·': '.',
  '›': '>',
  '…': '~',
  '–': '-',
  '—': '-',
  '“': '"',
  '”': '"',
  '’': "'",
  '×': 'x',
};

function asciiOf(character: string): string {
  const twin = asciiTwins[character];
  if (twin !== undefined) return twin;
  if (/^\p{M}$/u.test(character)) return '';
  const base = character.normalize('NFKD').replace(/\p{M}/gu, '');
  return base.length === 1 && plain.test(base) ? base : wide.test(character) ? '??' : '?';
}

/** Characters that fill two cells. */
export const wide =
  /[\u1100-\u115e\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;
