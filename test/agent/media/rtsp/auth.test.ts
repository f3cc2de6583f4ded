import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorization } from '../../../../agent/media/rtsp/auth.ts';
import { accepted, counted, nextAuth, noAuth } from '../../../../agent/media/rtsp/auth-state.ts';
import { type Challenge, parseChallenges } from '../../../../agent/media/rtsp/challenge.ts';

function only(text: string): Challenge {
  const [challenge] = parseChallenges([text]);
  if (challenge === undefined) throw new Error('no challenge');
  return challenge;
}

function answer(text: string, overrides: Partial<Parameters<typeof authorization>[0]> = {}): string {
  return authorization({
    challenge: only(text),
    user: 'Mufasa',
    password: 'Circle Of Life',
    method: 'GET',
    url: '/dir/index.html',
    clientNonce: '0a4f113b',
    nonceCount: 1,
    ...overrides,
  });
}

const rfc2617 =
  'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
const rfc7616 =
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

describe('an answer to a challenge', () => {
  it('is that of RFC 2617, 3.5, with MD5 and qop', () => {
    const value = answer(rfc2617);
    expect(value).toContain('response="6629fae49393a05397450978507c4ef1"');
    expect(value).toContain('qop=auth, nc=00000001, cnonce="0a4f113b"');
    expect(value).toContain('opaque="5ccc069c403ebaf9f0171e9517f40e41"');
  });

  it('is that of RFC 7616, 3.9.1, with SHA-256', () => {
    const value = answer(rfc7616, {
      password: 'Circle of Life',
      clientNonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    });
    expect(value).toContain('response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"');
    expect(value).toContain('algorithm=SHA-256');
  });

  it('has the form of RFC 2069 where qop is absent, and echoes no algorithm that was not sent', () => {
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    const value = answer('Digest realm="r", nonce="n"', {
      user: 'u',
      password: 'p',
      method: 'PLAY',
      url: 'rtsp://h/',
    });
    expect(value).toContain(`response="${md5(`${md5('u:r:p')}:n:${md5('PLAY:rtsp://h/')}`)}"`);
    expect(value).not.toMatch(/qop|nc=|cnonce|algorithm/);
    expect(answer('Digest realm="r", nonce="n", algorithm=MD5')).toContain('algorithm=MD5');
  });

  it('keeps quotes in names inside the quotes', () => {
    expect(answer('Digest realm="a\\"b", nonce="n"', { user: 'x"y' })).toContain(
      'username="x\\"y", realm="a\\"b"',
    );
  });

  it('is plain for Basic', () => {
    expect(answer('Basic realm="r"', { user: 'a', password: 'b' })).toBe('Basic YTpi');
  });
});

describe('challenges', () => {
  it('of several headers or of one come strongest first', () => {
    const basic = 'Basic realm="r"';
    const md5 = 'Digest realm="r", nonce="n"';
    const sha = 'Digest realm="r", nonce="n", algorithm="SHA-256"';
    const names = (values: string[]) =>
      parseChallenges(values).map((c) => (c.scheme === 'basic' ? 'Basic' : c.algorithm));
    expect(names([basic, md5, sha])).toEqual(['SHA-256', 'MD5', 'Basic']);
    expect(names([`${basic}, ${md5}, ${sha}`])).toEqual(['SHA-256', 'MD5', 'Basic']);
  });

  it('may carry parameters nobody asked for', () => {
    const text =
      'Digest domain="::", realm="IP Camera, Basic model", nonce="n", stale="FALSE", userHash=false, x';
    expect(parseChallenges([text])).toMatchObject([{ realm: 'IP Camera, Basic model', stale: false }]);
  });

  it('that nobody can answer are left out', () => {
    expect(
      parseChallenges([
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'Negotiate',
        'Digest realm="r"',
      ]),
    ).toEqual([]);
  });

  it('survive any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => void parseChallenges([text, `Digest ${text}`])),
    );
  });
});

describe('the choice after a 401', () => {
  const sha = only('Digest realm="r", nonce="n", algorithm=SHA-256');
  const md5 = only('Digest realm="r", nonce="n"');
  const renewed = only('Digest realm="r", nonce="m"');
  const stale = only('Digest realm="r", nonce="m", stale=true');
  const basic = only('Basic realm="r"');

  it('goes from strong to weak and then gives up', () => {
    let auth = nextAuth(noAuth, [sha, md5, basic], true);
    const tried = [];
    while (typeof auth !== 'string') {
      tried.push(auth.challenge);
      auth = nextAuth(auth, [sha, md5, basic], true);
    }
    expect(tried).toEqual([sha, md5, basic]);
    expect(auth).toBe('rejected');
  });

  it('answers a stale nonce again, and stops after three', () => {
    let auth = nextAuth(noAuth, [md5], true);
    for (let i = 0; i < 3; i++) {
      auth = typeof auth === 'string' ? auth : nextAuth(counted(auth), [stale], true);
      expect(auth).toMatchObject({ challenge: stale, nonceCount: 0 });
    }
    expect(typeof auth === 'string' ? auth : nextAuth(auth, [stale], true)).toBe('rejected');
  });

  it('takes a new nonce for a stale one only after the password was proven', () => {
    const auth = nextAuth(noAuth, [md5], true);
    if (typeof auth === 'string') throw new Error(auth);
    expect(nextAuth(auth, [renewed], true)).toBe('rejected');
    expect(nextAuth(accepted(auth), [renewed], true)).toMatchObject({ challenge: renewed });
  });

  it('needs credentials and a scheme', () => {
    expect(nextAuth(noAuth, [md5], false)).toBe('no-credentials');
    expect(nextAuth(noAuth, [], true)).toBe('no-usable-scheme');
  });
});
