/**
 * The heartbeat packet: one UDP datagram between the guards of a pair, fixed in its bytes by golden samples. Nothing of it
 * is believed before its authentication holds; see `agent/standby/heartbeat/machine.ts` for replays.
 */
import type { PairRole } from '../../contract/standby.ts';

export interface HeartbeatPacket {
  /** First 16 bytes of SHA-256 of the pair id, as hex. */
  readonly pairHash: string;
  readonly linkId: string;
  readonly nodeId: string;
  /** 16 random bytes of this run of the guard, as hex. */
  readonly bootId: string;
  /** Counts the packets of this boot on this link from 1. */
  readonly seq: number;
  /** Sender's monotonic ms. */
  readonly sentAtMs: number;
  /** The last packet heard from the peer, and for how long it was held before this one left; null before the first. */
  readonly echo: {
    readonly bootId: string;
    readonly seq: number;
    readonly sentAtMs: number;
    readonly heldMs: number;
  } | null;
  readonly role: PairRole;
  readonly epoch: number;
  readonly leaseValidForMs: number;
  readonly configVersion: number;
  /** The peer's `sentAtMs` on which the promise below rests (rule 6); null without a promise. */
  readonly promiseEchoOfMs: number | null;
  readonly promiseForMs: number;
  readonly resourcesFailed: number;
  readonly yieldRequest: boolean;
  /** It let the application go, for the receiver to take it. */
  readonly offer: boolean;
  readonly maintenance: boolean;
}

/** Authenticates bytes with the key of the pair: HMAC-SHA-256, 32 bytes. */
export type Authenticate = (bytes: Uint8Array) => Uint8Array;

/** Why a datagram is no heartbeat of this pair. */
export type HeartbeatRefusal = 'malformed' | 'version' | 'key';

export type HeartbeatDecoded = { readonly packet: HeartbeatPacket } | { readonly refusal: HeartbeatRefusal };

export const heartbeatVersion = 1;
/** No heartbeat is longer: fits a datagram everywhere. */
export const heartbeatBytesMax = 512;

const magic = 0x48_46_48_42; // "HFHB"
const macBytes = 32;
const idBytesMax = 64;
/** Appended only; the index travels. */
const roles: readonly PairRole[] = [
  'out',
  'standby',
  'candidate',
  'activating',
  'active',
  'deactivating',
  'fault',
];
const flagYield = 1;
const flagMaintenance = 2;
const flagEcho = 4;
const flagPromise = 8;
const flagOffer = 16;
const u32Max = 0xffff_ffff;

/** Numbers beyond their field are cut to its bound; milliseconds are whole, the two `sentAtMs` and `heldMs` are not. */
export function encodeHeartbeat(packet: HeartbeatPacket, authenticate: Authenticate): Uint8Array {
  const bytes = new Uint8Array(heartbeatBytesMax);
  const writer = createWriter(bytes);
  writer.u32(magic);
  writer.u8(heartbeatVersion);
  writer.u8(
    (packet.yieldRequest ? flagYield : 0) |
      (packet.maintenance ? flagMaintenance : 0) |
      (packet.offer ? flagOffer : 0) |
      (packet.echo ? flagEcho : 0) |
      (packet.promiseEchoOfMs === null ? 0 : flagPromise),
  );
  writer.u8(roles.indexOf(packet.role));
  writer.hex16(packet.pairHash);
  writer.hex16(packet.bootId);
  writer.text(packet.linkId);
  writer.text(packet.nodeId);
  writer.u64(packet.seq);
  writer.f64(packet.sentAtMs);
  writer.u64(packet.epoch);
  writer.u32(packet.leaseValidForMs);
  writer.u32(packet.configVersion);
  writer.f64(packet.promiseEchoOfMs ?? 0);
  writer.u32(packet.promiseForMs);
  writer.u32(packet.resourcesFailed);
  if (packet.echo) {
    writer.hex16(packet.echo.bootId);
    writer.u64(packet.echo.seq);
    writer.f64(packet.echo.sentAtMs);
    writer.f64(packet.echo.heldMs);
  }
  const length = writer.offset();
  bytes.set(authenticate(bytes.subarray(0, length)), length);
  return bytes.subarray(0, length + macBytes);
}

/** Never throws. */
export function decodeHeartbeat(bytes: Uint8Array, authenticate: Authenticate): HeartbeatDecoded {
  if (bytes.length > heartbeatBytesMax || bytes.length < macBytes + 8) return { refusal: 'malformed' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== magic) return { refusal: 'malformed' };
  if (view.getUint8(4) !== heartbeatVersion) return { refusal: 'version' };
  const body = bytes.subarray(0, bytes.length - macBytes);
  if (!equalBytes(authenticate(body), bytes.subarray(bytes.length - macBytes))) return { refusal: 'key' };
  const packet = readBody(body);
  return packet ? { packet } : { refusal: 'malformed' };
}

/** Null when a length leads out of the bytes or something is left over. */
function readBody(body: Uint8Array): HeartbeatPacket | null {
  const reader = createReader(body, 5);
  const flags = reader.u8();
  const role = roles[reader.u8()];
  const pairHash = reader.hex16();
  const bootId = reader.hex16();
  const linkId = reader.text();
  const nodeId = reader.text();
  const seq = reader.u64();
  const sentAtMs = reader.f64();
  const epoch = reader.u64();
  const leaseValidForMs = reader.u32();
  const configVersion = reader.u32();
  const basisMs = reader.f64();
  const promiseForMs = reader.u32();
  const resourcesFailed = reader.u32();
  const echo =
    (flags & flagEcho) === 0
      ? null
      : { bootId: reader.hex16(), seq: reader.u64(), sentAtMs: reader.f64(), heldMs: reader.f64() };
  const finite =
    Number.isFinite(sentAtMs + basisMs) && (!echo || Number.isFinite(echo.sentAtMs + echo.heldMs));
  if (!reader.finished() || role === undefined || !finite) return null;
  return {
    pairHash,
    linkId,
    nodeId,
    bootId,
    seq,
    sentAtMs,
    echo,
    role,
    epoch,
    leaseValidForMs,
    configVersion,
    promiseEchoOfMs: (flags & flagPromise) === 0 ? null : basisMs,
    promiseForMs,
    resourcesFailed,
    yieldRequest: (flags & flagYield) !== 0,
    offer: (flags & flagOffer) !== 0,
    maintenance: (flags & flagMaintenance) !== 0,
  };
}

function createWriter(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const put = (length: number, write: (at: number) => void) => {
    write(offset);
    offset += length;
  };
  return {
    offset: () => offset,
    u8: (value: number) => put(1, (at) => view.setUint8(at, value)),
    u32: (value: number) => put(4, (at) => view.setUint32(at, whole(value, u32Max))),
    u64: (value: number) =>
      put(8, (at) => view.setBigUint64(at, BigInt(whole(value, Number.MAX_SAFE_INTEGER)))),
    f64: (value: number) => put(8, (at) => view.setFloat64(at, value)),
    hex16: (hex: string) =>
      put(16, (at) => {
        for (let index = 0; index < 16; index += 1) {
          bytes[at + index] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
        }
      }),
    text(value: string) {
      const encoded = new TextEncoder().encode(value).subarray(0, idBytesMax);
      this.u8(encoded.length);
      put(encoded.length, (at) => bytes.set(encoded, at));
    },
  };
}

function createReader(bytes: Uint8Array, start: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = start;
  let short = false;
  const take = <T>(length: number, otherwise: T, read: (at: number) => T): T => {
    const at = offset;
    offset += length;
    if (offset > bytes.length) {
      short = true;
      return otherwise;
    }
    return read(at);
  };
  return {
    finished: () => !short && offset === bytes.length,
    u8: () => take(1, 0, (at) => view.getUint8(at)),
    u32: () => take(4, 0, (at) => view.getUint32(at)),
    u64: () =>
      take(8, 0, (at) => {
        const value = view.getBigUint64(at);
        if (value > BigInt(Number.MAX_SAFE_INTEGER)) short = true;
        return Number(value);
      }),
    f64: () => take(8, 0, (at) => view.getFloat64(at)),
    hex16: () =>
      take(16, '', (at) =>
        Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, '0')).join(''),
      ),
    text() {
      const length = this.u8();
      if (length > idBytesMax) short = true;
      return take(length, '', (at) => new TextDecoder().decode(bytes.subarray(at, at + length)));
    },
  };
}

function whole(value: number, bound: number): number {
  return Number.isFinite(value) ? Math.min(bound, Math.max(0, Math.floor(value))) : 0;
}

/** Takes the same time wherever the bytes differ. */
function equalBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index += 1) difference |= (one[index] ?? 0) ^ (other[index] ?? 0);
  return difference === 0;
}
