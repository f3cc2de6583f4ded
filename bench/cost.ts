/** What recording so many bytes cost. */
import { round } from './figures.ts';

const GB = 1e9;
const MB = 1e6;

export interface Cost {
  cpuSecondsPerGB: number;
  rssMB: number;
  cameras: number;
  gigabytes: number;
}

export function costOf(cpu: number, bytes: number, rss: number, cameras: number): Cost {
  return {
    cpuSecondsPerGB: round(cpu / (bytes / GB)),
    rssMB: round(rss / MB),
    cameras,
    gigabytes: round(bytes / GB),
  };
}
