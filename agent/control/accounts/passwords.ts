/** Hashes and checks passwords with scrypt off the main thread, a bounded number at once. */
import { randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../../src/errors.ts';

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes the same time whether it matches or not; `hash` null (no such account) also takes that time and is false. */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/** scrypt (RFC 7914) cost: 2^15 x 8 x 128 bytes is 32 MiB a check. */
export const defaultCost = 2 ** 15;

const blockSize = 8;
const hashBytes = 32;
const saltBytes = 16;
/** Checks that run at once, and that may wait: a flood of log-ins must not take all memory or all threads. */
const runningMax = 2;
const waitingMax = 32;

export function createPasswords(options: { cost?: number } = {}): Passwords {
  const cost = options.cost ?? defaultCost;
  const limit = createLimit();
  const derive = (password: string, salt: Buffer, n: number) =>
    limit(() => deriveKey(password, salt, { N: n, r: blockSize, p: 1, maxmem: 256 * n * blockSize }));
  const nobody = { cost, salt: randomBytes(saltBytes), key: randomBytes(hashBytes) };
  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      const key = await derive(password, salt, cost);
      return `scrypt$${cost}$${salt.toString('base64')}$${key.toString('base64')}`;
    },
    async verify(password, hash) {
      const parsed = hash === null ? null : parseHash(hash);
      const { cost: n, salt, key } = parsed ?? nobody;
      const derived = await derive(password, salt, n);
      return timingSafeEqual(derived, key) && parsed !== null;
    },
  };
}

function deriveKey(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function parseHash(text: string): { cost: number; salt: Buffer; key: Buffer } | null {
  const [scheme, cost, salt, key] = text.split('$');
  if (scheme !== 'scrypt' || !cost || !salt || !key) return null;
  const parsed = { cost: Number(cost), salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') };
  return parsed.key.length === hashBytes ? parsed : null;
}

function createLimit(): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (run) => {
    if (running >= runningMax) {
      if (waiting.length >= waitingMax) {
        throw new AppError('unavailable', 'too many log-ins at once', {
          hint: 'Try again in a few seconds.',
        });
      }
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** Without characters that are read wrongly from a screen (0 O 1 l I). */
const oneTimeAlphabet = 'ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789';
const oneTimeGroups = 4;
const oneTimeGroupLength = 4;

/** Four groups of four characters, about 92 bits: shown once, typed once. */
export function createOneTimePassword(): string {
  const group = () =>
    Array.from({ length: oneTimeGroupLength }, () => oneTimeAlphabet[randomInt(oneTimeAlphabet.length)]).join(
      '',
    );
  return Array.from({ length: oneTimeGroups }, group).join('-');
}
