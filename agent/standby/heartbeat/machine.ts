/**
 * One heartbeat link as a pure machine: which packets are believed, round trip, loss, up or down. No packet is believed
 * twice, and a new boot of the peer only after it has echoed something that this boot sent lately, so that a recording of
 * an earlier boot convinces nobody.
 */
import type { HeartbeatPacket } from '../../../src/peer/heartbeat/codec.ts';

/** Packets of ours that an echo may name to prove that its sender hears us now. */
const freshSentMax = 64;
/** How far behind the newest a packet may come; 32 bits of memory. */
const windowPackets = 32;
const lossWindowPackets = 64;
const retiredMax = 16;

export interface LinkState {
  readonly bootId: string;
  readonly nextSeq: number;
  /** Boots of the peer that a later one has followed, as far as this boot has seen: never believed again. */
  readonly retired: readonly string[];
  /** The peer's boot that is believed, its highest number, and which of the `windowPackets` before it came. */
  readonly peer: { readonly bootId: string; readonly seqMax: number; readonly seen: number } | null;
  /** What to echo: the newest packet heard, believed or not. */
  readonly heard: {
    readonly bootId: string;
    readonly seq: number;
    readonly sentAtMs: number;
    readonly atMs: number;
  } | null;
  /** Monotonic ms of the last believed packet. */
  readonly lastMs: number | null;
  readonly roundTripMs: number | null;
  /** One entry for each expected packet, newest last: whether it came. */
  readonly arrivals: readonly boolean[];
}

export type LinkRefusal = 'pair' | 'third-node' | 'reflected' | 'replayed' | 'other-link';

export interface LinkVerdict {
  readonly state: LinkState;
  /** `believed` is the newest; `late` was overtaken and only counts; `unproven` waits for an echo and is no offence. */
  readonly verdict: 'believed' | 'late' | 'unproven' | LinkRefusal;
}

export interface LinkIdentity {
  readonly pairHash: string;
  readonly linkId: string;
  readonly selfId: string;
  readonly peerId: string;
}

export function initialLink(bootId: string): LinkState {
  return {
    bootId,
    nextSeq: 1,
    retired: [],
    peer: null,
    heard: null,
    lastMs: null,
    roundTripMs: null,
    arrivals: [],
  };
}

/** The fields of the next packet that belong to the link. */
export function nextPacket(
  state: LinkState,
  nowMs: number,
): { state: LinkState; fields: Pick<HeartbeatPacket, 'bootId' | 'seq' | 'echo'> } {
  const { heard } = state;
  return {
    state: { ...state, nextSeq: state.nextSeq + 1 },
    fields: {
      bootId: state.bootId,
      seq: state.nextSeq,
      echo: heard && {
        bootId: heard.bootId,
        seq: heard.seq,
        sentAtMs: heard.sentAtMs,
        heldMs: nowMs - heard.atMs,
      },
    },
  };
}

/** Judges a packet whose authentication holds. */
export function receive(
  state: LinkState,
  packet: HeartbeatPacket,
  identity: LinkIdentity,
  nowMs: number,
): LinkVerdict {
  const refuse = (verdict: LinkRefusal): LinkVerdict => ({ state, verdict });
  if (packet.pairHash !== identity.pairHash) return refuse('pair');
  if (packet.linkId !== identity.linkId) return refuse('other-link');
  if (packet.nodeId === identity.selfId) return refuse('reflected');
  if (packet.nodeId !== identity.peerId) return refuse('third-node');
  if (state.peer?.bootId === packet.bootId) return sameBoot(state, state.peer, packet, nowMs);
  return otherBoot(state, packet, nowMs);
}

function sameBoot(
  state: LinkState,
  peer: NonNullable<LinkState['peer']>,
  packet: HeartbeatPacket,
  nowMs: number,
): LinkVerdict {
  const ahead = packet.seq - peer.seqMax;
  if (ahead <= 0) {
    const bit = -ahead;
    if (bit >= windowPackets || (peer.seen & (1 << bit)) !== 0) return { state, verdict: 'replayed' };
    const late = { ...peer, seen: peer.seen | (1 << bit) };
    return {
      state: { ...state, peer: late, lastMs: nowMs, arrivals: fill(state.arrivals, bit) },
      verdict: 'late',
    };
  }
  const seen = ahead >= windowPackets ? 1 : ((peer.seen << ahead) | 1) >>> 0;
  const lost = Array.from({ length: Math.min(ahead - 1, lossWindowPackets) }, () => false);
  const arrivals = [...state.arrivals, ...lost, true].slice(-lossWindowPackets);
  const next = { ...state, peer: { ...peer, seqMax: packet.seq, seen }, arrivals };
  return { state: believed(next, packet, nowMs), verdict: 'believed' };
}

/** The echo of a recent packet of ours proves that its sender lives now. */
function otherBoot(state: LinkState, packet: HeartbeatPacket, nowMs: number): LinkVerdict {
  const { echo } = packet;
  const fresh =
    echo !== null &&
    echo.bootId === state.bootId &&
    echo.seq < state.nextSeq &&
    echo.seq >= state.nextSeq - freshSentMax;
  if (state.retired.includes(packet.bootId)) return { state, verdict: 'replayed' };
  if (fresh) {
    const retired = [...state.retired, ...(state.peer ? [state.peer.bootId] : [])].slice(-retiredMax);
    const next = {
      ...state,
      retired,
      peer: { bootId: packet.bootId, seqMax: packet.seq, seen: 1 },
      arrivals: [true],
    };
    return { state: believed(next, packet, nowMs), verdict: 'believed' };
  }
  // It echoes this boot, but something sent long ago.
  if (echo !== null && echo.bootId === state.bootId) return { state, verdict: 'replayed' };
  return { state: { ...state, heard: heardOf(packet, nowMs) }, verdict: 'unproven' };
}

function believed(state: LinkState, packet: HeartbeatPacket, nowMs: number): LinkState {
  const { echo } = packet;
  const roundTripMs =
    echo?.bootId === state.bootId ? Math.max(0, nowMs - echo.sentAtMs - echo.heldMs) : state.roundTripMs;
  return { ...state, heard: heardOf(packet, nowMs), lastMs: nowMs, roundTripMs };
}

function heardOf(packet: HeartbeatPacket, atMs: number): NonNullable<LinkState['heard']> {
  return { bootId: packet.bootId, seq: packet.seq, sentAtMs: packet.sentAtMs, atMs };
}

function fill(arrivals: readonly boolean[], back: number): readonly boolean[] {
  const index = arrivals.length - 1 - back;
  return index < 0 ? arrivals : arrivals.with(index, true);
}

/** `unknown` before anything was ever heard, `down` once `lostPacketsMax` intervals passed without a believed packet. */
export function linkHealth(
  state: LinkState,
  config: { intervalMs: number; lostPacketsMax: number },
  nowMs: number,
): { state: 'up' | 'down' | 'unknown'; lossPercent: number } {
  if (state.lastMs === null) return { state: 'unknown', lossPercent: 0 };
  const silentMs = nowMs - state.lastMs;
  const missing = Math.min(lossWindowPackets, Math.max(0, Math.floor(silentMs / config.intervalMs) - 1));
  const expected = state.arrivals.length + missing;
  const lost = state.arrivals.filter((came) => !came).length + missing;
  return {
    state: silentMs <= config.intervalMs * (config.lostPacketsMax + 0.5) ? 'up' : 'down',
    lossPercent: expected === 0 ? 0 : Math.round((lost / expected) * 1_000) / 10,
  };
}
