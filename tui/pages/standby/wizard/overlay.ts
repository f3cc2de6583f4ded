/** The wizard on the screen: a form per step that says while one types what is wrong, goes back and forth, and ends in the changes. */
import { randomUUID } from 'node:crypto';
import { formatPairFile } from '../../../../src/model/pair-file.ts';
import { formView } from '../../../components/form.ts';
import {
  type Entry,
  type FormShape,
  type FormState,
  firstRefusal,
  formKey,
  formPaste,
  startForm,
  type Values,
  valuesOf,
} from '../../../components/form-state.ts';
import { blank, type Line, line, span, type Tone } from '../../../format/line.ts';
import { problemOf } from '../../../format/problem.ts';
import { shorten, wrap } from '../../../format/width.ts';
import type { Frame, Overlay, OverlayView, Shell } from '../../../shell.ts';
import { completeDraft, type Draft, type Surroundings, withSuggestions } from './draft.ts';
import type { Step, StepContext } from './step.ts';
import { steps } from './steps.ts';

export interface WizardOptions {
  draft: Draft;
  around: Surroundings;
  /** Looks at both nodes again. */
  look(): Promise<Surroundings>;
  keep(draft: Draft): void;
  /** The settings were applied: the draft is no longer needed. */
  applied(): void;
}

const stepCount = steps.length + 1;

export class Wizard implements Overlay {
  readonly #shell: Shell;
  readonly #options: WizardOptions;
  #draft: Draft;
  #around: Surroundings;
  #state: FormState;
  /** What the node says to the settings; null until it was asked. */
  #answer: { changes: string[]; problems: string[] } | null = null;
  #scroll = 0;
  #open = true;

  constructor(shell: Shell, options: WizardOptions) {
    this.#shell = shell;
    this.#options = options;
    this.#draft = { ...options.draft, step: Math.min(options.draft.step, stepCount - 1) };
    this.#around = options.around;
    this.#state = startForm(this.#shape({}));
    if (this.#isSummary) void this.#askChanges();
  }

  get title(): string {
    const name = this.#step?.title ?? 'Summary';
    return `Pair, step ${this.#draft.step + 1} of ${stepCount}: ${name}`;
  }

  get #step(): Step | undefined {
    return steps[this.#draft.step];
  }

  get #isSummary(): boolean {
    return this.#draft.step === steps.length;
  }

  get #context(): StepContext {
    return { shell: this.#shell, draft: this.#draft, around: this.#around, reload: () => this.#reload() };
  }

  async #reload(): Promise<void> {
    const fresh = await this.#options.look();
    Object.assign(this.#around, fresh);
  }

  #entries(values: Values): readonly Entry[] {
    return this.#step?.entries(this.#context, { ...this.#draft.values, ...values }) ?? [];
  }

  #shape(values: Values): FormShape {
    const back = this.#draft.step === 0 ? [] : [{ name: ':back', label: 'Back' }];
    const on = this.#isSummary
      ? [
          { name: ':apply', label: 'Apply' },
          { name: ':file', label: 'Save as file' },
        ]
      : [{ name: ':next', label: this.#step?.next(values) ?? 'Next' }];
    const buttons = [...on, ...back, { name: ':leave', label: 'Leave' }];
    return { entries: this.#entries(values), buttons };
  }

  #values(): Values {
    return { ...this.#draft.values, ...valuesOf(this.#state) };
  }

  /** The form for the present answers: fields that a choice brought are filled, what was typed stays. */
  #set(patch: Partial<FormState>): void {
    const state = { ...this.#state, ...patch };
    const fresh = startForm(this.#shape(valuesOf(state)));
    const known = (name: string) => name in fresh.texts || name in fresh.choices || name.startsWith(':');
    this.#state = {
      ...state,
      texts: { ...fresh.texts, ...pick(state.texts, Object.keys(fresh.texts)) },
      choices: { ...fresh.choices, ...pick(state.choices, Object.keys(fresh.choices)) },
      focus: known(state.focus) ? state.focus : fresh.focus,
    };
    this.#shell.changed();
  }

  view(frame: Frame): OverlayView {
    const width = Math.min(76, frame.columns - 4);
    const rows = Math.max(4, frame.rows - 2);
    const values = valuesOf(this.#state);
    const shape = this.#shape(values);
    const intro = this.#isSummary ? this.#summary(width, rows - 2) : this.#intro(width, rows);
    const view = formView(shape, this.#state, { width, rows, theme: frame.theme, intro });
    const lines = this.#isSummary ? view.lines : this.#withVerdict(view.lines, shape, width);
    const scroll = this.#isSummary ? [{ key: '↑↓', text: 'scroll' }] : [];
    return {
      width,
      lines,
      cursor: view.cursor,
      hints: [
        { key: 'Tab', text: 'next' },
        { key: 'Enter', text: 'next / press' },
        { key: 'Esc', text: 'leave' },
        { key: '‹ ›', text: 'choose' },
        ...scroll,
      ],
    };
  }

  #intro(width: number, rows: number): Line[] {
    const texts = this.#step?.intro(this.#context) ?? [];
    const lines = texts.flatMap((each) => wrap(each, width).map((row) => line(row)));
    return rows < 12 ? lines.slice(0, 2) : [...lines, blank];
  }

  /**
   * What is wrong in the field one is in, while it is typed; else the first that keeps from going on. It takes the row
   * above the buttons, which a form leaves free while it has no problem.
   */
  #withVerdict(lines: readonly Line[], shape: FormShape, width: number): readonly Line[] {
    const { problem, busy, focus } = this.#state;
    if (problem !== null || busy !== null) return lines;
    const values = this.#values();
    const focused = shape.entries.find((entry) => entry.kind === 'text' && entry.name === focus);
    const field = focused?.kind === 'text' ? focused : undefined;
    const typed = field === undefined ? '' : (values[field.name] ?? '');
    const reason = field?.check?.(typed, values) ?? null;
    const first = firstRefusal(shape, values);
    const [text, tone]: [string, Tone] =
      reason !== null
        ? [`${field?.label.trim()}: ${reason}`, typed === '' ? 'dim' : 'warn']
        : first
          ? [first.text.trim(), 'dim']
          : ['All good here.', 'good'];
    return [...lines.slice(0, -2), line(span(shorten(text, width), tone)), ...lines.slice(-1)];
  }

  #summary(width: number, rows: number): Line[] {
    const answer = this.#answer;
    const lines =
      answer === null
        ? [line(span('Asking both nodes what would change …', 'dim'))]
        : [
            ...answer.problems.flatMap((text) =>
              wrap(`Refused: ${text}`, width).map((row) => line(span(row, 'alarm'))),
            ),
            ...(answer.problems.length > 0 ? [blank] : []),
            line(span(answer.changes.length === 0 ? 'Nothing changes.' : 'What changes:', 'strong')),
            ...answer.changes.flatMap((text) => wrap(`- ${text}`, width).map((row) => line(row))),
          ];
    this.#scroll = Math.max(0, Math.min(this.#scroll, lines.length - rows));
    return lines.slice(this.#scroll, this.#scroll + rows);
  }

  key(key: string): void {
    if (this.#isSummary && this.#state.busy === null) {
      const by = { up: -1, k: -1, down: 1, j: 1, pageup: -8, pagedown: 8 }[key];
      if (by !== undefined) {
        this.#scroll = Math.max(0, this.#scroll + by);
        this.#shell.changed();
        return;
      }
    }
    const step = formKey(this.#shape(valuesOf(this.#state)), this.#state, key);
    if (step.kind === 'changed') this.#set(step.state);
    else if (step.kind === 'cancel') this.#leave();
    else if (step.kind === 'pressed') this.#press(step.button);
  }

  paste(text: string): void {
    const pasted = formPaste(this.#state, text);
    if (pasted) this.#set(pasted);
  }

  closed(): void {
    this.#open = false;
  }

  #press(button: string): void {
    if (button === ':leave') this.#leave();
    else if (button === ':back') this.#go(this.#draft.step - 1);
    else if (button === ':next') void this.#next();
    else if (button === ':file') this.#saveFile();
    else if (button === ':apply') void this.#apply();
  }

  #leave(): void {
    this.#draft = { ...this.#draft, values: this.#values() };
    this.#keep();
    this.#shell.close();
    this.#shell.notify('The answers are kept: w goes on with them.', 'dim');
  }

  #keep(): void {
    const {
      pairing: _pairing,
      shownCode: _code,
      shownAddress: _address,
      shownUntil: _until,
      ...values
    } = this.#draft.values;
    this.#options.keep({ ...this.#draft, values });
  }

  #go(step: number): void {
    this.#draft = { ...this.#draft, values: this.#values(), step };
    this.#keep();
    this.#enter();
  }

  #enter(): void {
    this.#state = startForm(this.#shape({}));
    this.#scroll = 0;
    if (this.#isSummary) {
      this.#state = { ...this.#state, focus: ':apply' };
      void this.#askChanges();
    }
    this.#shell.changed();
  }

  async #next(): Promise<void> {
    const values = this.#values();
    const refusal = firstRefusal(this.#shape(valuesOf(this.#state)), values);
    if (refusal) {
      return this.#set({
        focus: refusal.name,
        problem: { code: 'invalid_input', text: refusal.text.trim(), hint: null },
      });
    }
    this.#draft = { ...this.#draft, values };
    await this.#work('One moment', async () => {
      const result = await this.#step?.leave?.(this.#context, values);
      if (result) this.#draft = result.draft;
      if (this.#draft.step === 0) this.#draft = withSuggestions(this.#draft, this.#around);
      if (result?.notice !== undefined) this.#shell.notify(result.notice, 'good');
      if (result?.stay !== true) this.#draft = { ...this.#draft, step: this.#draft.step + 1 };
      this.#keep();
      this.#enter();
    });
  }

  /** The settings, or null with the problems on the screen. */
  #config() {
    const completed = completeDraft(this.#draft, this.#around, randomUUID());
    if (completed.config === null) this.#answer = { changes: [], problems: completed.problems };
    return completed.config;
  }

  async #askChanges(): Promise<void> {
    this.#answer = null;
    const config = this.#config();
    if (config === null) return;
    await this.#work('Asking what would change', async () => {
      this.#answer = await this.#shell.client.standby.apply({ config, dryRun: true });
    });
  }

  #saveFile(): void {
    const config = this.#config();
    if (config) this.#shell.save('pair.yaml', formatPairFile(config));
  }

  async #apply(): Promise<void> {
    const config = this.#config();
    if (config === null || (this.#answer?.problems.length ?? 0) > 0) return this.#shell.changed();
    await this.#work('Applying', async () => {
      const answer = await this.#shell.client.standby.apply({ config, dryRun: false });
      this.#answer = answer;
      if (answer.problems.length > 0 || !this.#open) return;
      this.#options.applied();
      this.#shell.close();
      const done = 'The pair is set up. p checks both nodes, b brings the application in.';
      this.#shell.notify(answer.applied ? done : 'Nothing was changed.', answer.applied ? 'good' : 'dim');
    });
  }

  async #work(text: string, task: () => Promise<void>): Promise<void> {
    this.#set({ busy: text, problem: null });
    try {
      await task();
      this.#set({ busy: null });
    } catch (thrown) {
      this.#set({ busy: null, problem: problemOf(thrown) });
    }
  }
}

function pick<Value>(from: Readonly<Record<string, Value>>, names: readonly string[]): Record<string, Value> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}
