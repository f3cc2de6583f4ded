/** Keeps secrets out of logs, events and replies: masks them by key name and inside addresses. Pure. */

const secretKey =
  /pass|pwd|secret|token|credential|^current$|^next$|authorization|^key$|apikey|accesskey|backupkey/i;
const secretQueryName =
  /^(?:.*pass(?:word|wd)?|pwd|psw|pw|token|secret|auth|sig(?:nature)?|user(?:name)?|usr|login)$/i;
const mask = '***';

const depthMax = 6;
const textMax = 512;
const itemsMax = 64;

/** A copy for the journal: secret keys masked, addresses stripped, long texts and lists cut. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cut(maskAddresses(value));
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '…';
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => maskSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, itemsMax)
      .map(([key, item]) => [key, secretKey.test(key) ? maskOf(item) : maskSecrets(item, depth + 1)]),
  );
}

function maskOf(value: unknown): unknown {
  return typeof value === 'boolean' || value === null || value === undefined ? value : mask;
}

function cut(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

/** Masks user information and secret query values of every address inside a text. */
export function maskAddresses(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi, `$1${mask}@`)
    .replace(/([?&;])([^=&?;\s]{1,64})=([^&;\s]*)/g, (whole, lead: string, name: string) =>
      secretQueryName.test(name) ? `${lead}${name}=${mask}` : whole,
    );
}
