/**
 * The sink of devices: on a receiver that is to keep nothing without a way on, it takes nothing that would only wait. Without an
 * answer a device shows its fault and tries its next receiver, instead of one whose alarms nobody is told of.
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
          hint: 'Add the ARC: holdfast alarm output set arc --host HOST. To have events wait here: holdfast alarm settings --keep-without-output on.',
        }),
      );
    },
    heard: (account, nowMs) => sink.heard(account, nowMs),
  };
}
