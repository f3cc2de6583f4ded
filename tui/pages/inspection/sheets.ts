/** The grid as rows for a spreadsheet, exactly what is on the screen: filtered and in its order. */
import type { Sheet } from '../../shell.ts';
import { dayRows, type InspectionState, monthRows } from './state.ts';

export function inspectionSheet(state: InspectionState): Sheet | null {
  if (state.mode === 'hour') return hourSheet(state);
  return state.mode === 'month' ? monthSheet(state) : daySheet(state);
}

function daySheet(state: InspectionState): Sheet | null {
  if (!state.dayData) return null;
  const { day } = state.dayData;
  return {
    name: `holdfast-inspection-${day}.csv`,
    header: [
      'camera',
      'name',
      'channel',
      'day',
      'hour',
      'start_utc',
      'state',
      'minutes',
      'missing_seconds',
      'reason',
    ],
    rows: dayRows(state).flatMap((row) =>
      row.hours
        .filter((hour) => !state.exceptionsOnly || hour.state === 'exception')
        .map((hour) => [
          row.id,
          row.name,
          row.channel,
          day,
          hour.hour,
          new Date(hour.startMs).toISOString(),
          hour.state,
          hour.minutes,
          hour.missingSeconds,
          hour.reason,
        ]),
    ),
  };
}

function monthSheet(state: InspectionState): Sheet | null {
  if (!state.monthData) return null;
  return {
    name: `holdfast-inspection-${state.month}.csv`,
    header: ['camera', 'name', 'channel', 'day', 'state', 'minutes', 'planned_minutes'],
    rows: monthRows(state).flatMap((row) =>
      row.days.map((day) => [
        row.id,
        row.name,
        row.channel,
        day.day,
        day.state,
        day.minutes,
        day.plannedMinutes,
      ]),
    ),
  };
}

function hourSheet(state: InspectionState): Sheet | null {
  const data = state.hourData;
  if (!data) return null;
  const start = new Date(data.startMs).toISOString();
  return {
    name: `holdfast-minutes-${data.cameraId}-${start.slice(0, 13)}.csv`,
    header: ['camera', 'start_utc', 'minute', 'planned', 'seconds', 'reason'],
    rows: data.minutes.map((minute) => [
      data.cameraId,
      start,
      minute.minute,
      minute.planned ? 1 : 0,
      minute.seconds,
      minute.reason,
    ]),
  };
}
