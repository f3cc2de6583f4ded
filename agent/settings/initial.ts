/** The settings of a node that starts for the first time. */
import { settingsVersion } from '../../src/settings/schema.ts';

export function initialSettings(facts: {
  nodeId: string;
  nodeName: string;
  timeZone: string;
  nowMs: number;
}): unknown {
  const { nodeId, nodeName, timeZone, nowMs } = facts;
  const name =
    nodeName
      .replace(/\p{Cc}/gu, '')
      .trim()
      .slice(0, 64) || 'node';
  return { version: settingsVersion, node: { id: nodeId, name, timeZone, createdAtMs: nowMs } };
}
