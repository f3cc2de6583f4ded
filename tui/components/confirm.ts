/** The question before anything dangerous: says what will happen, defaults to Cancel until the object's name was typed. */
import { blank, type Line, line, span } from '../format/line.ts';
import { problemOf } from '../format/problem.ts';
import { wrap } from '../format/width.ts';
import type { Overlay, Shell } from '../shell.ts';
import { formView } from './form.ts';
import type { Entry, FormShape, FormState } from './form-state.ts';
import { formKey, startForm } from './form-state.ts';
import { insertText } from './text-field.ts';

export interface ConfirmOptions {
  title: string;
  /** What will happen, one paragraph each. */
  consequences: readonly string[];
  /** What must be typed; left out for what can be undone. */
  typed?: string;
  verb: string;
  working: string;
  act(): Promise<void>;
  done?(): void;
}

export function confirmOverlay(shell: Shell, options: ConfirmOptions): Overlay {
  const { typed } = options;
  const entries: Entry[] =
    typed === undefined ? [] : [{ kind: 'text', name: 'typed', label: `Type "${typed}" to go on` }];
  const shape: FormShape = {
    entries,
    buttons: [
      { name: 'cancel', label: 'Cancel' },
      { name: 'act', label: options.verb },
    ],
  };
  let state: FormState = startForm(shape);
  const set = (next: Partial<FormState>): void => {
    state = { ...state, ...next };
    shell.changed();
  };

  const isNamed = (): boolean => state.texts.typed?.text === typed;

  async function act(): Promise<void> {
    if (typed !== undefined && !isNamed()) {
      const text = `The name does not match. Nothing was done.`;
      set({ focus: 'typed', problem: { code: 'invalid_input', text, hint: null } });
      return;
    }
    set({ busy: options.working, problem: null });
    try {
      await options.act();
      shell.close();
      options.done?.();
    } catch (thrown) {
      set({ busy: null, problem: problemOf(thrown) });
    }
  }

  return {
    title: options.title,
    view(frame) {
      const width = Math.min(70, frame.columns - 4);
      const intro: Line[] = options.consequences.flatMap((text) =>
        wrap(text, width).map((row) => line(span(row))),
      );
      const rows = Math.max(4, frame.rows - 2);
      const view = formView(shape, state, { width, rows, theme: frame.theme, intro: [...intro, blank] });
      return {
        width,
        lines: view.lines,
        cursor: view.cursor,
        hints: [
          { key: 'Tab', text: 'next' },
          { key: 'Enter', text: 'press' },
          { key: 'Esc', text: 'cancel' },
        ],
      };
    },
    key(key) {
      // The name says that it is meant: what follows it is the verb, not Cancel.
      if (key === 'enter' && state.focus === 'typed' && state.busy === null && isNamed())
        return set({ focus: 'act' });
      const step = formKey(shape, state, key);
      if (step.kind === 'changed') set(step.state);
      else if (step.kind === 'cancel' || (step.kind === 'pressed' && step.button === 'cancel')) shell.close();
      else if (step.kind === 'pressed') void act();
    },
    paste(text) {
      const field = state.texts.typed;
      if (field && state.busy === null) set({ texts: { typed: insertText(field, text) } });
    },
  };
}
