/**
 * SPEKE (IEEE P1363.2, ISO/IEC 11770-4): a key agreement whose generator comes from the pairing code, so that one run lets an
 * attacker test one code and nothing that was overheard lets him test any. Both certificates and both public values enter
 * the key, which ties it to the two ends of this very TLS connection.
 */
import {
  createHash,
  createHmac,
  getDiffieHellman,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** RFC 3526 group 14: a safe prime of 2048 bits. */
const prime = getDiffieHellman('modp14').getPrime();
const primeBytes = prime.length;
const primeNumber = numberOf(prime);
/** Twice the strength of the group, as P1363 asks of short exponents. */
const exponentBytes = 40;

export interface PakeTranscript {
  /** TLS fingerprints of the two nodes. */
  readonly shower: string;
  readonly joiner: string;
  readonly showerPublic: string;
  readonly joinerPublic: string;
}

export interface PakeKeys {
  readonly pairId: string;
  readonly pairKey: Buffer;
  /** What each side sends to prove that it knew the code; the joiner goes first. */
  readonly joinerProof: string;
  readonly showerProof: string;
}

export interface PakeSide {
  /** Base64. */
  readonly publicValue: string;
  /** Null when the other's value is none that an honest node sends. */
  finish(otherPublic: string, transcript: PakeTranscript): PakeKeys | null;
}

/**
 * One run; its secret exponent is used once, so that the time of one power tells nobody anything that is used again. BigInt,
 * as Node's own DiffieHellman proves the prime anew each time, which holds the process up for a second.
 */
export function startPake(code: string): PakeSide {
  const exponent = numberOf(randomBytes(exponentBytes));
  const own = toBytes(power(generatorOf(code), exponent));
  return {
    publicValue: own.toString('base64'),
    finish(otherPublic, transcript) {
      const bytes = Buffer.from(otherPublic, 'base64');
      const other = bytes.length === primeBytes ? numberOf(bytes) : 0n;
      if (other <= 1n || other >= primeNumber - 1n || bytes.equals(own)) return null;
      return keysOf(toBytes(power(other, exponent)), transcript);
    },
  };
}

export function sameProof(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A square, so that it generates the subgroup of prime order and betrays nothing about the code. */
function generatorOf(code: string): bigint {
  const blocks = Array.from({ length: Math.ceil(primeBytes / 64) + 1 }, (_, index) =>
    createHash('sha512').update(`holdfast pairing 1\n${index}\n${code}`).digest(),
  );
  const base = numberOf(Buffer.concat(blocks)) % primeNumber;
  return (base * base) % primeNumber;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % primeNumber;
    square = (square * square) % primeNumber;
  }
  return result;
}

function keysOf(secret: Buffer, transcript: PakeTranscript): PakeKeys {
  const info = JSON.stringify([
    transcript.shower,
    transcript.joiner,
    transcript.showerPublic,
    transcript.joinerPublic,
  ]);
  const salt = Buffer.from('holdfast pairing 1');
  const bytes = Buffer.from(hkdfSync('sha256', secret, salt, createHash('sha256').update(info).digest(), 80));
  const proof = (side: string) =>
    createHmac('sha256', bytes.subarray(0, 32)).update(side).digest().toString('base64');
  return {
    joinerProof: proof('joiner'),
    showerProof: proof('shower'),
    pairKey: bytes.subarray(32, 64),
    pairId: `pair-${bytes.subarray(64, 72).toString('hex')}`,
  };
}

function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(primeBytes * 2, '0'), 'hex');
}
