/** What becomes of a panel's message when its receiver answers, refuses, asks for another time, or says nothing. */
import { openFrame } from '../alarms/dc09/codec.ts';
import type { Dc09Frame } from '../alarms/dc09/frame.ts';
import type { LineEvents } from './line.ts';
import type { PanelOptions } from './options.ts';
import type { MessageMaker, PanelMessage } from './panel-message.ts';
import type { Tally } from './tally.ts';

export interface AnswerTools {
  readonly tally: Tally;
  readonly maker: MessageMaker;
  nowMs(): number;
  /** The first acknowledgement of an event. */
  acknowledged(message: PanelMessage): void;
  /** Its account may report the next one. */
  settled(message: PanelMessage): void;
  /** Once more, the same frame. */
  again(message: PanelMessage): void;
}

export function createAnswers(
  { cipher, fault }: Pick<PanelOptions, 'cipher' | 'fault'>,
  { tally, maker, nowMs, acknowledged, settled, again }: AnswerTools,
): LineEvents<PanelMessage> {
  const { counts } = tally;
  const isReadable = (frame: Dc09Frame): boolean =>
    !frame.encrypted || (cipher !== null && openFrame(frame, cipher).ok);

  const wayEnded = (message: PanelMessage) => {
    if (message.number === 0) return;
    message.waysLeft -= 1;
    if (message.waysLeft > 0) return;
    if (message.outcome === 'refused') counts.refused += 1;
    if (message.outcome === 'waiting') counts.unanswered += 1;
    settled(message);
  };

  return {
    answered(message, frame, address) {
      if (!isReadable(frame)) counts.unreadable += 1;
      if (message.number === 0) return;
      if (message.outcome !== 'acknowledged') {
        message.outcome = frame.id === 'ACK' ? 'acknowledged' : 'refused';
        if (frame.id === 'ACK') {
          tally.acknowledged(address, message, nowMs());
          acknowledged(message);
        }
      }
      if (fault === 'duplicate' && !message.doubled) {
        message.doubled = true;
        counts.repeats += 1;
        again(message);
      } else wayEnded(message);
    },
    nak(frame, oldest) {
      counts.nak += 1;
      if (oldest === null || fault === 'wrong-time') return;
      if (frame.timestamp !== null) maker.setTime(frame.timestamp.utcMs);
      oldest.restamp();
    },
    givenUp: wayEnded,
    repeated: () => {
      counts.repeats += 1;
    },
    reconnected: () => {
      counts.reconnects += 1;
    },
  };
}
