/** A form in a box: checks, sends, shows the refusal beside the fields, and closes only when it was done. */
import type { Line } from '../format/line.ts';
import { problemOf } from '../format/problem.ts';
import type { Overlay, Shell } from '../shell.ts';
import { formView } from './form.ts';
import {
  type Button,
  type Entry,
  type FormShape,
  type FormState,
  firstRefusal,
  formKey,
  formPaste,
  startForm,
  type Values,
  valuesOf,
} from './form-state.ts';
import { textField } from './text-field.ts';

export interface FormOptions {
  title: string;
  intro?: readonly Line[];
  entries: readonly Entry[];
  submit: string;
  /** Said while `send` works. */
  working: string;
  /** Throws what the person should read. False keeps the form open: more is to be decided. */
  send(values: Values): Promise<boolean>;
  /** Between the submit button and Cancel. */
  extra?: Button & { working: string; press(values: Values): Promise<void> };
  /** The field that a wrong secret leads back to, emptied: it is typed anew rather than mended. */
  typedAnew?: string;
  /** False for a form that nobody may leave, such as the forced change of a password. */
  cancel?: string;
  cancelled?(): void;
  done?(): void;
}

const submitName = ':submit';
const cancelName = ':cancel';
const extraName = ':extra';

export function formOverlay(shell: Shell, options: FormOptions): Overlay {
  const shape: FormShape = {
    entries: options.entries,
    // What the person came for is next after the last field; what is dangerous asks again in a dialog of its own.
    buttons: [
      { name: submitName, label: options.submit },
      ...(options.extra ? [{ name: extraName, label: options.extra.label }] : []),
      { name: cancelName, label: options.cancel ?? 'Cancel' },
    ],
  };
  let state: FormState = startForm(shape);
  let open = true;
  const set = (next: Partial<FormState>): void => {
    state = { ...state, ...next };
    shell.changed();
  };

  async function work(text: string, task: () => Promise<boolean>): Promise<void> {
    const refusal = firstRefusal(shape, valuesOf(state));
    if (refusal) {
      set({ focus: refusal.name, problem: { code: 'invalid_input', text: refusal.text, hint: null } });
      return;
    }
    set({ busy: text, problem: null });
    try {
      const finished = await task();
      set({ busy: null });
      if (finished && open) {
        shell.close();
        options.done?.();
      }
    } catch (thrown) {
      const problem = problemOf(thrown);
      set({ busy: null, problem, ...(problem.code === 'unauthorized' ? anew() : {}) });
    }
  }

  function anew(): Partial<FormState> {
    const { typedAnew } = options;
    if (typedAnew === undefined) return {};
    return { focus: typedAnew, texts: { ...state.texts, [typedAnew]: textField() } };
  }

  function press(button: string): void {
    const values = valuesOf(state);
    const { extra } = options;
    if (button === cancelName) cancel();
    else if (button === extraName && extra) {
      void work(extra.working, async () => {
        await extra.press(values);
        return false;
      });
    } else if (button === submitName) void work(options.working, () => options.send(values));
  }

  function cancel(): void {
    shell.close();
    options.cancelled?.();
  }

  return {
    title: options.title,
    view(frame) {
      const width = Math.min(74, frame.columns - 4);
      const rows = Math.max(4, frame.rows - 2);
      const { lines, cursor } = formView(shape, state, {
        width,
        rows,
        theme: frame.theme,
        ...(options.intro ? { intro: options.intro } : {}),
      });
      return {
        width,
        lines,
        cursor,
        hints: [
          ...(hasChoice(options.entries, state.focus) ? [{ key: '← →', text: 'choose' }] : []),
          { key: 'Tab', text: 'next' },
          { key: 'Enter', text: 'next / press' },
          { key: 'Esc', text: (options.cancel ?? 'Cancel').toLowerCase() },
        ],
      };
    },
    key(key) {
      const step = formKey(shape, state, key);
      if (step.kind === 'changed') set(step.state);
      else if (step.kind === 'pressed') press(step.button);
      else if (step.kind === 'cancel') cancel();
    },
    paste(text) {
      const pasted = formPaste(state, text);
      if (pasted) set(pasted);
    },
    closed() {
      open = false;
    },
  };
}

function hasChoice(entries: readonly Entry[], focus: string): boolean {
  return entries.some((entry) => entry.kind === 'choice' && entry.name === focus && entry.options.length > 1);
}
