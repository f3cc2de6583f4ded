/** Byte text: strings with one character per byte, so that a frame keeps each byte it came with; and how people's text gets in and out of it. */
import { printable } from '../../../src/model/printable.ts';

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes `from` up to before `to` as byte text. */
export function byteTextOf(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let text = '';
  for (let at = from; at < to; at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

/** The bytes of a byte text; of a character that is none its low byte. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** What a person reads, on one line: UTF-8 where the bytes are such, else ISO 8859-1. */
export function readableText(byteText: string): string {
  return printable(decoded(byteText)).trim();
}

function decoded(byteText: string): string {
  if (!/[\x80-\xff]/.test(byteText)) return byteText;
  try {
    return strictUtf8.decode(bytesOf(byteText));
  } catch {
    return byteText;
  }
}

/** A person's text as byte text (UTF-8), without what would end a field of a frame: `[ ] | ^ "` and control characters. */
export function byteTextForField(text: string): string {
  const plain = text.replace(/[[\]|^"]+|[^\x20-\x7e\x80-\uffff]+/g, ' ').trim();
  return byteTextOf(utf8.encode(plain));
}
