/** The two rows at the bottom: a notice, prompt or remark, and the keys that work here. */
import { blank, type Line, line, lineWidth, type Span, span } from '../format/line.ts';
import type { Hint, TuiState } from '../shell.ts';
import { visibleText } from './text-field.ts';

const everywhere: readonly Hint[] = [
  { key: ':', text: 'commands' },
  { key: '?', text: 'help' },
];

/** Hints while they fit; those that work everywhere are kept at the end. */
export function hintLine(
  hints: readonly Hint[],
  columns: number,
  common: readonly Hint[] = everywhere,
): Line {
  const tail = common.flatMap(hintSpans);
  const spans: Span[] = [span(' ')];
  for (const hint of hints) {
    const added = hintSpans(hint);
    if (lineWidth({ spans: [...spans, ...added, ...tail] }) > columns) break;
    spans.push(...added);
  }
  const all = [...hints, ...common];
  return {
    spans: [...spans, ...tail],
    label: `Keys: ${all.map(({ key, text }) => `${key} ${text}`).join(', ')}`,
  };
}

function hintSpans({ key, text }: Hint): Span[] {
  return [span(key, 'key'), span(` ${text}  `, 'dim')];
}

/** The row above the hints: prompt, then notice, then what is being done, then the page's own remark. */
export function footLine(
  state: TuiState,
  foot: Line | undefined,
  columns: number,
): { line: Line; cursorX?: number } {
  if (state.prompt) return promptLine(state.prompt, columns);
  if (state.notice && state.notice.untilMs > state.nowMs) {
    return { line: line(span(` ${state.notice.text}`, state.notice.tone)) };
  }
  if (state.busy !== null) return { line: line(span(` ${state.busy} …`, 'accent')) };
  return { line: foot ?? blank };
}

function promptLine(
  prompt: NonNullable<TuiState['prompt']>,
  columns: number,
): { line: Line; cursorX: number } {
  const sign = prompt.kind === 'filter' ? '/' : ':';
  const { text, column } = visibleText({ text: prompt.text, at: prompt.at }, columns - 3, false);
  const remark =
    prompt.kind === 'filter' && prompt.text === ''
      ? span('  text to find, ! inverts, Enter keeps, Esc clears', 'dim')
      : span('');
  return {
    line: { ...line(' ', span(sign, 'key'), span(text, 'strong'), remark), label: `${sign} ${prompt.text}` },
    cursorX: 2 + column,
  };
}
