/** Where each key goes: prompt, then dialog, then page, then the keys that work everywhere. */
import { editText } from './components/text-field.ts';
import type { Console } from './console.ts';
import type { Key } from './keys.ts';
import type { Prompt } from './shell.ts';

/** Keys kept while the node has not answered yet: what a person in a hurry types. */
const earlyKeysMax = 16;

export class Keyboard {
  readonly #console: Console;
  #early: Key[] = [];

  constructor(console: Console) {
    this.#console = console;
  }

  press(key: Key) {
    const state = this.#console.state();
    if (key === 'ctrl-c') return this.#console.quit();
    if (state.prompt) return this.#promptKey(state.prompt, key);
    const overlay = state.overlays.at(-1);
    if (overlay) return overlay.key(key);
    if (state.gate !== 'open') {
      if (key === 'q' || key === 'esc') return this.#console.quit();
      return this.#keep(key);
    }
    if (state.status === null && key !== 'q') return this.#keep(key);
    if (state.notice && key === 'esc') this.#console.set({ notice: null });
    if (!this.#console.page.key(key)) this.#everywhere(key);
  }

  /** Presses what was typed before the node had answered. */
  takeEarly() {
    for (const key of this.#early.splice(0)) this.press(key);
  }

  /** Nothing is pressed later that was typed at a log-in, or at a node that does not answer. */
  dropEarly() {
    this.#early = [];
  }

  #keep(key: Key) {
    const { error } = this.#console.state().connection;
    if (error === null && this.#early.length < earlyKeysMax) this.#early.push(key);
  }

  /** Pasted text fills fields and prompts; it never runs as keys. */
  paste(text: string) {
    const { prompt, overlays, gate } = this.#console.state();
    const firstLine = text.split(/[\r\n]/)[0] ?? '';
    if (prompt) return this.#typeIntoPrompt(prompt, firstLine);
    const overlay = overlays.at(-1);
    if (overlay) return overlay.paste?.(firstLine);
    if (gate === 'open') this.#console.page.paste?.(firstLine);
  }

  #everywhere(key: Key) {
    const { page } = this.#console;
    const byDigit = this.#console.pages.find(({ digit }) => digit !== '' && digit === key);
    if (byDigit) return this.#console.go(byDigit.id);
    switch (key) {
      case ':':
        return this.#console.set({ prompt: { kind: 'command', text: '', at: 0, choice: 0 } });
      case '/':
        return this.#startFilter();
      case '?':
        return this.#console.help();
      case 'esc':
        return this.#back();
      case 'q':
        if (page.back?.() === true) return this.#console.changed();
        return this.#console.quit();
      case 'r':
        return this.#console.reload();
      case 'e':
        return this.#console.exportSheet();
      case 'y': {
        const text = page.copyText?.() ?? null;
        if (text !== null) this.#console.copy(text, text.length > 40 ? `${text.slice(0, 40)}…` : text);
        return;
      }
    }
  }

  #back() {
    const { page } = this.#console;
    if (page.back?.() === true) return this.#console.changed();
    if (page.filter && page.filter.get() !== '') {
      page.filter.set('');
      return this.#console.changed();
    }
    if (page.id !== 'home') this.#console.go('home');
  }

  #startFilter() {
    const { filter } = this.#console.page;
    if (!filter) return this.#console.notify('There is nothing to filter on this page.', 'dim');
    const text = filter.get();
    this.#console.set({ prompt: { kind: 'filter', text, at: [...text].length, choice: 0 } });
  }

  #typeIntoPrompt(prompt: Prompt, text: string) {
    for (const character of text) {
      const edited = editText(prompt, character);
      if (edited) prompt = { ...prompt, ...edited };
    }
    this.#setPrompt({ ...prompt, choice: 0 });
  }

  #setPrompt(prompt: Prompt) {
    if (prompt.kind === 'filter') this.#console.page.filter?.set(prompt.text);
    this.#console.set({ prompt });
  }

  #promptKey(prompt: Prompt, key: Key) {
    if (key === 'esc') {
      if (prompt.kind === 'filter') this.#console.page.filter?.set('');
      return this.#console.set({ prompt: null });
    }
    if (prompt.kind === 'filter') return this.#filterKey(prompt, key);
    this.#commandKey(prompt, key);
  }

  #filterKey(prompt: Prompt, key: Key) {
    if (key === 'enter') return this.#console.set({ prompt: null });
    if (key === 'up' || key === 'down') {
      this.#console.page.key(key);
      return;
    }
    const edited = editText(prompt, key);
    if (edited) this.#setPrompt({ ...prompt, ...edited });
  }

  #commandKey(prompt: Prompt, key: Key) {
    const matches = this.#console.matches();
    const chosen = matches[prompt.choice];
    const choose = (by: number) =>
      this.#setPrompt({ ...prompt, choice: Math.max(0, Math.min(matches.length - 1, prompt.choice + by)) });
    switch (key) {
      case 'up':
      case 'shift-tab':
        return choose(-1);
      case 'down':
        return choose(1);
      case 'tab': {
        if (!chosen) return;
        const text = chosen.command.argument === undefined ? chosen.command.name : `${chosen.command.name} `;
        return this.#setPrompt({ ...prompt, text, at: [...text].length, choice: 0 });
      }
      case 'enter':
        this.#console.set({ prompt: null });
        return chosen?.command.run(chosen.argument);
      case 'backspace':
        if (prompt.text === '') return this.#console.set({ prompt: null });
    }
    const edited = editText(prompt, key);
    if (edited) this.#setPrompt({ ...prompt, ...edited, choice: 0 });
  }
}
