/** The step that asks what moves the application by itself, how often the two say that they live, and times of one's own. */
import type { Entry } from '../../../components/form-state.ts';
import { line, span } from '../../../format/line.ts';
import { wrap } from '../../../format/width.ts';
import { fieldOf, timeFieldOf, times, triggers } from './rules.ts';
import { choice, note, type Step, type StepContext, text } from './step.ts';

export const rulesStep: Step = {
  title: 'Rules and times',
  intro: () => ['What moves the application by itself, and how soon.'],
  entries(context) {
    return [
      ...triggers.map(([name, label, on]) =>
        choice(context, fieldOf(name), label, [
          ['on', on],
          ['off', 'does nothing by itself'],
        ]),
      ),
      whole(context, 'linkInterval', 'Heartbeat every, ms', { value: 250, least: 50, most: 10_000 }),
      whole(context, 'linkLost', 'Lost ones that count', { value: 4, least: 1, most: 100 }),
      whole(context, 'waitAfterStart', 'Wait after start, s', { value: 60, least: 0, most: 3_600 }),
      ...(context.draft.values.profile === 'custom'
        ? times.map(([name, label, value]) =>
            whole(context, timeFieldOf(name), label, { value, least: 0, most: 600_000 }),
          )
        : [
            note((_values, width) =>
              wrap('Times of your own: Speed "custom" in the step Application.', width).map((row) =>
                line(span(row, 'dim')),
              ),
            ),
          ]),
    ];
  },
  next: () => 'Next',
};

function whole(
  context: StepContext,
  name: string,
  label: string,
  { value, least, most }: { value: number; least: number; most: number },
): Entry {
  return text(context, name, label, {
    value: String(value),
    check: (typed) =>
      /^\d{1,9}$/.test(typed.trim()) && Number(typed) >= least && Number(typed) <= most
        ? null
        : `a whole number from ${least} to ${most}`,
  });
}
