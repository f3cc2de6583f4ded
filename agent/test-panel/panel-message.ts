/** A message of a panel on its way: its frame, stamped anew where it would get too old, and what has come of it. */
import type { Clock } from '../adapters/clock.ts';
import { nextSequence, type PanelAccount } from './accounts.ts';
import { clockErrorMs, isSentOnce, spoil } from './faulty-frame.ts';
import type { LineMessage } from './line.ts';
import { type PanelEvent, panelFrame } from './message.ts';
import type { PanelOptions } from './options.ts';

/** An encrypted message older than this gets a new time when it is repeated: the receiver's window is 40 s. */
const restampAfterMs = 25_000;

export interface PanelMessage extends LineMessage {
  readonly panel: PanelAccount;
  /** From 1 on; 0: a heartbeat. */
  readonly number: number;
  /** When the rate asked for it, monotonic. */
  readonly dueMs: number;
  readonly bornMs: number;
  outcome: 'waiting' | 'acknowledged' | 'refused';
  /** Lines that have not answered yet. */
  waysLeft: number;
  /** It was sent once more on purpose. */
  doubled: boolean;
  /** Gives it a new time. */
  restamp(): void;
}

export interface MessageMaker {
  event(panel: PanelAccount, dueMs: number): PanelMessage;
  heartbeat(panel: PanelAccount): PanelMessage;
  /** A receiver has told its time (NAK): the clock of the panels goes by it. */
  setTime(utcMs: number): void;
}

export function createMessageMaker(options: PanelOptions, clock: Clock): MessageMaker {
  const { cipher, fault, format, run, events } = options;
  const once = isSentOnce(fault);
  let clockOffsetMs = clockErrorMs(fault);

  const make = (panel: PanelAccount, event: PanelEvent, dueMs: number): PanelMessage => {
    const stamp = () => spoil(panelFrame(event, clock.nowMs() + clockOffsetMs, cipher), fault);
    let stampedMs = clock.monotonicMs();
    let frame = stamp();
    panel.lastMs = stampedMs;
    const restamp = () => {
      stampedMs = clock.monotonicMs();
      frame = stamp();
    };
    return {
      account: event.account,
      sequence: event.sequence,
      number: event.number,
      once,
      panel,
      dueMs,
      bornMs: stampedMs,
      outcome: 'waiting',
      waysLeft: 0,
      doubled: false,
      restamp,
      bytes() {
        if (cipher !== null && !once && clock.monotonicMs() - stampedMs > restampAfterMs) restamp();
        return frame;
      },
    };
  };

  return {
    event(panel, dueMs) {
      panel.number += 1;
      const text = events[(panel.number + panel.index) % events.length] ?? '';
      const { name: account, number } = panel;
      return make(panel, { account, sequence: nextSequence(panel), number, format, event: text, run }, dueMs);
    },
    heartbeat(panel) {
      const event = { account: panel.name, sequence: 0, number: 0, format, event: '', run };
      return make(panel, event, clock.monotonicMs());
    },
    setTime(utcMs) {
      clockOffsetMs = utcMs - clock.nowMs();
    },
  };
}
