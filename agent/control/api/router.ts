/** The whole API: every procedure of the contract with its handler. */
import { alarmHandlers } from '../handlers/alarm.ts';
import { cameraHandlers } from '../handlers/camera.ts';
import { deviceHandlers } from '../handlers/device.ts';
import { groupHandlers } from '../handlers/group.ts';
import { exportHandlers, inspectionHandlers } from '../handlers/inspection.ts';
import { lockHandlers } from '../handlers/lock.ts';
import { logHandlers } from '../handlers/log.ts';
import { nodeHandlers } from '../handlers/node.ts';
import { poolHandlers } from '../handlers/pool.ts';
import { sessionHandlers } from '../handlers/session.ts';
import { spaceHandlers } from '../handlers/space.ts';
import { standbyHandlers } from '../handlers/standby.ts';
import { userHandlers } from '../handlers/user.ts';
import type { Services } from '../services.ts';
import { api } from './implementer.ts';

export function createRouter(services: Services) {
  return api.router({
    node: nodeHandlers(services),
    session: sessionHandlers(services),
    user: userHandlers(services),
    space: spaceHandlers(services),
    pool: poolHandlers(services),
    camera: cameraHandlers(services),
    inspection: inspectionHandlers(services),
    export: exportHandlers(services),
    lock: lockHandlers(services),
    log: logHandlers(services),
    standby: standbyHandlers(services),
    alarm: alarmHandlers(services),
    device: deviceHandlers(services),
    group: groupHandlers(services),
  });
}

export type Router = ReturnType<typeof createRouter>;
