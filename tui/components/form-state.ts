/** A form as data: fields, focus, values; what each key does to it is decided here, what it looks like in `form.ts`. */
import type { Line } from '../format/line.ts';
import type { Problem } from '../format/problem.ts';
import type { Key } from '../keys.ts';
import { editText, insertText, type TextField, textField } from './text-field.ts';

export type Values = Readonly<Record<string, string>>;

export interface TextEntry {
  kind: 'text';
  name: string;
  label: string;
  value?: string;
  secret?: boolean;
  /** Shown dim beside an empty field. */
  placeholder?: string;
  /** A reason to refuse, or null. */
  check?(value: string, values: Values): string | null;
}

export interface ChoiceEntry {
  kind: 'choice';
  name: string;
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
}

/** Rows that follow from the values: sums, policy feedback. */
export interface NoteEntry {
  kind: 'note';
  lines(values: Values, width: number): readonly Line[];
}

export type Entry = TextEntry | ChoiceEntry | NoteEntry;

export interface Button {
  name: string;
  label: string;
}

export interface FormState {
  /** Field name or button name that has the focus. */
  focus: string;
  texts: Readonly<Record<string, TextField>>;
  choices: Readonly<Record<string, string>>;
  busy: string | null;
  problem: Problem | null;
}

export interface FormShape {
  entries: readonly Entry[];
  buttons: readonly Button[];
}

export function startForm(shape: FormShape): FormState {
  const texts: Record<string, TextField> = {};
  const choices: Record<string, string> = {};
  for (const entry of shape.entries) {
    if (entry.kind === 'text') texts[entry.name] = textField(entry.value ?? '');
    if (entry.kind === 'choice') choices[entry.name] = entry.value;
  }
  return { focus: stops(shape)[0] ?? '', texts, choices, busy: null, problem: null };
}

export function valuesOf(state: FormState): Values {
  const values: Record<string, string> = { ...state.choices };
  for (const [name, field] of Object.entries(state.texts)) values[name] = field.text;
  return values;
}

/** Names in the order of Tab. */
export function stops(shape: FormShape): string[] {
  const fields = shape.entries.flatMap((entry) => (entry.kind === 'note' ? [] : [entry.name]));
  return [...fields, ...shape.buttons.map(({ name }) => name)];
}

/** The first reason why the values cannot be sent, with its field. */
export function firstRefusal(shape: FormShape, values: Values): { name: string; text: string } | null {
  for (const entry of shape.entries) {
    if (entry.kind !== 'text' || !entry.check) continue;
    const text = entry.check(values[entry.name] ?? '', values);
    if (text !== null) return { name: entry.name, text: `${entry.label}: ${text}` };
  }
  return null;
}

export type FormStep =
  | { kind: 'changed'; state: FormState }
  | { kind: 'pressed'; button: string }
  | { kind: 'cancel' }
  | { kind: 'ignored' };

/** What a key does to the form. */
export function formKey(shape: FormShape, state: FormState, key: Key): FormStep {
  if (key === 'esc') return { kind: 'cancel' };
  if (state.busy !== null) return { kind: 'ignored' };
  const moved = (by: number): FormStep => ({
    kind: 'changed',
    state: { ...state, focus: step(shape, state, by) },
  });
  if (key === 'tab' || key === 'down') return moved(1);
  if (key === 'shift-tab' || key === 'up') return moved(-1);
  const entry = shape.entries.find((each) => each.kind !== 'note' && each.name === state.focus);
  if (entry?.kind === 'text') return textKey(state, entry, key, moved);
  const pointed = isTyped(shape) ? key : (arrows[key] ?? key);
  if (entry?.kind === 'choice') return choiceKey(state, entry, pointed, moved);
  return buttonKey(state, pointed, moved);
}

const arrows: Readonly<Record<string, Key>> = { h: 'left', l: 'right' };

/** Beside a field that is typed into, letters are meant for it: a password must not walk over buttons into another field. */
function isTyped(shape: FormShape): boolean {
  return shape.entries.some(({ kind }) => kind === 'text');
}

/** The form with text pasted into the field that has the focus; null where nothing takes it. */
export function formPaste(state: FormState, text: string): FormState | null {
  const field = state.texts[state.focus];
  if (state.busy !== null || !field) return null;
  return { ...state, texts: { ...state.texts, [state.focus]: insertText(field, text) }, problem: null };
}

function step(shape: FormShape, state: FormState, by: number): string {
  const all = stops(shape);
  return all[(all.indexOf(state.focus) + by + all.length) % all.length] ?? state.focus;
}

function textKey(state: FormState, entry: TextEntry, key: Key, moved: (by: number) => FormStep): FormStep {
  if (key === 'enter') return moved(1);
  const edited = editText(state.texts[entry.name] ?? textField(), key);
  if (!edited) return { kind: 'ignored' };
  return {
    kind: 'changed',
    state: { ...state, texts: { ...state.texts, [entry.name]: edited }, problem: null },
  };
}

function choiceKey(
  state: FormState,
  entry: ChoiceEntry,
  key: Key,
  moved: (by: number) => FormStep,
): FormStep {
  if (key === 'enter') return moved(1);
  const by = key === 'left' ? -1 : key === 'right' || key === ' ' ? 1 : 0;
  if (by === 0) return { kind: 'ignored' };
  const at = entry.options.findIndex(({ value }) => value === state.choices[entry.name]);
  const next = entry.options[(at + by + entry.options.length) % entry.options.length];
  if (!next) return { kind: 'ignored' };
  return {
    kind: 'changed',
    state: { ...state, choices: { ...state.choices, [entry.name]: next.value }, problem: null },
  };
}

function buttonKey(state: FormState, key: Key, moved: (by: number) => FormStep): FormStep {
  if (key === 'left') return moved(-1);
  if (key === 'right') return moved(1);
  return key === 'enter' || key === ' ' ? { kind: 'pressed', button: state.focus } : { kind: 'ignored' };
}
