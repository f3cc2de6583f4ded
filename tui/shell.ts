/** The words between the frame and the pages: what a page is, what it may ask of the shell, what the frame hands it. */
import type { NodeStatus, Whoami } from '../src/contract/index.ts';
import type { ApiClient, Connection, ConnectionState } from './api.ts';
import type { Line, Tone } from './format/line.ts';
import type { Key } from './keys.ts';
import type { Skin, Theme } from './theme.ts';

export const pageIds = [
  'home',
  'storage',
  'recording',
  'inspection',
  'standby',
  'receivers',
  'log',
  'system',
  'setup',
] as const;
export type PageId = (typeof pageIds)[number];

/** `login` and `password` stand before everything else. */
export type Gate = 'connecting' | 'login' | 'password' | 'open';

export interface Hint {
  key: string;
  text: string;
}

export interface Cursor {
  x: number;
  y: number;
}

/** What a view may look at. All times are the node's. */
export interface Frame {
  columns: number;
  /** Rows that the view may fill. */
  rows: number;
  theme: Theme;
  status: NodeStatus | null;
  /** The node's clock now, in its zone. */
  nowMs: number;
  timeZone: string;
}

export interface PageView {
  crumbs: readonly string[];
  lines: readonly Line[];
  /** The row above the key hints. */
  foot?: Line;
  hints: readonly Hint[];
  cursor?: Cursor | undefined;
}

export interface OverlayView {
  lines: readonly Line[];
  /** Cells inside the box. */
  width: number;
  hints: readonly Hint[];
  /** Relative to the inside of the box. */
  cursor?: Cursor | undefined;
}

export interface Overlay {
  title: string;
  view(frame: Frame): OverlayView;
  key(key: Key): void;
  paste?(text: string): void;
  /** Called when it leaves the screen in whatever way. */
  closed?(): void;
}

export interface Command {
  name: string;
  aliases?: readonly string[];
  /** Placeholder of the argument, such as `YYYY-MM-DD`. */
  argument?: string;
  text: string;
  run(argument: string): void;
}

export interface HelpItem {
  keys: string;
  text: string;
}

export interface Sheet {
  /** File name without folder. */
  name: string;
  header: readonly string[];
  rows: readonly (readonly (string | number | null)[])[];
}

export interface PageFilter {
  get(): string;
  set(text: string): void;
}

export interface Page {
  id: PageId;
  title: string;
  /** For narrow terminals. */
  shortTitle: string;
  /** Digit that leads here; empty for pages without one. */
  digit: string;
  help: readonly HelpItem[];
  /** Shown now. */
  enter?(): void;
  /** Once per refresh while shown. */
  tick?(): void;
  view(frame: Frame): PageView;
  /** True when the key meant something here. */
  key(key: Key): boolean;
  paste?(text: string): void;
  /** One level up inside the page; false when already at its top. */
  back?(): boolean;
  /** What `/` filters here. */
  filter?: PageFilter | undefined;
  commands?(): readonly Command[];
  /** What `e` writes. */
  sheet?(): Sheet | null;
  /** What `y` copies. */
  copyText?(): string | null;
  /** Fetches again, for `r`. */
  refresh?(): void;
}

export interface Notice {
  text: string;
  tone: Tone;
  untilMs: number;
}

/** What is typed in the bottom row. */
export interface Prompt {
  kind: 'filter' | 'command';
  text: string;
  at: number;
  /** Highlighted candidate of the palette. */
  choice: number;
}

export interface TuiState {
  gate: Gate;
  connection: ConnectionState;
  status: NodeStatus | null;
  /** Our own clock when `status` arrived. */
  statusAtMs: number | null;
  /** Our own clock at the last tick. */
  nowMs: number;
  whoami: Whoami | null;
  page: PageId;
  overlays: readonly Overlay[];
  notice: Notice | null;
  prompt: Prompt | null;
  /** What is being done, shown while it lasts. */
  busy: string | null;
  skin: Skin;
  /** Zone of the terminal that the person sits at; null where that is not known. */
  ownTimeZone: string | null;
  /** Counts changes inside pages and overlays. */
  revision: number;
}

export interface Shell {
  readonly connection: Connection;
  readonly client: ApiClient;
  readonly readOnly: boolean;
  state(): TuiState;
  /** Something inside a page or an overlay changed: paint. */
  changed(): void;
  nodeNowMs(): number;
  timeZone(): string;
  notify(text: string, tone?: Tone): void;
  open(overlay: Overlay): void;
  close(): void;
  go(page: PageId): void;
  /** False, with a notice, when this console may not change anything. */
  mayChange(): boolean;
  /** Runs a call; a failure becomes a notice. */
  run<Result>(what: string, work: () => Promise<Result>, done?: (result: Result) => void): void;
  copy(text: string, what: string): void;
  /** Writes a file into the folder the console was started in. */
  save(name: string, content: string): void;
  /** Saves what the node offers under `path` as file `name`, with progress in the notice row. */
  fetchFile(path: string, name: string): void;
  setSkin(skin: Skin): void;
  /** Asks the node again who we are and what it does. */
  reload(): void;
  logout(): void;
  quit(): void;
}
