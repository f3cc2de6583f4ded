/** The four services of the Home page, each with its state and why. Pure. */
import type { Service, Space } from '../../../src/contract/index.ts';
import type { RecorderHealth } from './merge.ts';

export interface ServiceFacts {
  recorder: RecorderHealth;
  spaces: readonly Space[];
  /** Null when the network port was not asked for. */
  listen: string | null;
}

export function servicesOf(facts: ServiceFacts): Service[] {
  const recorderDetail = facts.recorder === 'failed' ? 'the recorder process is being restarted' : null;
  const broken = facts.spaces.filter((space) => space.state === 'lost' || space.state === 'error');
  const allBroken = facts.spaces.length > 0 && broken.length === facts.spaces.length;
  return [
    {
      name: 'storage-management',
      state: facts.recorder === 'running' && allBroken ? 'failed' : facts.recorder,
      detail: allBroken ? 'no space can be used' : recorderDetail,
    },
    { name: 'data-storage', state: facts.recorder, detail: recorderDetail },
    {
      name: 'access-management',
      state: 'running',
      detail: facts.listen === null ? 'local console only' : `listens on ${facts.listen}`,
    },
    // Its threads are made anew with the next question when they die, so it runs while control answers.
    { name: 'video-access', state: 'running', detail: null },
  ];
}
