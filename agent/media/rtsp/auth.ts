/** RTSP authentication (RFC 7616, RFC 2069, RFC 7617): reads challenges, ranks them, and answers one without leaking the password. */
import { createHash } from 'node:crypto';

export interface DigestChallenge {
  readonly scheme: 'digest';
  readonly algorithm: 'MD5' | 'SHA-256';
  readonly session: boolean;
  /** As it was sent, null when it was not: then it is not echoed. */
  readonly algorithmText: string | null;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  readonly qop: 'auth' | 'auth-int' | null;
  readonly stale: boolean;
}

export interface BasicChallenge {
  readonly scheme: 'basic';
  readonly realm: string;
}

export type Challenge = DigestChallenge | BasicChallenge;

const challengesMax = 16;

/** All challenges of a reply's WWW-Authenticate headers that we can answer, the strongest first. */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const challenges = values.flatMap(splitChallenges).slice(0, challengesMax);
  return challenges.flatMap(readChallenge).sort((a, b) => strength(b) - strength(a));
}

/** SHA-256 over MD5 over Basic. */
export function strength(challenge: Challenge): number {
  if (challenge.scheme === 'basic') return 1;
  return challenge.algorithm === 'SHA-256' ? 3 : 2;
}

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

/** One header may hold several challenges: a new one begins where a word is followed by a blank and a parameter. */
function splitChallenges(value: string): string[] {
  const starts = [...value.matchAll(/(?:^|,)\s*(?=(?:digest|basic)(?:\s|$))/gi)].map(
    (m) => m.index + m[0].length,
  );
  return starts.map((start, i) => value.slice(start, starts[i + 1] ?? value.length));
}

function readChallenge(text: string): Challenge[] {
  const parameters = readParameters(text);
  const realm = parameters.get('realm') ?? '';
  if (/^basic/i.test(text)) return [{ scheme: 'basic', realm }];
  const nonce = parameters.get('nonce');
  const algorithmText = parameters.get('algorithm') ?? null;
  const match = /^(MD5|SHA-?256)(-sess)?$/i.exec(algorithmText ?? 'MD5');
  if (nonce === undefined || match === null) return [];
  return [
    {
      scheme: 'digest',
      algorithm: /^md5/i.test(match[0]) ? 'MD5' : 'SHA-256',
      session: match[2] !== undefined,
      algorithmText,
      realm,
      nonce,
      opaque: parameters.get('opaque') ?? null,
      qop: readQop(parameters.get('qop')),
      stale: /^true$/i.test(parameters.get('stale') ?? ''),
    },
  ];
}

function readQop(text: string | undefined): 'auth' | 'auth-int' | null {
  const offered = (text ?? '').toLowerCase().split(/[\s,]+/);
  if (offered.includes('auth')) return 'auth';
  return offered.includes('auth-int') ? 'auth-int' : null;
}

function readParameters(text: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const match of text.matchAll(/([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    const name = (match[1] ?? '').toLowerCase();
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '';
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}
