/** How a form looks: label and field per row, notes, the problem, the buttons; cut to the rows there are. */
import { blank, type Line, line, type Span, span } from '../format/line.ts';
import { cellWidth, pad, wrap } from '../format/width.ts';
import type { Cursor } from '../shell.ts';
import type { Theme } from '../theme.ts';
import { type ChoiceEntry, type FormShape, type FormState, type TextEntry, valuesOf } from './form-state.ts';
import { textField, visibleText } from './text-field.ts';

export interface FormView {
  lines: Line[];
  cursor?: Cursor | undefined;
}

/** At most `rows` lines; the focused field and the buttons are always among them. */
export function formView(
  shape: FormShape,
  state: FormState,
  size: { width: number; rows: number; theme: Theme; intro?: readonly Line[] },
): FormView {
  const labelWidth = Math.min(
    Math.floor(size.width / 2),
    Math.max(0, ...shape.entries.map((entry) => (entry.kind === 'note' ? 0 : cellWidth(entry.label)))) + 2,
  );
  const body: Line[] = [...(size.intro ?? [])];
  let cursor: Cursor | undefined;
  let focusRow = 0;
  for (const entry of shape.entries) {
    if (entry.kind === 'note') {
      body.push(...entry.lines(valuesOf(state), size.width));
      continue;
    }
    if (entry.name === state.focus) focusRow = body.length;
    if (entry.kind === 'choice') {
      body.push(choiceRow(entry, state, labelWidth, size.theme));
      continue;
    }
    const row = textRow(entry, state, labelWidth, size);
    if (row.column !== undefined && state.busy === null) cursor = { x: row.column, y: body.length };
    body.push(row.line);
  }
  const tail = [...problemRows(state, size.width), buttonRow(shape, state)];
  // At the buttons the last rows are what counts: the sum, or what became of a try.
  if (shape.buttons.some(({ name }) => name === state.focus)) focusRow = body.length;
  const room = Math.max(1, size.rows - tail.length);
  const top = Math.max(0, Math.min(focusRow - room + 2, body.length - room));
  const lines = [...body.slice(top, top + room), ...tail];
  return { lines, cursor: cursor && { x: cursor.x, y: cursor.y - top } };
}

function textRow(
  entry: TextEntry,
  state: FormState,
  labelWidth: number,
  size: { width: number; theme: Theme },
): { line: Line; column?: number } {
  const focused = state.focus === entry.name;
  const field = state.texts[entry.name] ?? textField();
  const width = Math.max(4, size.width - labelWidth);
  const { text, column } = visibleText(field, width, entry.secret === true);
  const empty = text === '' && entry.placeholder !== undefined;
  const spans: Span[] = [labelSpan(entry.label, labelWidth, focused)];
  if (empty) spans.push(span(pad(exampleText(entry.placeholder ?? '', size.theme), width), 'dim'));
  else spans.push(span(pad(text, width), 'input'));
  const heard = entry.secret === true ? `${[...field.text].length} characters` : field.text;
  const label = `${focused ? 'editing ' : ''}${entry.label}: ${heard === '' ? 'empty' : heard}`;
  return focused ? { line: { spans, label }, column: labelWidth + column } : { line: { spans, label } };
}

/** Where dim looks like text, brackets tell an example from a value. */
function exampleText(placeholder: string, { palette }: Theme): string {
  return palette.dim === '' ? `(${placeholder})` : placeholder;
}

function choiceRow(entry: ChoiceEntry, state: FormState, labelWidth: number, theme: Theme): Line {
  const focused = state.focus === entry.name;
  const chosen = entry.options.find(({ value }) => value === state.choices[entry.name]);
  const text = chosen?.label ?? '';
  const many = entry.options.length > 1;
  const [left, right] = theme.glyphs.tier === 'ascii' ? ['< ', ' >'] : ['‹ ', ' ›'];
  const spans = [
    labelSpan(entry.label, labelWidth, focused),
    span(many ? left : '', focused ? 'key' : 'dim'),
    span(text, focused ? 'strong' : 'text'),
    span(many ? right : '', focused ? 'key' : 'dim'),
  ];
  return { spans, label: `${focused ? 'choosing ' : ''}${entry.label}: ${text}` };
}

function labelSpan(label: string, width: number, focused: boolean): Span {
  return span(pad(label, width), focused ? 'strong' : 'text');
}

function problemRows(state: FormState, width: number): Line[] {
  if (state.busy !== null) return [line(span(`${state.busy} …`, 'accent'))];
  if (state.problem === null) return [blank];
  const text = wrap(state.problem.text, width, 2).map((row) => line(span(row, 'alarm')));
  const hint = state.problem.hint === null ? [] : wrap(state.problem.hint, width, 2).map((row) => line(row));
  return [...text, ...hint];
}

function buttonRow(shape: FormShape, state: FormState): Line {
  const spans = shape.buttons.flatMap(({ name, label }): Span[] => [
    span(`[ ${label} ]`, name === state.focus ? 'cursor' : 'text'),
    span('  '),
  ]);
  const focused = shape.buttons.find(({ name }) => name === state.focus);
  return {
    spans,
    label: focused ? `button ${focused.label}` : `buttons: ${shape.buttons.map((b) => b.label).join(', ')}`,
  };
}
