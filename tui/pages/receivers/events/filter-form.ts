/** All filters of the event monitor in one form. */
import { alarmCategories, alarmStates } from '../../../../src/contract/index.ts';
import { formOverlay } from '../../../components/form-overlay.ts';
import type { ChoiceEntry } from '../../../components/form-state.ts';
import type { Shell } from '../../../shell.ts';
import { alarmWord } from '../words.ts';
import type { EventFilter } from './feed.ts';

const every = '';

function choice<Value extends string>(
  name: string,
  label: string,
  value: Value | null,
  values: readonly Value[],
  words: (value: Value) => string,
): ChoiceEntry {
  return {
    kind: 'choice',
    name,
    label,
    value: value ?? every,
    options: [{ value: every, label: 'all' }, ...values.map((each) => ({ value: each, label: words(each) }))],
  };
}

export function openFilter(shell: Shell, present: EventFilter, set: (filter: EventFilter) => void): void {
  let next = present;
  shell.open(
    formOverlay(shell, {
      title: 'Events to show',
      entries: [
        {
          kind: 'text',
          name: 'account',
          label: 'Account',
          value: present.account,
          placeholder: 'all',
          check: (text) => (/^[0-9A-Za-z]{0,16}$/.test(text.trim()) ? null : '3 to 16 letters and digits'),
        },
        choice('category', 'Category', present.category, alarmCategories, (each) => each),
        choice('state', 'State', present.state, alarmStates, (each) => alarmWord(each).text),
        {
          kind: 'choice',
          name: 'seen',
          label: 'Seen',
          value: present.unacknowledged ? 'no' : every,
          options: [
            { value: every, label: 'all' },
            { value: 'no', label: 'only those that nobody has acknowledged' },
          ],
        },
        {
          kind: 'text',
          name: 'text',
          label: 'Text',
          value: present.text,
          placeholder: 'device, words, raw frame',
        },
      ],
      submit: 'Show',
      working: 'Asking',
      async send(values) {
        next = {
          account: (values.account ?? '').trim().toUpperCase(),
          category: alarmCategories.find((each) => each === values.category) ?? null,
          state: alarmStates.find((each) => each === values.state) ?? null,
          unacknowledged: values.seen === 'no',
          text: (values.text ?? '').slice(0, 128),
        };
        return true;
      },
      done: () => set(next),
    }),
  );
}
