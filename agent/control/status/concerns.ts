/** Answers the three questions of the Home page, worst first: is everything recorded? is the service up? what must I do now? Pure. */
import type { Camera, Concern, Pool, Service, Space } from '../../../src/contract/index.ts';
import { formatSize } from '../../../src/model/size.ts';

export interface ConcernFacts {
  services: readonly Service[];
  spaces: readonly Space[];
  pools: readonly Pool[];
  cameras: readonly Camera[];
  passwordChanged: boolean;
  /** Free bytes of the disk that holds the data folder, null when unknown. */
  dataFolderFreeBytes: number | null;
  certificateExpiresAtMs: number | null;
  /** What the alarm receiver and its group have to say. */
  alarms: readonly Concern[];
  /** What the pair has to say. */
  pair: readonly Concern[];
  /** It receives alarms and was given no storage: that is no omission. */
  recordsNothing: boolean;
  nowMs: number;
}

/** Below this the settings and the index may soon fail to be written. */
export const dataFolderFreeMinBytes = 512 * 1024 * 1024;
/** How long before its end a certificate is worth a warning. */
export const certificateWarningMs = 30 * 86_400_000;
/** Cameras named one by one; more are counted. */
const namedMax = 5;

const order = { error: 0, warning: 1, ok: 2 } as const;

/** Each question is answered at least once. */
export function concernsOf(facts: ConcernFacts): Concern[] {
  const recorded = orOk(recordedConcerns(facts), 'recorded', recordedWell(facts));
  const others = (question: Concern['question']) =>
    [...facts.pair, ...facts.alarms].filter((concern) => concern.question === question);
  const service = orOk([...serviceConcerns(facts), ...others('service')], 'service', 'all services run');
  const todo = orOk([...others('todo'), ...todoConcerns(facts)], 'todo', 'nothing to do');
  return [...recorded, ...service, ...todo].sort((a, b) => order[a.level] - order[b.level]);
}

function orOk(concerns: Concern[], question: Concern['question'], text: string): Concern[] {
  return concerns.length > 0 ? concerns : [{ level: 'ok', question, text, hint: null, page: 'home' }];
}

function recordedWell({ cameras }: ConcernFacts): string {
  const recording = cameras.filter((camera) => camera.recording === 'normal').length;
  if (recording === 0) return 'nothing is planned to be recorded now';
  return recording === 1
    ? 'the one planned camera is recording'
    : `all ${recording} planned cameras are recording`;
}

function recordedConcerns({ cameras, pools }: ConcernFacts): Concern[] {
  const failing = cameras.filter((camera) => camera.enabled && isFailing(camera));
  const concerns = failing.slice(0, namedMax).map(
    (camera): Concern => ({
      level: 'error',
      question: 'recorded',
      text: `camera ${camera.id} (${camera.name}) is not recorded: ${camera.problem ?? camera.reason ?? camera.recording}`,
      hint: 'Open the camera for the reason and what to do.',
      page: 'recording',
    }),
  );
  if (failing.length > namedMax) {
    concerns.push({
      level: 'error',
      question: 'recorded',
      text: `${failing.length - namedMax} more cameras are not recorded`,
      hint: 'See the Recording page.',
      page: 'recording',
    });
  }
  return [...concerns, ...pools.filter((pool) => pool.status !== 'normal').map(poolConcern)];
}

function isFailing(camera: Camera): boolean {
  return camera.recording === 'streaming-error' || camera.recording === 'recording-error';
}

function poolConcern(pool: Pool): Concern {
  return {
    level: pool.status === 'degraded' ? 'warning' : 'error',
    question: 'recorded',
    text: `pool ${pool.id} (${pool.name}) is ${pool.status}${pool.problem ? `: ${pool.problem}` : ''}`,
    hint: 'Look at its spaces on the Storage page.',
    page: 'storage',
  };
}

function serviceConcerns({ services }: ConcernFacts): Concern[] {
  return services
    .filter((service) => service.state !== 'running')
    .map(
      (service): Concern => ({
        level: service.state === 'starting' ? 'warning' : 'error',
        question: 'service',
        text: `${service.name} is ${service.state}${service.detail ? `: ${service.detail}` : ''}`,
        hint: service.state === 'starting' ? 'It should run within seconds.' : 'Run: holdfast doctor.',
        page: 'system',
      }),
    );
}

function todoConcerns(facts: ConcernFacts): Concern[] {
  const { spaces, pools, cameras } = facts;
  const todo: Concern[] = [];
  const add = (level: 'warning' | 'error', page: Concern['page'], text: string, hint: string) =>
    todo.push({ level, question: 'todo', text, hint, page });
  if (!facts.passwordChanged) {
    add(
      'warning',
      'system',
      'the first password of admin was not changed yet',
      'Change it: holdfast password change.',
    );
  }
  if (spaces.length === 0 && !facts.recordsNothing) {
    add('warning', 'storage', 'there is no storage space', 'Add one: holdfast space add PATH --quota 20GB.');
  } else if (pools.length === 0 && !facts.recordsNothing) {
    add(
      'warning',
      'storage',
      'there is no resource pool',
      'Add one: holdfast pool add NAME --space ID:SIZE.',
    );
  } else if (cameras.length === 0 && !facts.recordsNothing) {
    add(
      'warning',
      'recording',
      'there is no camera',
      'Add one: holdfast camera add NAME --url rtsp://… --pool NAME.',
    );
  }
  for (const space of spaces) todo.push(...spaceConcerns(space));
  if (facts.dataFolderFreeBytes !== null && facts.dataFolderFreeBytes < dataFolderFreeMinBytes) {
    const free = formatSize(facts.dataFolderFreeBytes);
    add('error', 'system', `the disk of the data folder has only ${free} left`, 'Free space on that disk.');
  }
  const expiresInMs = (facts.certificateExpiresAtMs ?? Number.POSITIVE_INFINITY) - facts.nowMs;
  if (expiresInMs < certificateWarningMs) {
    const days = Math.max(0, Math.floor(expiresInMs / 86_400_000));
    add('warning', 'system', `the TLS certificate ends in ${days} days`, 'Put a new certificate in place.');
  }
  return todo;
}

function spaceConcerns(space: Space): Concern[] {
  const what = `space ${space.id} (${space.path})`;
  const concern = (level: Concern['level'], text: string, hint: string): Concern[] => [
    { level, question: 'todo', text, hint: space.hint ?? hint, page: 'storage' },
  ];
  switch (space.state) {
    case 'lost':
    case 'error':
      return concern(
        'error',
        `${what} is ${space.state}: ${space.problem ?? 'reason unknown'}`,
        'Check the disk.',
      );
    case 'waiting-for-recovery':
      return concern(
        'warning',
        `${what} waits for recovery`,
        `Restore it: holdfast space restore ${space.id}.`,
      );
    case 'initializing':
    case 'restoring':
    case 'normal':
      return [];
  }
}
