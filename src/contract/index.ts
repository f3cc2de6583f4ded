/** The API of an agent, contract first: one noun per file. The only barrel of the repository. */
import { camera } from './camera.ts';
import { exportClip, inspection } from './inspection.ts';
import { log } from './log.ts';
import { node } from './node.ts';
import { pool } from './pool.ts';
import { session, user } from './session.ts';
import { space } from './space.ts';
import { standby } from './standby.ts';

/** Raised when a call changes its meaning; a client of another number is told to upgrade. */
export const apiVersion = 1;

export const contract = {
  node,
  session,
  user,
  space,
  pool,
  camera,
  inspection,
  export: exportClip,
  log,
  standby,
};

export * from './camera.ts';
export * from './common.ts';
export * from './inspection.ts';
export * from './log.ts';
export * from './node.ts';
export * from './pool.ts';
export * from './session.ts';
export * from './space.ts';
export * from './standby.ts';
export * from './standby-facts.ts';
