/** Splits a camera's address into what may be shown and what is secret. Pure. */
import { maskAddresses } from './secrets.ts';

export interface CameraAddress {
  /** Without user and password; secret values of the query are masked. */
  shownUrl: string;
  user: string | null;
  password: string | null;
  /** The address to dial, without user and password; equals `shownUrl` unless the query holds secrets. */
  dialUrl: string;
}

/**
 * The user information reaches to the last `@` before the path, so a password may hold `@` and `:`. It may hold slashes
 * too, where what follows the first colon is no port.
 */
export function splitCameraAddress(url: string): CameraAddress {
  const match =
    /^([a-z]+:\/\/)([^/?#]*)@([^@]*)$/is.exec(url) ??
    /^([a-z]+:\/\/)([^/]*)@(.*)$/is.exec(url) ??
    /^([a-z]+:\/\/)([^/?#:@[]*:(?!\d*(?:[/?#]|$))[^@?]*)@(.*)$/is.exec(url);
  if (!match) return { shownUrl: maskAddresses(url), user: null, password: null, dialUrl: url };
  const [, scheme = '', information = '', rest = ''] = match;
  const colon = information.indexOf(':');
  const dialUrl = scheme + rest;
  return {
    shownUrl: maskAddresses(dialUrl),
    user: decode(colon < 0 ? information : information.slice(0, colon)),
    password: colon < 0 ? null : decode(information.slice(colon + 1)),
    dialUrl,
  };
}

/** People also type passwords with a bare `%`. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
