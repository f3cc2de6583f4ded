/** States and categories as the numbers that the file has for them. */
import {
  type AlarmCategory,
  type AlarmState,
  alarmCategories,
  alarmStates,
} from '../../../src/contract/index.ts';

/** The indices and texts of SQL know them by these numbers: the lists of the contract only ever grow at their ends. */
export const waiting = 0;
export const shared = 1;
export const acknowledged = 2;
export const refused = 3;
export const kept = 4;

export function stateOf(number: number): AlarmState {
  return alarmStates[number] ?? 'refused';
}

export function categoryNumber(category: AlarmCategory): number {
  return alarmCategories.indexOf(category);
}
