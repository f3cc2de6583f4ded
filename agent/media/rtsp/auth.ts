/** Answers an authentication challenge (RFC 7616, RFC 2069 where qop is absent, RFC 7617) without leaking the password. */
import { createHash } from 'node:crypto';
import type { Challenge } from './challenge.ts';

export interface AuthorizationOptions {
  readonly challenge: Challenge;
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly url: string;
  /** Hex; used where the challenge has qop. */
  readonly clientNonce: string;
  /** How often the nonce was used, this time included. */
  readonly nonceCount: number;
}

/** The value of the Authorization header. */
export function authorization(options: AuthorizationOptions): string {
  const { challenge, user, password } = options;
  if (challenge.scheme === 'basic') {
    return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  }
  const hash = hasher(challenge.algorithm);
  const count = options.nonceCount.toString(16).padStart(8, '0');
  const secret = hash(`${user}:${challenge.realm}:${password}`);
  const keyed = challenge.session ? hash(`${secret}:${challenge.nonce}:${options.clientNonce}`) : secret;
  const entity = challenge.qop === 'auth-int' ? `:${hash('')}` : '';
  const request = hash(`${options.method}:${options.url}${entity}`);
  const response =
    challenge.qop === null
      ? hash(`${keyed}:${challenge.nonce}:${request}`)
      : hash(`${keyed}:${challenge.nonce}:${count}:${options.clientNonce}:${challenge.qop}:${request}`);
  const fields = [
    `username=${quote(user)}`,
    `realm=${quote(challenge.realm)}`,
    `nonce=${quote(challenge.nonce)}`,
    `uri=${quote(options.url)}`,
    `response="${response}"`,
  ];
  if (challenge.algorithmText !== null) fields.push(`algorithm=${challenge.algorithmText}`);
  if (challenge.opaque !== null) fields.push(`opaque=${quote(challenge.opaque)}`);
  if (challenge.qop !== null) fields.push(`qop=${challenge.qop}`, `nc=${count}`);
  if (challenge.qop !== null || challenge.session) fields.push(`cnonce="${options.clientNonce}"`);
  return `Digest ${fields.join(', ')}`;
}

function hasher(algorithm: 'MD5' | 'SHA-256'): (text: string) => string {
  const name = algorithm === 'MD5' ? 'md5' : 'sha256';
  return (text) => createHash(name).update(text, 'utf8').digest('hex');
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, (c) => `\\${c}`)}"`;
}
