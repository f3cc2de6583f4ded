/** Names of keys, from what Ink reports: one word per press, printable characters as themselves. */
import type { Key as InkKey } from 'ink';

/** `up`, `enter`, `esc`, `tab`, `shift-tab`, `ctrl-u` and so on, or one printable character. */
export type Key = string;

const named: readonly (readonly [keyof InkKey, Key])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
];

const lineKeys: Readonly<Record<string, Key>> = { '\r': 'enter', '\n': 'enter', '\t': 'tab' };

/** Several keys when a slow link delivered them in one piece; none for what is not a key of ours. */
export function keysOf(input: string, key: InkKey): Key[] {
  if (key.eventType === 'release') return [];
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab'];
  const name = named.find(([flag]) => key[flag] === true);
  if (name) return [name[1]];
  if (key.ctrl) return input === '' ? [] : [`ctrl-${input}`];
  if (key.meta) return [];
  return [...input].flatMap((character) => {
    const lineKey = lineKeys[character];
    if (lineKey !== undefined) return [lineKey];
    return /\p{Cc}/u.test(character) ? [] : [character];
  });
}

const split: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[5~': 'pageup',
  '[6~': 'pagedown',
  '[3~': 'delete',
  '[Z': 'shift-tab',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
};

/** The key whose sequence a slow link tore after its escape byte, if `input` is the rest of one. */
export function tornKey(input: string): Key | undefined {
  return split[input];
}

/** True for a key that inserts itself into a text field. */
export function isPrintable(key: Key): boolean {
  return [...key].length === 1;
}
