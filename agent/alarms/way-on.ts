/**
 * The sink of devices: takes nothing that would go nowhere. A receiver that stands alone without an output would acknowledge
 * alarms that no ARC ever sees; without an answer the device shows its fault and tries its next receiver.
 */
import { AppError } from '../../src/errors.ts';
import type { IntakeSink } from './types.ts';

export interface WayOn {
  /** In a group, whose queue leads on even while nobody works. */
  isMember(): boolean;
  /** An output that is enabled, whether its ARC answers or not. */
  hasOutput(): boolean;
  /** The settings say that events are kept all the same. */
  keeps(): boolean;
}

/** What is only kept anyway, as a mapping says, is taken. */
export function withWayOn(sink: IntakeSink, way: WayOn): IntakeSink {
  return {
    take(event) {
      if (!event.forward || way.isMember() || way.hasOutput() || way.keeps()) return sink.take(event);
      return Promise.reject(
        new AppError('unavailable', 'there is no output to an ARC, and this receiver is in no group', {
          hint: 'Add the ARC: holdfast alarm output set arc --host HOST. To keep events here only: holdfast alarm settings --keep-without-output on.',
        }),
      );
    },
    heard: (account, nowMs) => sink.heard(account, nowMs),
  };
}
