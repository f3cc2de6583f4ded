/** What an operator does to a pair: the plan first, then the question, then the deed. */
import type { OperationPlan, PairStatus } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { confirmOverlay } from '../../components/confirm.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { blank, line, span } from '../../format/line.ts';
import { pad } from '../../format/width.ts';
import type { Overlay, Shell } from '../../shell.ts';
import { planLines, planSentences } from './words.ts';

type OperationName = 'bringIn' | 'bringOut' | 'switch' | 'takeOver' | 'handOver';

export interface Operation {
  name: OperationName;
  key: string;
  /** On the button, and in the title. */
  verb: string;
  text: string;
  working: string;
  /** The application's name must be typed. */
  typed: boolean;
  warning?: string;
}

export const operations: readonly Operation[] = [
  {
    name: 'bringIn',
    key: 'b',
    verb: 'Bring in',
    text: 'start the application on one node, the other stands by',
    working: 'Bringing in',
    typed: false,
  },
  {
    name: 'bringOut',
    key: 'o',
    verb: 'Bring out',
    text: 'stop the application on both nodes',
    working: 'Bringing out',
    typed: true,
    warning: 'The application stops, and nobody takes over until the pair is brought in again.',
  },
  {
    name: 'switch',
    key: 's',
    verb: 'Switch',
    text: 'hand the application over to the other node, in order',
    working: 'Switching',
    typed: true,
  },
  {
    name: 'takeOver',
    key: 't',
    verb: 'Take over',
    text: 'make this node active although the other has not let go',
    working: 'Taking over',
    typed: true,
    warning:
      'If the other node still runs, the application runs twice. Make sure that it is off, or cut off from the service network.',
  },
  {
    name: 'handOver',
    key: 'H',
    verb: 'Hand over',
    text: 'give the application away from this node, as before maintenance',
    working: 'Handing over',
    typed: true,
  },
];

/** Asks what would happen, shows it, and does it only after the question. */
export function operate(shell: Shell, pair: PairStatus, operation: Operation, done: () => void): void {
  if (!shell.mayChange()) return;
  shell.run(
    `${operation.verb}: asking what would happen`,
    async () => ({
      plan: await shell.client.standby[operation.name]({ dryRun: true }),
      evidence: operation.name === 'takeOver' ? (await shell.client.standby.explain()).summary : null,
    }),
    ({ plan, evidence }) =>
      shell.open(
        plan.possible
          ? question(shell, pair, operation, { plan, evidence, done })
          : planOverlay(shell, operation, plan),
      ),
  );
}

function question(
  shell: Shell,
  pair: PairStatus,
  operation: Operation,
  { plan, evidence, done }: { plan: OperationPlan; evidence: string | null; done: () => void },
): Overlay {
  const confirm = pair.application ?? '';
  let finished = true;
  return confirmOverlay(shell, {
    title: `${operation.verb}: ${confirm}`,
    consequences: [
      ...(evidence === null ? [] : [evidence]),
      ...planSentences(plan),
      ...(operation.warning === undefined ? [] : [operation.warning]),
      ...(operation.name !== 'bringOut' && pair.arbiter.state === 'unreachable'
        ? ['The arbiter is not reachable: nothing starts before it is. p says what to do.']
        : []),
    ],
    ...(operation.typed ? { typed: confirm } : {}),
    verb: operation.verb,
    working: operation.working,
    act: async () => {
      const result = await shell.client.standby[operation.name]({ dryRun: false, confirm });
      if (!result.possible) throw new AppError('conflict', result.refusal ?? 'it is not possible now');
      finished = result.done;
    },
    done: () => {
      if (finished) shell.notify(`${operation.verb}: done.`, 'good');
      else shell.notify(`${operation.verb}: still under way; x says what it waits for.`, 'warn');
      done();
    },
  });
}

function planOverlay(shell: Shell, operation: Operation, plan: OperationPlan): Overlay {
  return textOverlay(shell, {
    title: `${operation.verb}: what would happen`,
    lines: (_frame, width) => planLines(plan, width),
  });
}

/** The plan of any operation, and nothing else. */
export function dryRunOverlay(shell: Shell): Overlay {
  return textOverlay(shell, {
    title: 'Dry run',
    actions: operations.map((operation) => ({
      key: operation.key,
      text: operation.verb.toLowerCase(),
      run: () =>
        shell.run(
          `${operation.verb}: asking what would happen`,
          () => shell.client.standby[operation.name]({ dryRun: true }),
          (plan) => shell.open(planOverlay(shell, operation, plan)),
        ),
    })),
    lines: () => [
      line('Shows what would happen, in which order and for how long.'),
      line('Nothing is done.'),
      blank,
      ...operations.map(({ key, verb, text }) =>
        line(span(pad(key, 4), 'key'), span(pad(verb, 11), 'strong'), span(text)),
      ),
    ],
  });
}

/** Maintenance on or off, whichever it is not. */
export function toggleMaintenance(shell: Shell, pair: PairStatus, done: () => void): void {
  if (!shell.mayChange()) return;
  const on = pair.nodes.find(({ self }) => self)?.maintenance !== true;
  shell.open(
    confirmOverlay(shell, {
      title: on ? 'Maintenance' : 'End maintenance',
      consequences: on
        ? [
            'Nothing fails over by itself until maintenance ends. What runs goes on running.',
            'Switch and hand over still work.',
          ]
        : ['Failures are answered again: the pair fails over by itself.'],
      verb: on ? 'Begin' : 'End it',
      working: on ? 'Beginning maintenance' : 'Ending maintenance',
      act: async () => {
        await shell.client.standby.maintenance({ on });
      },
      done,
    }),
  );
}

/** This node alone, or one of two again. */
export function toggleStandalone(shell: Shell, pair: PairStatus, done: () => void): void {
  if (!shell.mayChange()) return;
  const on = pair.nodes.find(({ self }) => self)?.standalone !== true;
  const confirm = pair.application ?? '';
  shell.open(
    confirmOverlay(shell, {
      title: on ? 'Stand alone' : 'End standing alone',
      consequences: on
        ? [
            'This node runs the application alone: nothing guards against the other running it too, and nobody takes over.',
          ]
        : ['This node is one of a pair again, and stands by until it is brought in.'],
      ...(on ? { typed: confirm } : {}),
      verb: on ? 'Stand alone' : 'End it',
      working: 'Changing',
      act: async () => {
        await shell.client.standby.standalone({ on, confirm });
      },
      done,
    }),
  );
}

/** Forgets the pair, on this node or on both. */
export function removePair(shell: Shell, pair: PairStatus, both: boolean, done: () => void): void {
  if (!shell.mayChange()) return;
  const peer = pair.nodes.find(({ self }) => !self)?.name ?? 'the other node';
  const confirm = pair.application ?? peer;
  shell.open(
    confirmOverlay(shell, {
      title: both ? 'Remove the pair on both' : 'Remove the pair here',
      consequences: both
        ? [`This node and ${peer} forget each other, the settings of the pair and their key.`]
        : [
            'This node alone forgets its peer, the settings of the pair and their key.',
            `${peer} goes on knowing it: ":remove pair on both" removes it there too.`,
          ],
      typed: confirm,
      verb: 'Remove',
      working: 'Removing',
      act: async () => {
        await shell.client.standby.remove({ confirm, both });
      },
      done,
    }),
  );
}
