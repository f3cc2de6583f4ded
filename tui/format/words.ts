/** The vocabulary in words for people, with the tone that fits: states, reasons, levels. */
import type {
  Camera,
  GapReason,
  HourState,
  LogEntry,
  Pool,
  Service,
  SpaceState,
} from '../../src/contract/index.ts';
import type { Tone } from './line.ts';

export interface Word {
  text: string;
  tone: Tone;
}

const reasons: Readonly<Record<GapReason, string>> = {
  'camera-unreachable': 'camera not reachable',
  'auth-failed': 'wrong user or password',
  'stream-not-found': 'no such stream on the camera',
  'unsupported-codec': 'codec not supported',
  'protocol-error': 'camera broke the protocol',
  'stream-stalled': 'stream stalled',
  'stream-ended': 'camera ended the stream',
  'packet-loss': 'packets lost',
  'no-space': 'no space in the pool',
  'space-lost': 'storage space lost',
  'write-error': 'write error',
  overloaded: 'node overloaded',
  'recorder-restarted': 'recorder restarted',
  'agent-down': 'agent was down',
  'time-step': 'clock was changed',
  'not-configured': 'not configured then',
  overwritten: 'overwritten since',
  'node-standby': 'node was standby',
  locked: 'all else is locked',
};

export function reasonWords(reason: GapReason | null): string {
  return reason === null ? '' : reasons[reason];
}

/** The state of a camera in one word, worst fact first. */
export function cameraWord(camera: Camera): Word {
  if (!camera.enabled || camera.connection === 'disabled') return { text: 'disabled', tone: 'dim' };
  if (camera.recording === 'recording-error') return { text: 'not stored', tone: 'bad' };
  if (camera.recording === 'streaming-error') {
    return camera.connection === 'connecting'
      ? { text: 'connecting', tone: 'warn' }
      : { text: 'no stream', tone: 'bad' };
  }
  if (camera.recording === 'off-plan') return { text: 'off plan', tone: 'dim' };
  return { text: 'recording', tone: 'good' };
}

/** Higher is worse. */
export function cameraSeverity(camera: Camera): number {
  const { tone, text } = cameraWord(camera);
  if (text === 'not stored') return 5;
  if (tone === 'bad') return 4;
  if (tone === 'warn') return 3;
  return text === 'disabled' ? 1 : text === 'off plan' ? 1 : 0;
}

export function spaceWord(state: SpaceState): Word {
  const tones: Readonly<Record<SpaceState, Tone>> = {
    initializing: 'accent',
    normal: 'good',
    lost: 'bad',
    'waiting-for-recovery': 'warn',
    restoring: 'accent',
    error: 'bad',
  };
  return { text: state === 'waiting-for-recovery' ? 'to be restored' : state, tone: tones[state] };
}

export function poolWord(pool: Pool): Word {
  const words: Readonly<Record<Pool['status'], Word>> = {
    normal: { text: 'normal', tone: 'good' },
    degraded: { text: 'degraded', tone: 'warn' },
    'no-space': { text: 'no space', tone: 'bad' },
    lost: { text: 'lost', tone: 'bad' },
  };
  return words[pool.status];
}

export function serviceWord(service: Service): Word {
  const tones: Readonly<Record<Service['state'], Tone>> = {
    running: 'good',
    starting: 'warn',
    stopped: 'bad',
    failed: 'bad',
  };
  return { text: service.state, tone: tones[service.state] };
}

const hourStates: Readonly<Record<HourState, string>> = {
  'no-plan': 'no plan',
  normal: 'complete',
  exception: 'exception',
  'event-plan': 'event recording',
  unchecked: 'not yet checked',
};

export function hourWords(state: HourState): string {
  return hourStates[state];
}

export function levelWord(level: LogEntry['level']): Word {
  const words: Readonly<Record<LogEntry['level'], Word>> = {
    debug: { text: 'debug', tone: 'dim' },
    info: { text: 'info', tone: 'text' },
    warning: { text: 'warn', tone: 'warn' },
    error: { text: 'ERROR', tone: 'alarm' },
  };
  return words[level];
}
