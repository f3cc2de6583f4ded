/** What a step of the wizard is: fields that follow from what was answered, and what pressing Next does. */
import type { Entry, Values } from '../../../components/form-state.ts';
import type { Line } from '../../../format/line.ts';
import type { Shell } from '../../../shell.ts';
import type { Draft, Surroundings } from './draft.ts';

export interface StepContext {
  shell: Shell;
  draft: Draft;
  around: Surroundings;
  /** Looks at both nodes again. */
  reload(): Promise<void>;
}

export interface Step {
  title: string;
  intro(context: StepContext): readonly string[];
  /** Fields for the present answers; a choice may bring others with it. */
  entries(context: StepContext, values: Values): readonly Entry[];
  /** On the button that goes on. */
  next(values: Values): string;
  /** Throws what the person should read. `stay` keeps the step open: there is more to it. */
  leave?(context: StepContext, values: Values): Promise<{ draft: Draft; stay: boolean; notice?: string }>;
}

export function required(value: string): string | null {
  return value.trim() === '' ? 'is needed' : null;
}

/** Rows below the fields. */
export function note(lines: (values: Values, width: number) => readonly Line[]): Entry {
  return { kind: 'note', lines };
}

/** A text field that begins with what was answered before. */
export function text(
  context: StepContext,
  name: string,
  label: string,
  more: {
    value?: string;
    placeholder?: string;
    secret?: boolean;
    check?(value: string, values: Values): string | null;
  } = {},
): Entry {
  const { value = '', ...rest } = more;
  return { kind: 'text', name, label, value: context.draft.values[name] ?? value, ...rest };
}

export function choice(
  context: StepContext,
  name: string,
  label: string,
  options: readonly (readonly [value: string, label: string])[],
): Entry {
  const known = context.draft.values[name];
  const value = options.find(([each]) => each === known)?.[0] ?? options[0]?.[0] ?? '';
  return {
    kind: 'choice',
    name,
    label,
    value,
    options: options.map(([each, shown]) => ({ value: each, label: shown })),
  };
}
