/** Reads a session description (RFC 8866) as cameras write it: unknown and broken lines are skipped, never fatal. */

const mediaMax = 16;
const linesMax = 4096;

export interface SdpMedia {
  /** video, audio, application… */
  readonly kind: string;
  readonly payloadTypes: readonly number[];
  /** By payload type: encoding name in upper case, clock rate, channels. */
  readonly maps: ReadonlyMap<number, RtpMap>;
  /** By payload type: fmtp parameters, names in lower case. */
  readonly parameters: ReadonlyMap<number, ReadonlyMap<string, string>>;
  readonly control: string | null;
  readonly direction: string | null;
}

export interface RtpMap {
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
}

export interface Sdp {
  readonly control: string | null;
  readonly media: readonly SdpMedia[];
}

/** RFC 3551, table 4 and 5: what needs no rtpmap. */
const staticMaps = new Map<number, RtpMap>([
  [0, { encoding: 'PCMU', clockRate: 8000, channels: 1 }],
  [2, { encoding: 'G726-32', clockRate: 8000, channels: 1 }],
  [4, { encoding: 'G723', clockRate: 8000, channels: 1 }],
  [8, { encoding: 'PCMA', clockRate: 8000, channels: 1 }],
  [9, { encoding: 'G722', clockRate: 8000, channels: 1 }],
  [14, { encoding: 'MPA', clockRate: 90_000, channels: 1 }],
  [18, { encoding: 'G729', clockRate: 8000, channels: 1 }],
  [26, { encoding: 'JPEG', clockRate: 90_000, channels: 1 }],
  [32, { encoding: 'MPV', clockRate: 90_000, channels: 1 }],
  [33, { encoding: 'MP2T', clockRate: 90_000, channels: 1 }],
  [34, { encoding: 'H263', clockRate: 90_000, channels: 1 }],
]);

interface OpenMedia {
  kind: string;
  payloadTypes: number[];
  maps: Map<number, RtpMap>;
  parameters: Map<number, Map<string, string>>;
  control: string | null;
  direction: string | null;
}

export function parseSdp(text: string): Sdp {
  const media: OpenMedia[] = [];
  let control: string | null = null;
  for (const line of text.split(/\r\n|\n|\r/, linesMax)) {
    const value = line.slice(2).trim();
    if (/^m=/i.test(line)) {
      if (media.length === mediaMax) break;
      media.push(openMedia(value));
    } else if (/^a=/i.test(line)) {
      const current = media.at(-1);
      if (current) readAttribute(current, value);
      else if (/^control:/i.test(value)) control = value.slice(8).trim();
    }
  }
  return { control, media };
}

/** What carries a payload type, from the rtpmap or the static table. */
export function mapOf(media: SdpMedia, payloadType: number): RtpMap | null {
  return media.maps.get(payloadType) ?? staticMaps.get(payloadType) ?? null;
}

function openMedia(value: string): OpenMedia {
  const [kind = '', , , ...formats] = value.split(/\s+/);
  return {
    kind: kind.toLowerCase(),
    payloadTypes: formats.map(Number).filter((type) => Number.isInteger(type) && type >= 0 && type < 128),
    maps: new Map(),
    parameters: new Map(),
    control: null,
    direction: null,
  };
}

function readAttribute(media: OpenMedia, value: string): void {
  const colon = value.indexOf(':');
  const name = (colon < 0 ? value : value.slice(0, colon)).trim().toLowerCase();
  const rest = colon < 0 ? '' : value.slice(colon + 1).trim();
  if (name === 'rtpmap') readMap(media, rest);
  else if (name === 'fmtp') readParameters(media, rest);
  else if (name === 'control') media.control = rest;
  else if (name === 'sendonly' || name === 'recvonly' || name === 'sendrecv' || name === 'inactive') {
    media.direction = name;
  }
}

function readMap(media: OpenMedia, value: string): void {
  const match = /^(\d+)\s+([^/\s]+)\s*(?:\/\s*(\d+))?\s*(?:\/\s*(\d+))?/.exec(value);
  const type = Number(match?.[1]);
  if (!match || type > 127) return;
  const encoding = (match[2] ?? '').toUpperCase();
  const fallback = media.kind === 'video' ? 90_000 : 8000;
  media.maps.set(type, {
    encoding,
    clockRate: positive(match[3] ?? '') ?? fallback,
    channels: positive(match[4] ?? '') ?? 1,
  });
  if (media.payloadTypes.length === 0) media.payloadTypes.push(type);
}

function readParameters(media: OpenMedia, value: string): void {
  const match = /^(\d+)\s+(.*)$/.exec(value);
  if (!match) return;
  const parameters = media.parameters.get(Number(match[1])) ?? new Map<string, string>();
  for (const part of (match[2] ?? '').split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '') parameters.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  media.parameters.set(Number(match[1]), parameters);
}

function positive(text: string): number | null {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}
