/** Engines of one test file; each is ended, the newest first, after the test that made it. */
import { afterEach } from 'vitest';
import { Rig, type RigOptions } from './rig.ts';

const made: Rig[] = [];

export function rig(options: RigOptions = {}): Rig {
  const one = new Rig(options);
  made.unshift(one);
  return one;
}

afterEach(async () => {
  for (const one of made.splice(0)) await one.end();
});
