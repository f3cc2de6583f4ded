/** Text from outside made fit for a terminal: no control character of it, and nothing that hides or reorders what stands there. */

const lineBreak = /[\t\n\r\v\f\u0085\u2028\u2029]+/gu;
const control = /\p{Cc}|\p{Cs}|[\u{e0000}-\u{e0fff}]/gu;
/** Soft hyphen, grapheme joiner, fillers, zero-width and bidirectional marks. */
const invisible =
  /\u00ad|\u034f|\u061c|[\u115f\u1160]|[\u17b4\u17b5]|[\u180b-\u180e]|[\u200b-\u200f]|[\u202a-\u202e]|[\u2060-\u206f]|\u3164|[\ufe00-\ufe0f]|\ufeff|\uffa0|[\ufff0-\ufffb]/gu;
const plain = /^[ -~]*$/;

/** One line: line breaks and tabs become a blank, other controls a middle dot. */
export function printable(text: string): string {
  if (plain.test(text)) return text;
  return text.replace(lineBreak, ' ').replace(control, '·').replace(invisible, '');
}

/** JSON of the same meaning in which such characters are escaped; `JSON.stringify` leaves some of them as they are. */
export function printableJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
