/** The vocabulary of alarms and groups in words for people, with the tone that fits; state is never colour alone. */
import type {
  Alarm,
  AlarmState,
  BackupState,
  Device,
  OutputStatus,
  WorkingStatus,
} from '../../../src/contract/index.ts';
import type { Word } from '../../format/words.ts';

function word(text: string, tone: Word['tone']): Word {
  return { text, tone };
}

export function workingWord(status: WorkingStatus): Word {
  return {
    working: word('WORKING', 'good'),
    standby: word('standby', 'strong'),
    offline: word('OFFLINE', 'bad'),
  }[status];
}

export function backupWord(state: BackupState | null): Word {
  if (state === null) return word('-', 'dim');
  return {
    none: word('none yet', 'warn'),
    updating: word('updating', 'warn'),
    updated: word('updated', 'good'),
    failed: word('FAILED', 'bad'),
  }[state];
}

export function deviceWord(state: Device['state']): Word {
  return {
    online: word('online', 'good'),
    lost: word('LOST', 'bad'),
    never: word('never heard', 'warn'),
    unsupervised: word('no interval', 'dim'),
    disabled: word('disabled', 'dim'),
  }[state];
}

export function alarmWord(state: AlarmState): Word {
  return {
    waiting: word('waiting', 'warn'),
    shared: word('shared', 'warn'),
    acknowledged: word('at the ARC', 'good'),
    refused: word('REFUSED', 'bad'),
    kept: word('kept', 'dim'),
  }[state];
}

export function outputWord(state: OutputStatus['state']): Word {
  return {
    connected: word('connected', 'good'),
    connecting: word('connecting', 'warn'),
    failing: word('FAILING', 'bad'),
    idle: word('idle', 'dim'),
    disabled: word('disabled', 'dim'),
  }[state];
}

/** What an operator must look at first. */
export function categoryTone({ category }: Alarm): Word['tone'] {
  switch (category) {
    case 'burglary':
    case 'fire':
    case 'panic':
    case 'medical':
      return 'alarm';
    case 'trouble':
    case 'supervision':
      return 'warn';
    default:
      return 'text';
  }
}

export function eventWords({ words, text, format }: Alarm): string {
  return words === '' ? (text ?? format) : words;
}

export function placeWords({ area, zone, user }: Alarm): string {
  return [
    ...(area === null ? [] : [`area ${area}`]),
    ...(zone === null ? [] : [`zone ${zone}`]),
    ...(user === null ? [] : [`user ${user}`]),
  ].join(', ');
}
