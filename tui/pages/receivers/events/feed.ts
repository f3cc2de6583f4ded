/** The events on the screen: newest first, live through the node's stream, older ones as the cursor nears the end; bounded. */
import type { Alarm, AlarmCategory, AlarmState } from '../../../../src/contract/index.ts';
import { passesFilter } from '../../../format/filter.ts';
import { problemOf } from '../../../format/problem.ts';
import type { Shell } from '../../../shell.ts';
import { eventWords, placeWords } from '../words.ts';

export interface EventFilter {
  account: string;
  category: AlarmCategory | null;
  state: AlarmState | null;
  unacknowledged: boolean;
  /** Asked of the node, but for `!text`, which is filtered here. */
  text: string;
}

export const noFilter: EventFilter = {
  account: '',
  category: null,
  state: null,
  unacknowledged: false,
  text: '',
};

const pageSize = 200;
/** Rows kept; scrolling further back lets go of the newest, and pauses. */
const rowsMax = 2_000;
/** A batch of so many is a flood: the newest page is asked for once per refresh instead of every row. */
const floodRows = 100;
/**
 * Each event moves all rows, which costs a slow line up to 200 bytes a row. The first after a pause shows at once; of a
 * stream the list moves once per refresh, and where it is tall once per two.
 */
const tallRows = 30;
/** How often the rows on the screen are asked for again: their way to the ARC goes on. */
const renewMs = 2_000;

export class EventFeed {
  readonly #shell: Shell;
  /** Whether these events are on the screen; without that nothing is streamed. */
  readonly #isShown: () => boolean;
  #rows: readonly Alarm[] = [];
  #filter = noFilter;
  #answered = false;
  #problem: string | null = null;
  #paused = false;
  /** Came while paused. */
  #missed = 0;
  #moreBefore: number | null = null;
  #newest = 0;
  #generation = 0;
  #asking = false;
  #flooded = false;
  /** Came since the list moved, the newest first. */
  #held: readonly Alarm[] = [];
  #refreshesSinceMove = Number.POSITIVE_INFINITY;
  #stream: AbortController | null = null;
  #renewedAtMs = 0;
  #shown = { top: 0, rows: 1 };

  constructor(shell: Shell, isShown: () => boolean) {
    this.#shell = shell;
    this.#isShown = isShown;
  }

  get answered(): boolean {
    return this.#answered;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get filter(): EventFilter {
    return this.#filter;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get missed(): number {
    return this.#missed;
  }

  /** Older ones can be had. */
  get hasMore(): boolean {
    return this.#moreBefore !== null;
  }

  rows(): readonly Alarm[] {
    const { text } = this.#filter;
    return text.startsWith('!')
      ? this.#rows.filter((alarm) => passesFilter(text, textsOf(alarm)))
      : this.#rows;
  }

  setFilter(filter: EventFilter) {
    this.#filter = filter;
    this.#rows = [];
    this.#answered = false;
    this.load();
  }

  pause(paused: boolean): void {
    if (paused) this.#move();
    this.#paused = paused;
    if (!paused) this.load();
  }

  /** The newest page, and the stream from there. */
  load(): void {
    this.#generation += 1;
    this.#asking = false;
    this.#missed = 0;
    this.#held = [];
    this.#flooded = false;
    this.#stop();
    void this.#ask(null);
  }

  /** Says what is on the screen; near the end the next page is fetched. */
  show(top: number, rows: number): void {
    this.#shown = { top, rows };
    if (this.#moreBefore !== null && this.#answered && top + 2 * rows >= this.#rows.length)
      void this.#ask(this.#moreBefore);
  }

  tick() {
    const { nowMs, connection } = this.#shell.state();
    if (connection.phase !== 'connected') return this.#stop();
    this.#refreshesSinceMove += 1;
    if (this.#flooded && !this.#paused && this.#mayMove()) {
      this.#refreshesSinceMove = 0;
      return this.load();
    }
    if (this.#mayMove()) this.#move();
    if (this.#answered && this.#stream === null) this.#follow();
    if (this.#problem !== null) void this.#ask(null);
    if (nowMs - this.#renewedAtMs < renewMs) return;
    this.#renewedAtMs = nowMs;
    void this.renew();
  }

  #query() {
    const { account, category, state, unacknowledged, text } = this.#filter;
    return {
      unacknowledged,
      ...(account === '' ? {} : { account }),
      ...(category === null ? {} : { category }),
      ...(state === null ? {} : { state }),
      ...(text === '' || text.startsWith('!') ? {} : { text }),
    };
  }

  async #ask(before: number | null): Promise<void> {
    if (this.#asking || this.#shell.state().connection.phase !== 'connected') return;
    const generation = this.#generation;
    this.#asking = true;
    try {
      const { alarms, nextBefore } = await this.#shell.client.alarm.list({
        ...this.#query(),
        limit: pageSize,
        ...(before === null ? {} : { before }),
      });
      if (generation !== this.#generation) return;
      this.#moreBefore = nextBefore;
      if (before === null) this.#begin(alarms);
      else this.#append(alarms);
      this.#answered = true;
      this.#problem = null;
    } catch (thrown) {
      if (generation === this.#generation) this.#problem = problemOf(thrown).text;
    } finally {
      if (generation === this.#generation) this.#asking = false;
      this.#shell.changed();
    }
  }

  #begin(alarms: readonly Alarm[]): void {
    this.#rows = alarms;
    this.#newest = Math.max(this.#newest, alarms[0]?.number ?? 0);
    this.#renewedAtMs = this.#shell.state().nowMs;
    this.#follow();
  }

  #append(alarms: readonly Alarm[]): void {
    const rows = [...this.#rows, ...alarms];
    const dropped = Math.max(0, rows.length - rowsMax);
    if (dropped > 0) this.#paused = true;
    this.#rows = rows.slice(dropped);
  }

  /** The rows on the screen once more, put in the place of what they were; those that match no longer go. */
  async renew(): Promise<void> {
    const shown = this.rows().slice(this.#shown.top, this.#shown.top + this.#shown.rows);
    const [first] = shown;
    if (this.#asking || !first) return;
    const generation = this.#generation;
    try {
      const { alarms } = await this.#shell.client.alarm.list({
        ...this.#query(),
        before: first.number + 1,
        limit: shown.length,
      });
      if (generation !== this.#generation) return;
      const last = (alarms.length < shown.length ? shown : alarms).at(-1)?.number ?? 0;
      const fresh = new Map(alarms.map((alarm) => [alarm.number, alarm]));
      this.#rows = this.#rows.flatMap((row) =>
        row.number > first.number || row.number < last ? [row] : (fresh.get(row.number) ?? []),
      );
      this.#shell.changed();
    } catch {
      // The next answer or the next question tells what is wrong.
    }
  }

  /** Begins the stream, once, while the events are shown. */
  #follow(): void {
    if (this.#stream !== null || !this.#isShown()) return;
    const stream = new AbortController();
    this.#stream = stream;
    void this.#read(stream);
  }

  #stop(): void {
    this.#stream?.abort();
    this.#stream = null;
  }

  async #read(stream: AbortController): Promise<void> {
    try {
      const batches = await this.#shell.client.alarm.watch(
        this.#newest === 0 ? {} : { after: this.#newest },
        { signal: stream.signal },
      );
      for await (const batch of batches) {
        if (stream.signal.aborted) return;
        this.#take(batch);
        if (this.#flooded || !this.#isShown()) return;
      }
    } catch {
      // Its end shows in the next tick, which begins another; what is wrong is told by the questions beside it.
    } finally {
      if (this.#stream === stream) this.#stop();
    }
  }

  /** Oldest first, as the stream has them. */
  #take(batch: readonly Alarm[]): void {
    const fresh = batch.filter(({ number }) => number > this.#newest);
    this.#newest = Math.max(this.#newest, fresh.at(-1)?.number ?? 0);
    this.#flooded ||= batch.length + this.#held.length >= floodRows;
    const matching = fresh.filter((alarm) => matches(this.#filter, alarm));
    if (matching.length === 0) return;
    if (this.#paused) this.#missed += matching.length;
    else if (!this.#flooded) this.#hold(matching.reverse());
    this.#shell.changed();
  }

  #hold(alarms: readonly Alarm[]): void {
    this.#held = [...alarms, ...this.#held];
    if (this.#mayMove()) this.#move();
  }

  #mayMove(): boolean {
    return this.#refreshesSinceMove >= (this.#shown.rows > tallRows ? 2 : 1);
  }

  /** What is held comes into the list. */
  #move(): void {
    if (this.#held.length === 0) return;
    this.#refreshesSinceMove = 0;
    const rows = [...this.#held, ...this.#rows];
    this.#held = [];
    this.#rows = rows.slice(0, rowsMax);
    if (rows.length > rowsMax) this.#moreBefore = this.#rows.at(-1)?.number ?? null;
  }
}

function textsOf(alarm: Alarm): (string | null)[] {
  return [alarm.account, alarm.device, eventWords(alarm), alarm.text, placeWords(alarm), alarm.raw];
}

/** What the node's own filter does, for rows of the stream. */
function matches(filter: EventFilter, alarm: Alarm): boolean {
  return (
    (filter.account === '' || alarm.account === filter.account) &&
    (filter.category === null || alarm.category === filter.category) &&
    (filter.state === null || alarm.state === filter.state) &&
    (!filter.unacknowledged || alarm.acknowledgedBy === null) &&
    (filter.text.startsWith('!') || passesFilter(filter.text, textsOf(alarm)))
  );
}
