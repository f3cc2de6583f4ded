/** What a server demands in WWW-Authenticate (RFC 7616, RFC 2069, RFC 7617): reads challenges and ranks them. */

export interface DigestChallenge {
  readonly scheme: 'digest';
  readonly strength: number;
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
  readonly strength: number;
  readonly realm: string;
}

export type Challenge = DigestChallenge | BasicChallenge;

/** SHA-256 over MD5 over Basic. */
const strengths = { basic: 1, md5: 2, sha256: 3 } as const;

const challengesMax = 16;
const challengeLengthMax = 2048;

/** All challenges of a reply's WWW-Authenticate headers that we can answer, the strongest first. */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const texts = values.slice(0, challengesMax).map((value) => value.slice(0, challengeLengthMax));
  const challenges = texts.flatMap(splitChallenges).slice(0, challengesMax);
  return challenges.flatMap(readChallenge).sort((a, b) => b.strength - a.strength);
}

/** One header may hold several challenges: a new one begins where a word is followed by a blank and a parameter. */
function splitChallenges(value: string): string[] {
  const starts = [...value.matchAll(/(?:^|,)\s*(?=(?:digest|basic)(?:\s*$|\s+[a-z]+\s*=))/gi)].map(
    (m) => m.index + m[0].length,
  );
  return starts.map((start, i) => value.slice(start, starts[i + 1] ?? value.length));
}

function readChallenge(text: string): Challenge[] {
  const parameters = readParameters(text);
  const realm = parameters.get('realm') ?? '';
  if (/^basic/i.test(text)) return [{ scheme: 'basic', strength: strengths.basic, realm }];
  const nonce = parameters.get('nonce');
  const algorithmText = parameters.get('algorithm') ?? null;
  const match = /^(MD5|SHA-?256)(-sess)?$/i.exec(algorithmText ?? 'MD5');
  if (nonce === undefined || match === null) return [];
  const algorithm = /^md5/i.test(match[0]) ? 'MD5' : 'SHA-256';
  return [
    {
      scheme: 'digest',
      strength: algorithm === 'MD5' ? strengths.md5 : strengths.sha256,
      algorithm,
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
