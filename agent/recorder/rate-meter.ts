/** Bits per second over a sliding window of whole seconds; forgets what is older, so a silent camera falls to zero. */

const windowSeconds = 10;

export interface RateMeter {
  add(bytes: number, monotonicMs: number): void;
  bitsPerSecond(monotonicMs: number): number;
}

export function createRateMeter(): RateMeter {
  const bytesOf = new Float64Array(windowSeconds + 1);
  const secondOf = new Float64Array(windowSeconds + 1).fill(-1);
  let firstSecond = Number.POSITIVE_INFINITY;
  return {
    add(bytes, monotonicMs) {
      const second = Math.floor(monotonicMs / 1000);
      firstSecond = Math.min(firstSecond, second);
      const slot = second % bytesOf.length;
      if (secondOf[slot] !== second) {
        secondOf[slot] = second;
        bytesOf[slot] = 0;
      }
      bytesOf[slot] = (bytesOf[slot] ?? 0) + bytes;
    },
    bitsPerSecond(monotonicMs) {
      const second = Math.floor(monotonicMs / 1000);
      const seconds = Math.min(windowSeconds, second - firstSecond);
      if (!(seconds >= 1)) return 0;
      let bytes = 0;
      for (let slot = 0; slot < bytesOf.length; slot++) {
        const age = second - (secondOf[slot] ?? -1);
        if (age >= 1 && age <= seconds) bytes += bytesOf[slot] ?? 0;
      }
      return Math.round((bytes * 8) / seconds);
    },
  };
}
