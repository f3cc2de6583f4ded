/** The frames of the fixtures, and what tests build frames and keys of. */
import { readFileSync } from 'node:fs';
import { bytesOf } from '../../../../agent/alarms/dc09/byte-text.ts';
import { createFrameCipher, parseKey } from '../../../../agent/alarms/dc09/crypt.ts';

const lines = readFileSync(new URL('../../../../fixtures/dc09/vectors.txt', import.meta.url), 'latin1')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Valid ones. */
export const vectors: readonly string[] = lines.slice(0, -1);
export const decimalLength: string = lines.at(-1) ?? '';

export const wired = (text: string): Uint8Array => bytesOf(`\n${text}\r`);
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Pads with what the byte given says, so that results are constant. */
export const cipherWith = (keyHex: string, padByte = 0x58) =>
  createFrameCipher(parseKey(keyHex), (size) => new Uint8Array(size).fill(padByte));
export const vectorKey = 'ABCD'.repeat(8);
