/** Sur-Gard as a client: we connect to the automation. */
import type { AlarmOutput } from '../../../src/contract/index.ts';
import { openTcpLane } from '../forward/lane.ts';
import type { OutputDeps } from '../forward/notes.ts';
import type { ArcOutput } from '../types.ts';
import { SurgardOutput } from './output.ts';

export function createSurgardClient(
  config: Extract<AlarmOutput, { kind: 'surgard-client' }>,
  { clock, convert }: OutputDeps,
): ArcOutput {
  const { host, port } = config;
  return new SurgardOutput(config, {
    clock,
    convert,
    openLink(handlers) {
      const lane = openTcpLane({ ...handlers, clock, host, port, idleMs: null });
      return {
        isOpen: () => lane.isOpen(),
        open: () => lane.open(),
        write: (bytes) => lane.write(bytes),
        stuckBytes: () => lane.stuckBytes(),
        drop: () => lane.drop(),
        rest: () => lane.drop(),
      };
    },
  });
}
