/** From the settings of an output to the output itself. */
import type { AlarmOutput } from '../../../src/contract/index.ts';
import { createSurgardClient } from '../surgard/client.ts';
import { createSurgardServer } from '../surgard/server.ts';
import type { ArcOutput } from '../types.ts';
import { createDc09Output } from './dc09-output.ts';
import type { OutputDeps } from './notes.ts';

/**
 * Connects with `work` or the first event, not before. `config.key` is open here.
 * @throws AppError `invalid_input` for a key that is none.
 */
export function openOutput(config: AlarmOutput, deps: OutputDeps): ArcOutput {
  switch (config.kind) {
    case 'dc09':
      return createDc09Output(config, deps);
    case 'surgard-client':
      return createSurgardClient(config, deps);
    case 'surgard-server':
      return createSurgardServer(config, deps);
  }
}
