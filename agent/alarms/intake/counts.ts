/** What intake counts: every frame that came ends in exactly one of these, so that nothing is lost unseen. */

export interface IntakeCounts {
  /** Open now. */
  connections: number;
  /** Not let in, for want of room. */
  connectionsRefused: number;
  /** Ended by us: silent, unfinished, garbage, unread answers. */
  connectionsEnded: number;
  /** Events that the sink made safe and that were acknowledged, a repeated one each time. */
  received: number;
  /** NULL messages. */
  heartbeats: number;
  /** Bad CRC, length, syntax, too long, cut off. */
  refusedFrames: number;
  /** Messages of accounts that are not in the directory. */
  unknownAccounts: number;
  /** Encrypted ones that could not be opened: wrong key, or none. */
  unopened: number;
  /** Plain ones of an account that must encrypt. */
  plainRefused: number;
  /** Answered NAK. */
  outsideWindow: number;
  /** Answered DUH: unknown id, nothing in it, disabled account. */
  notProcessed: number;
  /** ACK, NAK, DUH and RSP, which are no messages to a receiver. */
  ignored: number;
  /** Above the rate of their account. */
  flooded: number;
  /** The sink could not make them safe, so they were not acknowledged. */
  notStored: number;
  /** Datagrams that came when too much was under way. */
  overloaded: number;
  /** Events that the sink has now. */
  underWay: number;
}

export function zeroCounts(): IntakeCounts {
  return {
    connections: 0,
    connectionsRefused: 0,
    connectionsEnded: 0,
    received: 0,
    heartbeats: 0,
    refusedFrames: 0,
    unknownAccounts: 0,
    unopened: 0,
    plainRefused: 0,
    outsideWindow: 0,
    notProcessed: 0,
    ignored: 0,
    flooded: 0,
    notStored: 0,
    overloaded: 0,
    underWay: 0,
  };
}
