/** The names that a device gives its areas, zones and users, for the numbers in its events. Pure. */
import type { DeviceConfig } from '../contract/index.ts';

export interface PlaceNames {
  readonly areaName: string | null;
  readonly zoneName: string | null;
  readonly userName: string | null;
}

interface Place {
  readonly area: string | null;
  readonly zone: string | null;
  readonly user: string | null;
}

type Parts = DeviceConfig['users'];

/** Null for what the event or the device does not name. Panels write `1`, `01` and `001` for the same zone. */
export function placeNames(
  { area, zone, user }: Place,
  config: Pick<DeviceConfig, 'areas' | 'zones' | 'users'> | null,
): PlaceNames {
  return {
    areaName: nameOf(area, config?.areas),
    zoneName: nameOf(zone, config?.zones),
    userName: nameOf(user, config?.users),
  };
}

function nameOf(part: string | null, parts: Parts = []): string | null {
  if (part === null) return null;
  return parts.find(({ number }) => bareNumber(number) === bareNumber(part))?.name ?? null;
}

function bareNumber(number: string): string {
  return number.replace(/^0+(?=.)/, '');
}
