/** The console's heart: owns the state, follows the node, routes keys; knows no terminal. */
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Connection } from './api.ts';
import { globalCommands } from './commands.ts';
import { helpLines } from './components/help.ts';
import { type Match, matchCommands } from './components/palette.ts';
import { textOverlay } from './components/text-overlay.ts';
import { toCsv } from './format/csv.ts';
import { line, span, type Tone } from './format/line.ts';
import { formatSize } from './format/numbers.ts';
import { problemOf } from './format/problem.ts';
import { cellWidth, wrap } from './format/width.ts';
import { Keyboard } from './keyboard.ts';
import { leavingQuestion } from './leaving.ts';
import { NodeLink } from './node-link.ts';
import { createPages } from './pages/all.ts';
import { saveStream, saveText } from './save.ts';
import type { Command, Overlay, Page, PageId, Shell, TuiState } from './shell.ts';
import type { Skin } from './theme.ts';

export interface ConsoleOptions {
  connection: Connection;
  readOnly: boolean;
  /** The agent was started together with this console and ends with it. */
  endsAgent: boolean;
  skin: Skin;
  /** Wall clock. */
  now: () => number;
  /** Zone of this machine. */
  timeZone?: string;
  /** How often the node is asked to report. */
  intervalMs: number;
  /** Where files go. */
  folder: string;
  /** Sends text to the terminal's clipboard. */
  clipboard: (text: string) => void;
  quit: () => void;
  /** A session was opened or ended by this console. */
  onSession?: (session: { user: string; token: string } | undefined) => void;
  firstContact?: () => string | null;
}

const noticeMs = 8_000;
/** What fits the bottom row of the narrowest usual terminal. */
const noticeColumns = 78;

export class Console implements Shell {
  readonly connection: Connection;
  readonly readOnly: boolean;
  readonly pages: readonly Page[];
  readonly store: StoreApi<TuiState>;
  readonly keyboard: Keyboard;
  readonly #options: ConsoleOptions;
  readonly #commands: readonly Command[];
  readonly #link: NodeLink;
  /** The question whether to leave, as it was last put. */
  #leaving: Overlay | null = null;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.connection = options.connection;
    this.readOnly = options.readOnly;
    this.store = createStore<TuiState>(() => ({
      gate: 'connecting',
      connection: options.connection.state(),
      status: null,
      statusAtMs: null,
      nowMs: options.now(),
      whoami: null,
      page: 'home',
      overlays: [],
      notice: null,
      prompt: null,
      busy: null,
      skin: options.skin,
      ownTimeZone: options.timeZone ?? null,
      revision: 0,
    }));
    this.pages = createPages(this);
    this.#commands = globalCommands(this, this.pages, () => this.help(), options.endsAgent);
    this.keyboard = new Keyboard(this);
    this.#link = new NodeLink(this, {
      now: options.now,
      intervalMs: options.intervalMs,
      onSession: options.onSession,
      firstContact: options.firstContact ?? (() => null),
    });
  }

  get client(): Connection['client'] {
    return this.connection.client;
  }

  get page(): Page {
    const found = this.pages.find(({ id }) => id === this.state().page) ?? this.pages[0];
    if (!found) throw new Error('a console without pages');
    return found;
  }

  state(): TuiState {
    return this.store.getState();
  }

  set(patch: Partial<TuiState>): void {
    this.store.setState(patch);
  }

  changed(): void {
    this.set({ revision: this.state().revision + 1 });
  }

  start(): void {
    this.#link.start();
  }

  stop(): void {
    this.#link.stop();
  }

  /** Once per refresh: takes what arrived since, moves the clocks on. */
  tick(): void {
    this.#link.takePending();
    this.set({ nowMs: this.#options.now() });
    if (this.state().gate === 'open') this.page.tick?.();
  }

  nodeNowMs(): number {
    const { status, statusAtMs, nowMs } = this.state();
    if (!status || statusAtMs === null) return nowMs;
    return this.state().connection.phase === 'connected'
      ? status.timeMs + Math.max(0, nowMs - statusAtMs)
      : status.timeMs;
  }

  timeZone(): string {
    return this.state().status?.node.timeZone ?? 'UTC';
  }

  notify(text: string, tone: Tone = 'text'): void {
    const nowMs = this.#options.now();
    this.set({ nowMs, notice: { text, tone, untilMs: nowMs + noticeMs } });
  }

  open(overlay: Overlay): void {
    this.set({ overlays: [...this.state().overlays, overlay], prompt: null });
  }

  close(): void {
    const { overlays } = this.state();
    overlays.at(-1)?.closed?.();
    this.set({ overlays: overlays.slice(0, -1) });
  }

  go(page: PageId): void {
    this.set({ page, prompt: null, notice: null });
    this.page.enter?.();
  }

  help(): void {
    const page = this.page;
    this.open(
      textOverlay(this, { title: `Help: ${page.title}`, lines: (_frame, width) => helpLines(page, width) }),
    );
  }

  /** Candidates of the palette for what is typed now. */
  matches(): Match[] {
    const { prompt } = this.state();
    if (prompt?.kind !== 'command') return [];
    return matchCommands([...(this.page.commands?.() ?? []), ...this.#commands], prompt.text);
  }

  mayChange(): boolean {
    if (!this.readOnly) return true;
    this.notify('This console was started with --read-only: it shows, and changes nothing.', 'warn');
    return false;
  }

  run<Result>(what: string, work: () => Promise<Result>, done?: (result: Result) => void): void {
    this.set({ busy: what });
    work()
      .then((result) => done?.(result))
      .catch((thrown: unknown) => {
        const { text, hint, code } = problemOf(thrown);
        if (code === 'unauthorized') this.#link.askLogin({ forgetToken: true });
        else this.#tell(what, hint === null ? [text] : [text, hint]);
      })
      .finally(() => {
        if (this.state().busy === what) this.set({ busy: null });
      });
  }

  /** A failure in the bottom row, or in a box when it does not fit there. */
  #tell(what: string, [text = '', hint = '']: readonly string[]) {
    const row = hint === '' ? `${what}: ${text}` : `${what}: ${text}. ${hint}`;
    if (cellWidth(row) <= noticeColumns) return this.notify(row, 'alarm');
    this.open(
      textOverlay(this, {
        title: what,
        lines: (_frame, width) => [
          ...wrap(text, width).map((each) => line(span(each, 'alarm'))),
          ...wrap(hint, width).map((each) => line(each)),
        ],
      }),
    );
  }

  copy(text: string, what: string): void {
    this.#options.clipboard(text);
    this.notify(`Copied ${what}.`, 'good');
  }

  save(name: string, content: string): void {
    this.run(
      `Saving ${name}`,
      () => saveText(this.#options.folder, name, content),
      (path) => this.notify(`Saved ${path}`, 'good'),
    );
  }

  fetchFile(path: string, name: string): void {
    let shownAtMs = 0;
    const progress = (bytes: number): void => {
      const nowMs = this.#options.now();
      if (nowMs - shownAtMs < 1000) return;
      shownAtMs = nowMs;
      this.set({ busy: `Fetching ${name}: ${formatSize(bytes)}` });
    };
    this.run(
      `Fetching ${name}`,
      async () => {
        const { stream } = await this.connection.download(path);
        return saveStream(this.#options.folder, name, stream, progress);
      },
      (saved) => {
        this.set({ busy: null });
        this.notify(`Saved ${saved}`, 'good');
      },
    );
  }

  exportSheet() {
    const sheet = this.page.sheet?.();
    if (!sheet) return this.notify('There is nothing to export here.', 'dim');
    this.save(sheet.name, toCsv(sheet.header, sheet.rows));
  }

  setSkin(skin: Skin): void {
    this.set({ skin });
  }

  reload(): void {
    if (this.state().gate === 'open') this.#link.watch();
    this.page.refresh?.();
  }

  logout() {
    if (this.connection.local)
      return this.notify('The local console needs no session: there is none to end.', 'dim');
    this.run(
      'Logging out',
      () => this.client.session.logout(),
      () => this.#link.askLogin({ forgetToken: true, byChoice: true }),
    );
  }

  /** Leaving is a question where it ends the agent of a pair's node; asked for once more meanwhile, it is done. */
  quit(): void {
    const { quit, endsAgent } = this.#options;
    const { status, overlays } = this.state();
    const asked = this.#leaving !== null && overlays.includes(this.#leaving);
    this.#leaving = endsAgent && status ? leavingQuestion(this, status.node, quit) : null;
    if (this.#leaving === null || asked) quit();
    else this.open(this.#leaving);
  }
}

/** The state as React sees it. */
export function useConsoleState(console: Console): TuiState {
  return useStore(console.store);
}
