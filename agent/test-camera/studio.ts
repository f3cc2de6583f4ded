/** Keeps all stations in real time with one timer: for each programme one station a frame of the key frame interval. */
import type { Clock } from '../adapters/clock.ts';
import type { Programme } from './programme.ts';
import { Station } from './station.ts';

/** Held up for longer than this, frames are left out; for longer than `sleptMs`, time goes on from now. */
const lateMsMax = 1000;
const sleptMs = 10_000;
/** New sessions are spread over this many frames, so that their key frames do not all fall together. */
const spreadFrames = 5;
const timestampBase = 3_000_000_000;

export interface StudioOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly framesPerSecond: number;
}

export class Studio {
  readonly frameMs: number;
  readonly #clock: StudioOptions['clock'];
  readonly #stations = new Map<Programme, Station[]>();

  constructor({ clock, framesPerSecond }: StudioOptions) {
    this.#clock = clock;
    this.frameMs = 1000 / framesPerSecond;
  }

  /** Where the next key frame comes at once, or a few frames later depending on `spread`. */
  station(programme: Programme, spread: number): Station {
    const stations = this.#stations.get(programme) ?? this.#open(programme);
    const wantedMs = this.#clock.monotonicMs() + (spread % spreadFrames) * this.frameMs;
    const keyMs = (station: Station) => station.dueMs + station.framesToKey * this.frameMs;
    const waits = (station: Station) => {
      const lateMs = keyMs(station) - wantedMs;
      return lateMs >= 0 ? lateMs : lateMs + programme.groupFrames * this.frameMs;
    };
    return stations.reduce((best, station) => (waits(station) < waits(best) ? station : best));
  }

  /** Sends whatever is due. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const stations of this.#stations.values()) {
      for (const station of stations) this.#advance(station, nowMs);
    }
  }

  #advance(station: Station, nowMs: number): void {
    if (nowMs - station.dueMs > sleptMs) station.rebase(nowMs);
    while (station.dueMs <= nowMs) {
      if (station.listeners.size === 0 || nowMs - station.dueMs > lateMsMax) station.skip();
      else station.send(this.#clock.nowMs());
    }
  }

  #open(programme: Programme): Station[] {
    const nowMs = this.#clock.monotonicMs();
    const stations = Array.from({ length: programme.groupFrames }, (_, index) => {
      const startMs = nowMs + (index * this.frameMs) / programme.groupFrames;
      return new Station({ programme, leadFrames: index, startMs, frameMs: this.frameMs, timestampBase });
    });
    this.#stations.set(programme, stations);
    return stations;
  }
}
