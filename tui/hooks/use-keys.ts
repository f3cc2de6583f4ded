/** Keys of the terminal as our key names; repairs sequences torn by a slow link, keeps pasted text apart. */
import { useInput, usePaste } from 'ink';
import { useEffect, useRef } from 'react';
import { type Key, keysOf, tornKey } from '../keys.ts';

export interface KeyHandlers {
  onKey(key: Key): void;
  onPaste(text: string): void;
  /** Ctrl-Z; left out where there is no job control. */
  onSuspend?: (() => void) | undefined;
  /** Ctrl-L: something else wrote over the screen. */
  onRepaint(): void;
}

/** How long an Escape waits for the rest of a sequence that a slow link may have torn. */
const tornSequenceMs = 60;

export function useKeys(handlers: KeyHandlers): void {
  const waiting = useRef<NodeJS.Timeout | undefined>(undefined);
  useEffect(() => () => clearTimeout(waiting.current), []);

  /** True when an Escape was still waiting. */
  const stopWaiting = (): boolean => {
    const was = waiting.current !== undefined;
    clearTimeout(waiting.current);
    waiting.current = undefined;
    return was;
  };

  useInput((input, key) => {
    const torn = tornKey(input);
    if (stopWaiting()) {
      if (torn !== undefined && !key.escape) return handlers.onKey(torn);
      handlers.onKey('esc');
    }
    for (const name of keysOf(input, key)) {
      if (name === 'esc') {
        waiting.current = setTimeout(() => {
          waiting.current = undefined;
          handlers.onKey('esc');
        }, tornSequenceMs);
      } else if (name === 'ctrl-z') handlers.onSuspend?.();
      else if (name === 'ctrl-l') handlers.onRepaint();
      else handlers.onKey(name);
    }
  });
  usePaste((text) => handlers.onPaste(text));
}
