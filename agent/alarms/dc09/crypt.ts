/** AES-CBC of DC-09 (section 5.4): zero IV, pad before the text, upper-case hex. It keeps a secret and proves nothing: no integrity, so a tunnel is recommended. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { AppError } from '../../../src/errors.ts';
import { byteTextOf } from './byte-text.ts';
import type { FrameCipher } from './frame.ts';

const blockBytes = 16;
const zeroIv = Buffer.alloc(blockBytes);
const algorithms: Readonly<Record<number, string>> = {
  16: 'aes-128-cbc',
  24: 'aes-192-cbc',
  32: 'aes-256-cbc',
};

/** Pad bytes may be anything but these, which the text is read by. */
const forbidden = new Set(['|', '[', ']'].map((each) => each.charCodeAt(0)));

/**
 * The key as an installer types it: 32, 48 or 64 hex digits.
 * @throws AppError `invalid_input`; the message never holds the key.
 */
export function parseKey(hex: string): Uint8Array {
  const key = /^(?:[0-9A-Fa-f]{2}){16,32}$/.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(0);
  if (algorithms[key.length] === undefined) {
    throw new AppError('invalid_input', 'the key is no AES key', {
      hint: 'Enter 32, 48 or 64 hex digits, the same as in the device.',
    });
  }
  return key;
}

/** @param randomBytes where the pad comes from, `randomBytes` of node:crypto outside of tests. */
export function createFrameCipher(key: Uint8Array, randomBytes: (size: number) => Uint8Array): FrameCipher {
  const algorithm = algorithms[key.length];
  if (algorithm === undefined)
    throw new AppError('invalid_input', 'the key is no AES key', { hint: 'Use parseKey.' });
  // Four times as fast as the bytes themselves, which are looked into with each message.
  const secret = createSecretKey(key);
  return {
    encrypt(text) {
      // The pad is never empty: a text that fills its blocks gets a whole block more.
      const padBytes = blockBytes - (text.length % blockBytes);
      const plain = Buffer.concat([pad(padBytes, randomBytes), Buffer.from(text, 'latin1')]);
      const cipher = createCipheriv(algorithm, secret, zeroIv).setAutoPadding(false);
      return (cipher.update(plain, undefined, 'hex') + cipher.final('hex')).toUpperCase();
    },
    decrypt(hex) {
      if (hex.length === 0 || hex.length % (2 * blockBytes) !== 0 || !/^[0-9A-Fa-f]+$/.test(hex)) return null;
      const decipher = createDecipheriv(algorithm, secret, zeroIv).setAutoPadding(false);
      return byteTextOf(Buffer.concat([decipher.update(hex, 'hex'), decipher.final()]));
    },
  };
}

function pad(size: number, randomBytes: (size: number) => Uint8Array): Uint8Array {
  return randomBytes(size).map((byte) => (forbidden.has(byte) ? byte ^ 0x80 : byte));
}
