/** The faults that touch single packets, applied to one listener's copy of a burst; also walks the packets of a burst. */
import type { Faults } from './faults.ts';

const clockStepAfterMs = 10_000;
const stallEveryMs = 30_000;
const stallFromMs = 5000;

export function touchesPackets(faults: Faults): boolean {
  return faults.dropShare > 0 || faults.reorderShare > 0 || faults.clockStepMs !== 0;
}

export function isStalled(faults: Faults, playedMs: number): boolean {
  const phaseMs = playedMs % stallEveryMs;
  return phaseMs >= stallFromMs && phaseMs < stallFromMs + faults.stallMs;
}

/** Calls `visit` for each interleaved packet: its channel, and where the packet itself (behind "$") begins and ends. */
export function eachPacket(
  bytes: Buffer,
  visit: (channel: number, start: number, end: number) => void,
): void {
  let position = 0;
  while (position + 4 <= bytes.length) {
    const end = position + 4 + bytes.readUInt16BE(position + 2);
    visit(bytes[position + 1] ?? 0, position + 4, end);
    position = end;
  }
}

/** Numbers below 1 that repeat from run to run (mulberry32). */
export function repeatableRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface BurstClocks {
  readonly playedMs: number;
  readonly audioRate: number;
}

/** A copy with packets missing, swapped, or stamped by a clock that was set. */
export function spoilBurst(bytes: Buffer, faults: Faults, clocks: BurstClocks, random: () => number): Buffer {
  const stepMs = clocks.playedMs >= clockStepAfterMs ? faults.clockStepMs : 0;
  const packets: Buffer[] = [];
  eachPacket(bytes, (channel, start, end) => {
    if (random() < faults.dropShare) return;
    const packet = Buffer.from(bytes.subarray(start - 4, end));
    const rate = channel < 2 ? 90_000 : clocks.audioRate;
    const stampAt = channel % 2 === 0 ? 8 : 20;
    packet.writeUInt32BE((packet.readUInt32BE(stampAt) + (stepMs * rate) / 1000) >>> 0, stampAt);
    packets.push(packet);
  });
  for (let index = 0; index + 1 < packets.length; index += 1) {
    const [one, other] = [packets[index], packets[index + 1]];
    if (one === undefined || other === undefined || random() >= faults.reorderShare) continue;
    packets[index] = other;
    packets[index + 1] = one;
  }
  return Buffer.concat(packets);
}
