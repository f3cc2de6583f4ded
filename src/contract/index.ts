/** The API of an agent, contract first: one noun per file. The only barrel of the repository. */
import { alarm } from './alarm.ts';
import { camera } from './camera.ts';
import { device } from './device.ts';
import { group } from './group.ts';
import { exportClip, inspection } from './inspection.ts';
import { lock } from './lock.ts';
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
  lock,
  log,
  standby,
  alarm,
  device,
  group,
};

export * from './alarm.ts';
export * from './camera.ts';
export * from './common.ts';
export * from './device.ts';
export * from './group.ts';
export * from './inspection.ts';
export * from './lock.ts';
export * from './log.ts';
export * from './node.ts';
export * from './pool.ts';
export * from './session.ts';
export * from './space.ts';
export * from './standby.ts';
export * from './standby-facts.ts';
