/** Inspection: loads days, months and hours, moves the cursor by cell, drills down to the reason of each missing minute. */
import { clampList, listStart, moveList } from '../../components/list.ts';
import { problemOf } from '../../format/problem.ts';
import { addDays, addMonths, dayOf, isDay } from '../../format/time.ts';
import type { Key } from '../../keys.ts';
import type { Frame, Page, PageView, Shell } from '../../shell.ts';
import { hourInWords } from './cells.ts';
import { type ClipRange, openClip } from './clip.ts';
import { openDayPicker } from './day-picker.ts';
import { dayFoot, dayLines, gridChromeRows } from './day-view.ts';
import { dayHints, hourHints, inspectionHelp, monthHints } from './hints.ts';
import { hourFoot, hourLines, minutesPerRow } from './hour-view.ts';
import { openLockForm } from './lock-form.ts';
import { openLockList } from './lock-list.ts';
import { firstOfInterest } from './minutes.ts';
import { monthFoot, monthLines } from './month-view.ts';
import { inspectionSheet } from './sheets.ts';
import { columnsOf, hourAt, type InspectionState, monthCellAt, visibleIds } from './state.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;

export function createInspectionPage(shell: Shell): Page {
  let state: InspectionState = {
    mode: 'day',
    day: null,
    month: '',
    dayData: null,
    monthData: null,
    hourData: null,
    locks: [],
    cameraId: null,
    list: listStart,
    column: 0,
    minute: 0,
    gapTop: 0,
    filter: '',
    exceptionsOnly: false,
    worstFirst: true,
    problem: null,
  };
  let gridRows = 10;
  let loadedMinute = -1;
  let placed = false;

  const set = (patch: Partial<InspectionState>): void => {
    state = { ...state, ...patch };
    shell.changed();
  };
  const today = (): string => dayOf(shell.nodeNowMs(), shell.timeZone());
  const shownDay = (): string => state.day ?? state.dayData?.day ?? today();

  /** The cursor stays with its camera when rows come, go or change places. */
  const settle = (): void => {
    const ids = visibleIds(state);
    const found = state.cameraId === null ? -1 : ids.indexOf(state.cameraId);
    const list = clampList(
      { ...state.list, index: found >= 0 ? found : state.list.index },
      ids.length,
      gridRows,
    );
    const column = Math.max(0, Math.min(columnsOf(state) - 1, state.column));
    set({ list, column, cameraId: ids[list.index] ?? state.cameraId });
  };

  function load(): void {
    const { mode, day, month } = state;
    loadLocks();
    loadedMinute = Math.floor(shell.nodeNowMs() / 60_000);
    const failed = (thrown: unknown): void => {
      const { text, code } = problemOf(thrown);
      set({ problem: text });
      if (code !== 'unavailable') shell.notify(`Inspection: ${text}`, 'alarm');
    };
    if (mode === 'month') {
      shell.client.inspection.month({ month }).then((monthData) => {
        if (state.month !== month) return;
        set({ monthData, problem: null });
        settle();
      }, failed);
    } else if (mode === 'day') {
      shell.client.inspection.day(day === null ? {} : { day }).then((dayData) => {
        if (state.day !== day) return;
        set({ dayData, problem: null });
        if (!placed && dayData.cameras.length > 0) placeCursor();
        settle();
      }, failed);
    } else loadHour();
  }

  /** Marks only: a node that knows no locks, or does not say, shows none. */
  function loadLocks(): void {
    shell.client.lock.list({}).then(
      (locks) => set({ locks }),
      () => set({ locks: [] }),
    );
  }

  /** At first the cursor stands on the present hour of the worst camera. */
  function placeCursor(): void {
    placed = true;
    const hours = state.dayData?.cameras[0]?.hours ?? [];
    const present = hours.findLastIndex((hour) => hour.startMs <= (state.dayData?.checkedToMs ?? 0));
    set({ column: Math.max(0, present) });
  }

  function loadHour(): void {
    const at = hourAt(state);
    if (!at) return;
    const input = { cameraId: at.row.id, startMs: at.hour.startMs };
    shell.run(
      'Asking for the minutes',
      () => shell.client.inspection.hour(input),
      (hourData) => {
        const opening = state.hourData === null;
        set({ hourData, ...(opening ? { minute: firstOfInterest(hourData, shell.nodeNowMs()) } : {}) });
      },
    );
  }

  function showDay(day: string | null): void {
    set({ mode: 'day', day: day === null || day >= today() ? null : day, dayData: null, problem: null });
    load();
  }

  function showMonth(month: string) {
    if (month > today().slice(0, 7)) return;
    set({ mode: 'month', month, monthData: null, problem: null, column: Number(shownDay().slice(8)) - 1 });
    load();
  }

  function open(): void {
    if (state.mode === 'month') {
      const at = monthCellAt(state);
      if (at) showDay(at.cell.day);
    } else if (state.mode === 'day' && hourAt(state)) {
      set({ mode: 'hour', hourData: null, minute: 0, gapTop: 0, problem: null });
      loadHour();
    }
  }

  const pickDay = (): void => openDayPicker(shell, shownDay(), showDay);

  /** The hour under the cursor as far as it has come, or `spanMs` of it from `offsetMs` on. */
  function stretchAt(offsetMs = 0, spanMs = hourMs): ClipRange | null {
    const at = hourAt(state);
    if (!at || state.mode === 'month') return null;
    const fromMs = at.hour.startMs + offsetMs;
    const nowMs = Math.floor(shell.nodeNowMs() / 1000) * 1000;
    const toMs = Math.min(fromMs + spanMs, Math.max(nowMs, fromMs + 1000));
    return { cameraId: at.row.id, name: at.row.name, fromMs, toMs };
  }

  function clip(): void {
    const range = stretchAt();
    if (range) openClip(shell, range);
  }

  function lock(): void {
    const range = state.mode === 'hour' ? stretchAt(state.minute * minuteMs, minuteMs) : stretchAt();
    if (range) openLockForm(shell, range, loadLocks);
  }

  const showLocks = (): void => openLockList(shell, loadLocks);

  function stepTime(by: number) {
    if (state.mode === 'month') return showMonth(addMonths(state.month, by));
    showDay(addDays(shownDay(), by));
  }

  function move(key: Key): boolean {
    if (state.mode === 'hour') return moveMinute(key);
    const last = columnsOf(state) - 1;
    if (key === 'left' || key === 'h') set({ column: Math.max(0, state.column - 1) });
    else if (key === 'right' || key === 'l') set({ column: Math.min(last, state.column + 1) });
    else if (key === '0' || key === 'home') set({ column: 0 });
    else if (key === '$' || key === 'end') set({ column: last });
    else {
      const ids = visibleIds(state);
      const list = moveList(state.list, key, ids.length, gridRows);
      if (!list) return false;
      set({ list, cameraId: ids[list.index] ?? null });
    }
    return true;
  }

  function moveMinute(key: Key): boolean {
    const by = {
      left: -1,
      h: -1,
      right: 1,
      l: 1,
      up: -minutesPerRow,
      k: -minutesPerRow,
      down: minutesPerRow,
      j: minutesPerRow,
    }[key];
    if (by !== undefined) {
      const minute = state.minute + by;
      if (minute >= 0 && minute < 60) set({ minute });
      return true;
    }
    const gaps = state.hourData?.gaps.length ?? 0;
    if (key === 'pagedown') set({ gapTop: Math.min(Math.max(0, gaps - 1), state.gapTop + 5) });
    else if (key === 'pageup') set({ gapTop: Math.max(0, state.gapTop - 5) });
    else return false;
    return true;
  }

  function key(pressed: Key): boolean {
    if (move(pressed)) return true;
    const actions: Readonly<Record<string, () => void>> = {
      enter: open,
      d: pickDay,
      m: () => showMonth(shownDay().slice(0, 7)),
      t: () => showDay(null),
      x: () => {
        set({ exceptionsOnly: !state.exceptionsOnly });
        settle();
      },
      s: () => {
        set({ worstFirst: !state.worstFirst });
        settle();
      },
      '[': () => stepTime(-1),
      ']': () => stepTime(1),
      E: clip,
      L: lock,
      U: showLocks,
    };
    const action = actions[pressed];
    action?.();
    return action !== undefined;
  }

  function view(frame: Frame): PageView {
    gridRows = Math.max(1, frame.rows - gridChromeRows);
    if (state.mode === 'month') {
      return {
        crumbs: ['Inspection', state.month],
        lines: monthLines(state, frame),
        foot: monthFoot(state),
        hints: monthHints,
      };
    }
    if (state.mode === 'hour') {
      const at = hourAt(state);
      const time = at ? `${String(at.hour.hour).padStart(2, '0')}:00` : '';
      return {
        crumbs: ['Inspection', shownDay(), at?.row.name ?? '', time],
        lines: hourLines(state, frame),
        foot: hourFoot(state, frame),
        hints: hourHints,
      };
    }
    return {
      crumbs: ['Inspection', state.day === null ? 'today' : state.day],
      lines: dayLines(state, frame),
      foot: dayFoot(state, frame),
      hints: dayHints,
    };
  }

  return {
    id: 'inspection',
    title: 'Inspection',
    shortTitle: 'Ins',
    digit: '4',
    help: inspectionHelp,
    enter: load,
    refresh: load,
    tick() {
      const minute = Math.floor(shell.nodeNowMs() / 60_000);
      if (state.mode === 'day' && state.day === null && minute !== loadedMinute) load();
    },
    view,
    key,
    back() {
      if (state.mode === 'day') return false;
      set({ mode: 'day' });
      if (!state.dayData) load();
      else settle();
      return true;
    },
    filter: {
      get: () => state.filter,
      set: (filter) => {
        set({ filter });
        settle();
      },
    },
    commands: () => [
      {
        name: 'day',
        argument: 'YYYY-MM-DD',
        text: 'inspect a day',
        run: (day) => (isDay(day) ? showDay(day) : pickDay()),
      },
      {
        name: 'month',
        argument: 'YYYY-MM',
        text: 'inspect a month',
        run: (month) => showMonth(/^\d{4}-(0[1-9]|1[0-2])$/.test(month) ? month : shownDay().slice(0, 7)),
      },
      { name: 'today', text: 'inspect today', run: () => showDay(null) },
      { name: 'lock', text: 'keep the hour, or the minute, from overwriting', run: lock },
      { name: 'locks', aliases: ['unlock'], text: 'what is locked, and unlock it', run: showLocks },
      { name: 'clip', aliases: ['export video'], text: 'export the video of the hour', run: clip },
      { name: 'exceptions', text: 'only cameras with exceptions, or all', run: () => void key('x') },
    ],
    sheet: () => inspectionSheet(state),
    copyText() {
      const at = hourAt(state);
      return at
        ? `${at.row.name} ${shownDay()} ${String(at.hour.hour).padStart(2, '0')}:00 ${hourInWords(at.hour)}`
        : null;
    },
  };
}
