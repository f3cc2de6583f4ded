/** Of up to tens of thousands of devices only the pages that are shown: fetched as the cursor comes near, and again while shown. */
import type { Device } from '../../../../src/contract/index.ts';
import { problemOf } from '../../../format/problem.ts';
import type { Shell } from '../../../shell.ts';

export interface DeviceFilter {
  text: string;
  state: Device['state'] | null;
}

const pageSize = 100;
/** Pages kept around what is shown. */
const pagesMax = 8;
/** The way to the last row, in pages of `strideSize`: as many devices as a receiver takes, and some. */
const strideSize = 1_000;
const stridesMax = 100;
const refreshMs = 2_000;

export class DeviceWindow {
  readonly #shell: Shell;
  readonly #pages = new Map<number, readonly Device[]>();
  /** Account before each page, as far as the way is known; the first page has none before it. */
  #starts: (string | null)[] = [null];
  #filter: DeviceFilter = { text: '', state: null };
  #total: number | null = null;
  #problem: string | null = null;
  #generation = 0;
  #shown = { first: 0, last: 0 };
  #asking = false;
  #refreshedAtMs = 0;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** Null before the first answer. */
  get total(): number | null {
    return this.#total;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get filter(): DeviceFilter {
    return this.#filter;
  }

  /** Rows that the cursor may reach now; more become known as it moves. */
  get reachable(): number {
    return Math.min(this.#total ?? 0, this.#starts.length * pageSize);
  }

  row(index: number): Device | undefined {
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /** What is fetched already, in order. */
  loaded(): Device[] {
    return [...this.#pages.keys()].sort((a, b) => a - b).flatMap((page) => this.#pages.get(page) ?? []);
  }

  setFilter(filter: DeviceFilter) {
    this.#filter = filter;
    this.reload();
  }

  /** Forgets everything and begins at the top. */
  reload(): void {
    this.#generation += 1;
    this.#pages.clear();
    this.#starts = [null];
    this.#asking = false;
    this.#shown = { first: 0, last: 0 };
    void this.#fill();
  }

  /** Says which rows are on the screen. */
  show(top: number, rows: number): void {
    const first = Math.floor(top / pageSize);
    const last = Math.floor((top + Math.max(0, rows - 1)) / pageSize);
    const moved = first !== this.#shown.first || last !== this.#shown.last;
    this.#shown = { first, last };
    if (moved) void this.#fill();
  }

  /** Asks again for what is shown; states and times move. */
  tick() {
    const { nowMs } = this.#shell.state();
    if (nowMs - this.#refreshedAtMs < refreshMs) return;
    this.#refreshedAtMs = nowMs;
    void this.#fill({ again: true });
  }

  /** Learns the way to the last row. */
  async seekEnd(): Promise<void> {
    const generation = this.#generation;
    for (let strides = 0; strides < stridesMax; strides += 1) {
      const after = this.#starts.at(-1) ?? null;
      const { devices, nextAfter, total } = await this.#ask(after, strideSize);
      if (generation !== this.#generation) return;
      this.#total = total;
      for (let at = pageSize; at < devices.length; at += pageSize)
        this.#starts.push(devices[at - 1]?.account ?? null);
      if (nextAfter === null) return;
      this.#starts.push(nextAfter);
    }
  }

  /** Fetches the pages that are shown and the one after them, one at a time. */
  async #fill({ again = false } = {}): Promise<void> {
    if (this.#asking || this.#shell.state().connection.phase !== 'connected') return;
    if (this.#next(again, new Set()) === undefined) return;
    const generation = this.#generation;
    this.#asking = true;
    try {
      const fetched = new Set<number>();
      for (let page = this.#next(again, fetched); page !== undefined; page = this.#next(again, fetched)) {
        fetched.add(page);
        const { devices, nextAfter, total } = await this.#ask(this.#starts[page] ?? null, pageSize);
        if (generation !== this.#generation) return;
        this.#total = total;
        this.#pages.set(page, devices);
        if (nextAfter !== null && page + 1 >= this.#starts.length) this.#starts[page + 1] = nextAfter;
        this.#forget();
        this.#shell.changed();
      }
      this.#problem = null;
    } catch (thrown) {
      if (generation === this.#generation) this.#problem = problemOf(thrown).text;
    } finally {
      if (generation === this.#generation) this.#asking = false;
      this.#shell.changed();
    }
  }

  /** The page to fetch now; undefined when all that is wanted is there. */
  #next(again: boolean, fetched: ReadonlySet<number>): number | undefined {
    if (fetched.size >= pagesMax) return undefined;
    return this.#wanted().find((page) => !fetched.has(page) && (again || !this.#pages.has(page)));
  }

  /** Pages of the screen whose way is known, and the next one, so that the cursor need not wait for it. */
  #wanted(): number[] {
    const { first, last } = this.#shown;
    const pages: number[] = [];
    for (let page = first; page <= last + 1 && page < this.#starts.length; page += 1) {
      if (page === 0 || page * pageSize < (this.#total ?? 0)) pages.push(page);
    }
    return pages;
  }

  #forget(): void {
    const middle = (this.#shown.first + this.#shown.last) / 2;
    const far = [...this.#pages.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const page of far.slice(0, Math.max(0, this.#pages.size - pagesMax))) this.#pages.delete(page);
  }

  #ask(after: string | null, limit: number) {
    const { text, state } = this.#filter;
    return this.#shell.client.device.list({
      limit,
      ...(text === '' ? {} : { text }),
      ...(state === null ? {} : { state }),
      ...(after === null ? {} : { after }),
    });
  }
}
