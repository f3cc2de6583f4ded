/** A life of the guard as a process of its own, for tests that kill it: starts the resource it is given and says `ready`. */
import { systemClock } from '../../../../agent/adapters/clock.ts';
import { createSystemCommands } from '../../../../agent/standby/resources/processes/system-commands.ts';
import { createResourceRunner } from '../../../../agent/standby/resources/runner.ts';
import { nodeId, pairOf, resource } from './fakes.ts';

const [runDir = '', config = '{}'] = process.argv.slice(2);
const runner = createResourceRunner({
  commands: createSystemCommands({ runDir }),
  clock: systemClock,
  recording: { start: async () => {}, stop: async () => {} },
  onEvent: () => {},
  platform: process.platform,
});
runner.configure(pairOf([resource(JSON.parse(config))]), nodeId);
await runner.start(1);
process.stdout.write('ready\n');
