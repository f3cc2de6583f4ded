/** The Transport and Session headers of SETUP (RFC 2326, 12.37 and 12.39): writes what we ask, reads what servers answer. */

export type TransportKind = 'tcp' | 'udp';

export interface AnsweredTransport {
  /** TCP: channels of RTP and RTCP. */
  readonly channels: readonly [rtp: number, rtcp: number] | null;
  /** UDP: where the server sends from. */
  readonly serverPorts: readonly [rtp: number, rtcp: number] | null;
  readonly source: string | null;
  /** SSRC as unsigned number. */
  readonly ssrc: number | null;
}

export function writeTransport(kind: TransportKind, pair: readonly [number, number]): string {
  return kind === 'tcp'
    ? `RTP/AVP/TCP;unicast;interleaved=${pair[0]}-${pair[1]}`
    : `RTP/AVP;unicast;client_port=${pair[0]}-${pair[1]}`;
}

export function readTransport(value: string | null): AnsweredTransport {
  const parameters = new Map<string, string>();
  for (const part of (value ?? '').slice(0, 1024).split(/[;,]/)) {
    const [name = '', text = ''] = part.split('=');
    parameters.set(name.trim().toLowerCase(), text.trim());
  }
  const ssrc = /^[0-9a-f]{1,8}$/i.exec(parameters.get('ssrc') ?? '');
  const source = parameters.get('source') ?? '';
  return {
    channels: readPair(parameters.get('interleaved'), 255),
    serverPorts: readPair(parameters.get('server_port'), 65_535),
    source: /^[0-9a-f.:]{2,45}$/i.test(source) ? source : null,
    ssrc: ssrc ? Number.parseInt(ssrc[0], 16) : null,
  };
}

export interface AnsweredSession {
  readonly id: string;
  /** Null when the server does not say. */
  readonly timeoutSeconds: number | null;
}

export function readSession(value: string | null): AnsweredSession | null {
  const [id = '', ...parameters] = (value ?? '').split(';').map((part) => part.trim());
  if (id === '' || id.length > 256) return null;
  const timeout = parameters.map((part) => /^timeout\s*=\s*(\d{1,7})/i.exec(part)?.[1]).find((text) => text);
  const seconds = Number(timeout ?? 0);
  return { id, timeoutSeconds: seconds > 0 ? seconds : null };
}

function readPair(text: string | undefined, max: number): [number, number] | null {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?/.exec(text ?? '');
  if (!match) return null;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first <= max && second <= max ? [first, second] : null;
}
