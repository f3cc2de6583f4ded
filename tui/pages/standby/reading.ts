/** What there is to read about a pair: why it stands so, what was decided, the preflight, one resource. */
import type { PairStatus, PreflightCheck } from '../../../src/contract/index.ts';
import { type Fact, factLines } from '../../components/facts.ts';
import { textOverlay } from '../../components/text-overlay.ts';
import { blank, type Line, line, span } from '../../format/line.ts';
import { formatDuration } from '../../format/numbers.ts';
import { wrap } from '../../format/width.ts';
import type { Frame, Overlay, Shell } from '../../shell.ts';
import { decisionLine } from './view.ts';
import { checkWord, type PairResource, resourceWord } from './words.ts';

const historyMax = 200;

export function explain(shell: Shell): void {
  shell.run(
    'Asking for the reasons',
    () => shell.client.standby.explain(),
    (answer) =>
      shell.open(
        textOverlay(shell, {
          title: 'Why the pair stands so',
          copy: { text: [answer.summary, ...answer.lines].join('\n'), what: 'the explanation' },
          lines: (_frame, width) => [
            ...wrap(answer.summary, width).map((row) => line(span(row, 'strong'))),
            blank,
            ...answer.lines.flatMap((text) => wrap(text, width).map((row) => line(row))),
          ],
        }),
      ),
  );
}

export function history(shell: Shell, pair: PairStatus | null): void {
  shell.run(
    'Asking for the decisions',
    () => shell.client.standby.history({ limit: historyMax }),
    (decisions) =>
      shell.open(
        textOverlay(shell, {
          title: `Decisions of the pair: ${decisions.length}`,
          lines(frame, width) {
            if (decisions.length === 0) return [line('No decision yet.')];
            return [...decisions]
              .sort((a, b) => b.timeMs - a.timeMs)
              .flatMap((decision): Line[] => {
                const nameOf = (id: string) => pair?.nodes.find((node) => node.id === id)?.name ?? id;
                const name = nameOf(decision.nodeId);
                const inputs = Object.entries(decision.inputs).map(
                  ([key, value]) => `${key} ${nameOf(String(value ?? '-'))}`,
                );
                return [
                  decisionLine(decision, name, frame),
                  ...wrap(inputs.join(', '), width - 12).map((row) => line(' '.repeat(12), span(row, 'dim'))),
                ];
              });
          },
        }),
      ),
  );
}

export function preflight(shell: Shell): void {
  shell.run(
    'Preflight: looking at both nodes',
    () => shell.client.standby.preflight(),
    (checks) => shell.open(preflightOverlay(shell, checks)),
  );
}

const order: readonly PreflightCheck['result'][] = ['fail', 'warn', 'pass', 'skip'];

function preflightOverlay(shell: Shell, checks: readonly PreflightCheck[]): Overlay {
  const count = (result: PreflightCheck['result']) => checks.filter((each) => each.result === result).length;
  const sorted = [...checks].sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
  return textOverlay(shell, {
    title: `Preflight: ${count('fail')} failed, ${count('warn')} to look at, ${count('pass')} passed`,
    actions: [
      {
        key: 'p',
        text: 'again',
        run: () => {
          shell.close();
          preflight(shell);
        },
      },
    ],
    lines: (_frame, width) => sorted.flatMap((check) => checkLines(check, width)),
  });
}

function checkLines({ title, node, evidence, fix, ...check }: PreflightCheck, width: number): Line[] {
  const word = checkWord(check as PreflightCheck);
  const indent = ' '.repeat(6);
  const below = (text: string, tone: 'text' | 'dim' | 'accent'): Line[] =>
    wrap(text, width - indent.length).map((row) => line(indent, span(row, tone)));
  return [
    line(span(word.text.padEnd(indent.length), word.tone), span(title, 'strong'), span(`  ${node}`, 'dim')),
    ...below(evidence, check.result === 'pass' || check.result === 'skip' ? 'dim' : 'text'),
    ...(fix === null ? [] : below(fix, 'accent')),
  ];
}

/** One resource, followed while the box is open. */
export function resourceOverlay(shell: Shell, id: string, pair: () => PairStatus | null): Overlay {
  return textOverlay(shell, {
    title: `Resource ${id}`,
    lines(frame, width) {
      const resource = pair()?.resources.find((each) => each.id === id);
      return resource ? factLines(resourceFacts(resource, frame), width) : [line('It is gone.')];
    },
  });
}

function resourceFacts(resource: PairResource, frame: Frame): Fact[] {
  const word = resourceWord(resource);
  const since =
    resource.sinceMs === null ? '-' : formatDuration(Math.max(0, frame.nowMs - resource.sinceMs) / 1000);
  return [
    { name: 'Name', value: resource.name },
    { name: 'Kind', value: resource.kind },
    { name: 'State', value: word.text, tone: word.tone },
    { name: 'For', value: since },
    { name: 'After', value: resource.after.join(', ') },
    { name: 'Restarts in place', value: String(resource.restarts) },
    { name: 'Problem', value: resource.problem ?? '', tone: 'bad' },
  ];
}
