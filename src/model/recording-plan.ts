/** The weekly recording plan: which quarter hours of the appliance's time zone are to be recorded. Pure. */
import type { RecordingPlan } from '../contract/index.ts';

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const formats = new Map<string, Intl.DateTimeFormat>();

function weekFormat(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  return format;
}

/** Whether the plan wants recording at a moment. `timeZone` is an IANA name; `utcMs` UTC milliseconds. */
export function isPlanned(plan: RecordingPlan, utcMs: number, timeZone: string): boolean {
  if (plan === 'always') return true;
  if (plan === 'never') return false;
  const parts = new Map(
    weekFormat(timeZone)
      .formatToParts(utcMs)
      .map((part) => [part.type, part.value]),
  );
  const day = weekdays.indexOf(parts.get('weekday') ?? '');
  const quarter = Number(parts.get('hour')) * 4 + Math.floor(Number(parts.get('minute')) / 15);
  return plan[day]?.[quarter] === 'T';
}
