/** Asks for a calendar day. */
import { formOverlay } from '../../components/form-overlay.ts';
import { isDay } from '../../format/time.ts';
import type { Shell } from '../../shell.ts';

export function openDayPicker(shell: Shell, day: string, picked: (day: string) => void): void {
  shell.open(
    formOverlay(shell, {
      title: 'Inspect a day',
      entries: [
        {
          kind: 'text',
          name: 'day',
          label: 'Day',
          value: day,
          check: (value) => (isDay(value) ? null : 'write it as YYYY-MM-DD'),
        },
      ],
      submit: 'Show',
      working: 'Loading',
      send: async (values) => {
        picked(values.day ?? day);
        return true;
      },
    }),
  );
}
