/** Keeps secrets out of logs, events and replies: masks them by key name and inside addresses. Pure. */

/** `code` alone is a pairing code; those of events are three characters. */
const pairingCode = /^[a-z0-9]{4}[\s-]?[a-z0-9]{4}$/i;
const addressKey = /url|uri|address|endpoint/i;
const secretKey =
  /pass|pwd|secret|token|credential|^current$|^next$|authorization|^key$|apikey|accesskey|backupkey/i;
const secretQueryName =
  /^(?:.*pass(?:word|wd)?|pwd|psw|pw|token|secret|auth|sig(?:nature)?|user(?:name)?|usr|login)$/i;
const mask = '***';

const depthMax = 6;
const textMax = 512;
/** What is looked at of a text before it is cut: an address that begins in what is shown ends in here. */
const textLookedAtMax = 4_096;
const itemsMax = 64;

/** A copy for the journal: secret keys masked, addresses stripped, long texts and lists cut. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cut(maskAddresses(value.slice(0, textLookedAtMax)));
  // JSON has no form for it.
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '…';
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => maskSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, itemsMax)
      .map(([key, item]) => [key, maskItem(key, item, depth + 1)]),
  );
}

function maskItem(key: string, item: unknown, depth: number): unknown {
  if (secretKey.test(key)) return maskOf(item);
  if (typeof item !== 'string') return maskSecrets(item, depth);
  if (key === 'code' && pairingCode.test(item.trim())) return mask;
  // Whatever stands before an @ in the place of an address was meant as user and password, however it was written.
  const text = addressKey.test(key)
    ? item.slice(0, textLookedAtMax).replace(/^([a-z]{0,8}:\/*)?.*@/is, `$1${mask}@`)
    : item;
  return maskSecrets(text, depth);
}

function maskOf(value: unknown): unknown {
  return typeof value === 'boolean' || value === null || value === undefined ? value : mask;
}

function cut(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

/**
 * Masks user information and secret query values of every address inside a text, in a time that grows with its length only:
 * strangers choose what it looks at. A password may hold slashes; what reads as a port begins a path.
 */
export function maskAddresses(text: string): string {
  return text
    .replace(/:\/\/(?:[^\s/]*|[^\s/@?:[]{0,256}:(?!\d*(?:[/?#\s]|$))[^\s@?]{0,256})@/g, `://${mask}@`)
    .replace(/([?&;])([^=&?;\s]{1,64})=([^&;\s]*)/g, (whole, lead: string, name: string) =>
      secretQueryName.test(name) ? `${lead}${name}=${mask}` : whole,
    );
}
