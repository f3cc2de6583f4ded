/** The keys of the inspection page: the hints of each view, and its help. */
import type { HelpItem, Hint } from '../../shell.ts';

export const dayHints: readonly Hint[] = [
  { key: 'Enter', text: 'minutes' },
  { key: '[ ]', text: 'day' },
  { key: 'm', text: 'month' },
  { key: 'x', text: 'exceptions' },
  { key: 's', text: 'sort' },
  { key: 'E', text: 'clip' },
  { key: 'L', text: 'lock' },
  { key: '/', text: 'filter' },
  { key: 'd', text: 'pick a day' },
  { key: 't', text: 'today' },
  { key: 'e', text: 'CSV' },
];

export const monthHints: readonly Hint[] = [
  { key: 'Enter', text: 'day' },
  { key: '[ ]', text: 'month' },
  { key: 'x', text: 'exceptions' },
  { key: 's', text: 'sort' },
  { key: '/', text: 'filter' },
  { key: 't', text: 'today' },
  { key: 'Esc', text: 'back' },
];

export const hourHints: readonly Hint[] = [
  { key: 'Esc', text: 'back' },
  { key: '← →', text: 'minute' },
  { key: 'E', text: 'clip' },
  { key: 'L', text: 'lock' },
  { key: 'PgDn', text: 'gaps' },
  { key: 'e', text: 'CSV' },
];

export const inspectionHelp: readonly HelpItem[] = [
  { keys: '← → ↑ ↓', text: 'from cell to cell; the bottom row tells the cell in words' },
  { keys: '0 $', text: 'first, last hour' },
  { keys: 'Enter', text: 'the sixty minutes of the hour, and the gaps with their reasons' },
  { keys: '[ ]', text: 'day before, day after (month, in the month)' },
  { keys: 'd m t', text: 'pick a day, the month, today' },
  { keys: 'x', text: 'only cameras with exceptions' },
  { keys: 's', text: 'worst first, or in the order of the cameras' },
  { keys: 'E', text: 'export the video of the hour' },
  { keys: 'L', text: 'lock the hour, or the minute, so that it is not overwritten' },
  { keys: 'U', text: 'what is locked, and unlock it' },
  { keys: 'a number', text: 'whole minutes of video in an hour that misses some' },
];
