/** The bounds of intake: what one connection, address or account may cost the others, each with its name and reason. */

export interface IntakeLimits {
  /** Open connections in all; when they are all used, the stranger that was silent longest makes room. */
  connectionsMax: number;
  /** Open connections of one address (of one /64 of IPv6), so that no single machine can fill the house. */
  connectionsPerAddressMax: number;
  /** Frames of one connection whose answer is still due; then it is not read until answers went out. */
  underWayPerConnectionMax: number;
  /** Events in all that the sink has not made safe yet; then connections wait and datagrams are dropped. */
  underWayMax: number;
  /** A frame that began must end within this. */
  frameTimeoutMs: number;
  /** A new connection must show a valid frame within this. */
  firstFrameTimeoutMs: number;
  /** A connection without a valid frame for so long ends; the device opens a new one. */
  idleTimeoutMs: number;
  /** Bytes outside of frames since the last valid one. */
  garbageBytesMax: number;
  /** Answers that a device may leave unread. */
  unsentBytesMax: number;
  /** Messages of one account in the long run, and at once. */
  accountPerSecond: number;
  accountBurst: number;
  /** Messages of all accounts together that the directory does not know. */
  unknownPerSecond: number;
  unknownBurst: number;
  /** Frames of one address that are refused, before the connection that brings them ends. */
  refusedPerSecond: number;
  refusedBurst: number;
}

export const defaultLimits: Readonly<IntakeLimits> = {
  connectionsMax: 4_096,
  connectionsPerAddressMax: 64,
  underWayPerConnectionMax: 64,
  underWayMax: 8_192,
  frameTimeoutMs: 10_000,
  firstFrameTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  garbageBytesMax: 65_536,
  unsentBytesMax: 65_536,
  accountPerSecond: 200,
  accountBurst: 1_000,
  unknownPerSecond: 500,
  unknownBurst: 2_000,
  refusedPerSecond: 20,
  refusedBurst: 200,
};

/** Accounts and addresses whose rates are remembered; of more the one that was quiet longest starts anew. */
export const ratesMax = 65_536;
