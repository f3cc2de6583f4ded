/** The server's side of digest authentication: SHA-256 with qop (RFC 7616) is offered first, then MD5 as old cameras do it (RFC 2069). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RtspRequest } from './request.ts';

const realm = 'Holdfast test camera';

export interface Account {
  readonly user: string;
  readonly password: string;
}

/** The values of `WWW-Authenticate`, strongest first. */
export function challenges(nonce: string): string[] {
  const common = `Digest realm="${realm}", nonce="${nonce}"`;
  return [`${common}, algorithm=SHA-256, qop="auth"`, common];
}

export function isAuthorised(request: RtspRequest, account: Account, nonce: string): boolean {
  const fields = parseAuthorization(request.headers.get('authorization') ?? '');
  const field = (name: string) => fields.get(name) ?? '';
  if (field('nonce') !== nonce || field('username') !== account.user || field('realm') !== realm)
    return false;
  const algorithm = field('algorithm').toUpperCase() === 'SHA-256' ? 'sha256' : 'md5';
  const hash = (text: string) => createHash(algorithm).update(text).digest('hex');
  const first = hash(`${account.user}:${realm}:${account.password}`);
  const second = hash(`${request.method}:${field('uri')}`);
  const middle = field('qop') === '' ? nonce : `${nonce}:${field('nc')}:${field('cnonce')}:${field('qop')}`;
  const wanted = Buffer.from(hash(`${first}:${middle}:${second}`));
  const given = Buffer.from(field('response').toLowerCase());
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

function parseAuthorization(header: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (!/^digest /i.test(header)) return fields;
  for (const [, name = '', quoted, plain] of header.matchAll(/([a-z0-9]+)=(?:"([^"]*)"|([^\s,]*))/gi)) {
    fields.set(name.toLowerCase(), quoted ?? plain ?? '');
  }
  return fields;
}
