/** What a device's settings must agree on among themselves, beyond what their schema says. */
import type { DeviceConfig } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';

/** `hasKey`: after the change. @throws AppError `invalid_input`. */
export function checkDevice(config: DeviceConfig, hasKey: boolean): void {
  const { account, areas, zones, channels, users } = config;
  const wrong = (message: string, hint: string) =>
    new AppError('invalid_input', `device ${account}: ${message}`, { hint });
  if (config.requireEncryption && !hasKey) {
    throw wrong(
      'encryption is required, and there is no key',
      'Give its AES key, or do not require encryption.',
    );
  }
  for (const [kind, parts] of Object.entries({ area: areas, zone: zones, channel: channels, user: users })) {
    const twice = firstTwice(parts.map(({ number }) => number));
    if (twice !== null) throw wrong(`${kind} ${twice} is there twice`, 'Give each number once.');
  }
  const stray = zones.find(({ area }) => area !== null && !areas.some(({ number }) => number === area));
  if (stray)
    throw wrong(`zone ${stray.number} is of area ${stray.area}, which it does not have`, 'Add the area.');
  const blind = zones.find(
    ({ channel }) => channel !== null && !channels.some(({ number }) => number === channel),
  );
  if (blind) {
    throw wrong(
      `zone ${blind.number} names channel ${blind.channel}, which it does not have`,
      'Add the channel.',
    );
  }
}

export function firstTwice(values: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) return value;
    seen.add(value);
  }
  return null;
}
