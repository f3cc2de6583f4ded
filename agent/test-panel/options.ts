/** What the test panel is told to do, and the words for it that its flags take. */
import type { FrameCipher } from '../alarms/dc09/frame.ts';

/** Ways to misbehave; each stands for all frames of a run, so that a second, well-behaved run shows whom it disturbs. */
export const panelFaults = [
  'bad-crc',
  'truncated',
  'oversized',
  'slow',
  'wrong-time',
  'unknown',
  'flood',
  'duplicate',
] as const;
export type PanelFault = (typeof panelFaults)[number];

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface PanelOptions {
  /** The addresses of a panel, in its order: the next one is used when one does not answer. */
  readonly targets: readonly Target[];
  /** A second way on which each event goes out too (dual path); empty: none. */
  readonly secondWay: readonly Target[];
  readonly count: number;
  /** Account of the first panel, decimal digits; the others count up from it. */
  readonly first: string;
  /** Events a second of all together; 0: the next one as soon as the last is acknowledged. */
  readonly ratePerSecond: number;
  /** 0: until it is stopped. */
  readonly durationMs: number;
  /** After the last event: how long answers are still waited for. */
  readonly drainMs: number;
  readonly format: 'SIA-DCS' | 'ADM-CID';
  readonly cipher: FrameCipher | null;
  readonly transport: 'tcp' | 'udp';
  readonly connections: number;
  /** Lines begin at different addresses instead of all at the first. */
  readonly spread: boolean;
  readonly responseTimeoutMs: number;
  /** Sendings at one address before the next one is tried. */
  readonly attempts: number;
  /** A NULL of each account this often; 0: none. */
  readonly heartbeatMs: number;
  /** What is reported, by turns: that part of the data which follows the account. */
  readonly events: readonly string[];
  readonly fault: PanelFault | null;
  /** Names this run in the serial of each event: 1 to 12 letters and digits. */
  readonly run: string;
}
