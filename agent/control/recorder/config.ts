/** The recorder's configuration out of the settings: credentials opened, everything else as it is. */
import type { CameraSettings, Settings } from '../../../src/settings/schema.ts';
import type { CameraConfig, RecorderConfig } from '../../recorder/protocol/schema.ts';
import { type Sealer, sealContext } from '../../settings/seal.ts';
import { lockConfigOf } from '../locks.ts';
import { records } from '../standby/share.ts';

export function recorderConfig(options: {
  settings: Settings;
  sealer: Sealer;
  dataDir: string;
  startReason: RecorderConfig['startReason'];
  /** A seal that does not open costs that camera its password, not the others their recording. */
  onUnopened: (cameraId: string, error: unknown) => void;
}): RecorderConfig {
  const { settings, dataDir, startReason } = options;
  return {
    nodeId: settings.node.id,
    epoch: 1,
    timeZone: settings.node.timeZone,
    dataDir,
    startReason,
    spaces: settings.spaces.map(({ createdAtMs: _, ...space }) => space),
    pools: settings.pools.map(({ createdAtMs: _, ...pool }) => pool),
    cameras: settings.cameras.map((camera) => cameraConfig(camera, options)),
    locks: settings.locks.map(lockConfigOf),
    followsPair: records(settings.pair?.config),
  };
}

function cameraConfig(
  camera: CameraSettings,
  options: { sealer: Sealer; onUnopened: (cameraId: string, error: unknown) => void },
): CameraConfig {
  const { id, name, url, transport, allowBasicAuth, poolId, plan, enabled } = camera;
  const open = {
    id,
    name,
    url,
    user: null,
    password: null,
    transport,
    allowBasicAuth,
    poolId,
    plan,
    enabled,
  };
  if (camera.sealedCredentials === null) return open;
  try {
    const secrets = options.sealer.open(camera.sealedCredentials, sealContext(id));
    return { ...open, user: secrets.user, password: secrets.password, url: secrets.url ?? url };
  } catch (error) {
    options.onUnopened(id, error);
    return open;
  }
}
