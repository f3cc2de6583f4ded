/** RTSP addresses: takes a camera's URL apart, and finds the control URLs that its SDP means, most likely first. */
import { AppError } from '../../../src/errors.ts';

const urlLengthMax = 2048;
const candidatesMax = 3;
const ports = { rtsp: 554, rtsps: 322 } as const;

export interface RtspUrl {
  readonly secure: boolean;
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** Scheme, authority as given, path and query; without credentials. */
  readonly text: string;
  /** Scheme and authority, no slash behind. */
  readonly root: string;
}

/** Throws AppError `invalid_input`; a user name and password in the URL are dropped. */
export function parseRtspUrl(text: string): RtspUrl {
  const trimmed = text.trim();
  const match = /^(rtsps?|rtspt|rtspu):\/\/([^/?#]*)([^#]*)/i.exec(trimmed);
  if (trimmed.length > urlLengthMax) throw invalid(`It is longer than ${urlLengthMax} characters.`);
  if (/[\s\p{Cc}]/u.test(trimmed)) throw invalid('It holds a blank or a control character.');
  if (!match) throw invalid('It does not begin with rtsp:// or rtsps://.');
  const secure = match[1]?.toLowerCase() === 'rtsps';
  const scheme = secure ? 'rtsps' : 'rtsp';
  const { authority, path } = splitCredentials(match[2] ?? '', match[3] ?? '');
  const host = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]+))(?::(\d{0,5}))?$/i.exec(authority);
  if (!host) throw invalid('Its host is missing or malformed.');
  const port = host[3] ? Number(host[3]) : ports[scheme];
  if (port < 1 || port > 65_535) throw invalid('Its port is not between 1 and 65535.');
  const root = `${scheme}://${authority}`;
  return { secure, host: host[1] ?? host[2] ?? '', port, root, text: root + encodePath(path) };
}

function invalid(what: string): AppError {
  return new AppError('invalid_input', `The camera address cannot be used. ${what}`, {
    hint: 'Write it as rtsp://host:554/path, or rtsps://host:322/path for TLS.',
  });
}

/** Passwords hold slashes and at signs: the credentials end at the last "@" of what looks like an authority. */
function splitCredentials(authority: string, path: string): { authority: string; path: string } {
  const at = authority.lastIndexOf('@');
  if (at >= 0) return { authority: authority.slice(at + 1), path };
  const inPath = /^[^@?]*@([^/?#@]+)(.*)$/.exec(path);
  if (inPath && authority.includes(':') && !/^[^:]+:\d*$|^\[/.test(authority)) {
    return { authority: inPath[1] ?? '', path: inPath[2] ?? '' };
  }
  return { authority, path };
}

function encodePath(path: string): string {
  return path.replace(/[^\x21-\x7e]+/g, (part) => encodeURIComponent(part));
}

/** What the server says the SDP's addresses are relative to; the URL asked when it says nothing that can be used. */
export function baseUrl(requested: string, contentBase: string | null): string {
  const said = contentBase?.trim() ?? '';
  return /^rtsps?:\/\/[^/\s]+/i.test(said) && !/\s/.test(said) ? said : requested;
}

/**
 * The control URL of a media or of the whole presentation (RFC 2326, C.1.1), as cameras mean it: relative ones are
 * appended, also behind a query. What follows the first candidate is for servers that answer "not found" to it.
 */
export function controlCandidates(options: {
  base: string;
  requested: string;
  control: string | null;
}): string[] {
  const control = options.control?.trim() ?? '';
  const candidates =
    control === '' || control === '*'
      ? [options.base, options.requested]
      : isAbsolute(control)
        ? [control, rebase(control, options.requested)]
        : [
            append(options.base, control),
            append(options.requested, control),
            rooted(options.requested, control),
          ];
  return [...new Set(candidates)].slice(0, candidatesMax);
}

function isAbsolute(control: string): boolean {
  return /^rtsps?:\/\//i.test(control);
}

/** The path of an absolute URL at the host that we really talk to. */
function rebase(control: string, requested: string): string {
  const path = /^rtsps?:\/\/[^/?]*(.*)$/i.exec(control)?.[1] ?? '';
  return rootOf(requested) + path;
}

function append(base: string, control: string): string {
  if (control.startsWith('?')) return base.replace(/\/$/, '').replace(/\?.*$/, '') + control;
  return `${base.replace(/\/$/, '')}/${control.replace(/^\//, '')}`;
}

/** A path from the root, or beside the last path segment (RFC 3986, 5.2). */
function rooted(requested: string, control: string): string {
  if (control.startsWith('/')) return rootOf(requested) + control;
  const path = requested.replace(/\?.*$/, '');
  const slash = path.lastIndexOf('/');
  return slash > rootOf(requested).length - 1
    ? path.slice(0, slash + 1) + control
    : append(requested, control);
}

function rootOf(url: string): string {
  return /^rtsps?:\/\/[^/?]*/i.exec(url)?.[0] ?? '';
}
