/** Which controller serves which kind of resource on which system. */
import type { ResourceConfig } from '../../../src/contract/standby.ts';
import { AppError } from '../../../src/errors.ts';
import { WindowsAddressController } from '../../adapters/windows-addresses.ts';
import { WindowsServiceController } from '../../adapters/windows-services.ts';
import type { Commands } from './commands.ts';
import type { Controller, ControllerDeps } from './controller.ts';
import { IpController } from './kinds/ip.ts';
import { OcfController } from './kinds/ocf/agent.ts';
import { ProcessController } from './kinds/process.ts';
import { RecordingController } from './kinds/recording.ts';
import { ScriptController } from './kinds/script.ts';
import { ServiceController } from './kinds/service.ts';
import { VolumeController } from './kinds/volume.ts';

/** `invalid_input` for settings that cannot work on this node, `unsupported` for a kind that this system lacks. */
export function makeController(
  config: ResourceConfig,
  deps: ControllerDeps,
  platform: NodeJS.Platform,
): Controller {
  const windows = platform === 'win32';
  switch (config.kind) {
    case 'ip':
      return windows ? new WindowsAddressController(config, deps) : new IpController(config, deps);
    case 'service':
      return windows ? new WindowsServiceController(config, deps) : new ServiceController(config, deps);
    case 'process':
      return new ProcessController(config, deps);
    case 'script':
      return new ScriptController(config, deps);
    case 'recording':
      return new RecordingController(deps);
    case 'ocf':
      if (windows) throw unsupported(config.name, 'OCF agents run on Linux only');
      return new OcfController(config, deps);
    case 'volume':
      if (windows) throw unsupported(config.name, 'volumes are mounted on Linux only');
      return new VolumeController(config, deps);
  }
}

/** Every program runs behind the prefix: `ip netns exec NAME`. */
export function prefixed(commands: Commands, prefix: readonly string[]): Commands {
  if (prefix.length === 0) return commands;
  const behind = <T extends { command: readonly string[] }>(request: T): T => ({
    ...request,
    command: [...prefix, ...request.command],
  });
  return {
    run: (request) => commands.run(behind(request)),
    daemon: (request) => commands.daemon(behind(request)),
    marked: (token) => commands.marked(token),
    killMarked: (token, signal) => commands.killMarked(token, signal),
  };
}

function unsupported(name: string, why: string): AppError {
  return new AppError('unsupported', `${name}: ${why}`, { hint: 'Use a script resource on Windows.' });
}
