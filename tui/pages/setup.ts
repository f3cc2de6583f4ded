/** The first steps of a new node: password, storage space, pool, camera; each done in place, then what comes next. */
import type { NodeStatus } from '../../src/contract/index.ts';
import { changePassword } from '../commands.ts';
import { progressBar } from '../components/gauge.ts';
import { listStart, moveList } from '../components/list.ts';
import { padLines } from '../components/table.ts';
import { blank, type Line, line, type Span, span } from '../format/line.ts';
import { formatDuration, formatSize } from '../format/numbers.ts';
import { pad, wrap } from '../format/width.ts';
import type { Frame, Page, Shell } from '../shell.ts';
import { addCamera } from './recording/forms.ts';
import { addPool } from './storage/pool-forms.ts';
import { addSpace } from './storage/space-forms.ts';

interface Step {
  title: string;
  why: string;
  /** What Enter does once it is done. */
  again: string;
  done(status: NodeStatus): boolean;
  /** Null when it can be done now, otherwise what must come before. */
  blocked(status: NodeStatus): string | null;
  start(shell: Shell, next: () => void): void;
}

const steps: readonly Step[] = [
  {
    title: 'Change the first password',
    why: 'Nobody may log in over the network with the password the node was born with.',
    again: 'change it again',
    done: ({ setup }) => setup.passwordChanged,
    blocked: () => null,
    start: (shell, next) => changePassword(shell, next),
  },
  {
    title: 'Add a storage space',
    why: 'A folder on a disk of its own, with a quota. The node fills it with empty blocks beforehand, so that recording never waits for the disk.',
    again: 'add another space',
    done: ({ setup }) => setup.hasSpace,
    blocked: () => null,
    start: (shell, next) => addSpace(shell, next),
  },
  {
    title: 'Add a resource pool',
    why: 'Cameras record into a pool. It takes capacity from one or more spaces and decides what is overwritten when it is full.',
    again: 'add another pool',
    done: ({ setup }) => setup.hasPool,
    blocked: ({ setup }) => (setup.hasSpace ? null : 'needs a storage space first'),
    start: (shell, next) => addPool(shell, next),
  },
  {
    title: 'Add a camera',
    why: 'Its RTSP address, tried before it is added. Recording begins at once.',
    again: 'add another camera',
    done: ({ setup }) => setup.hasCamera,
    blocked: ({ setup }) => (setup.hasPool ? null : 'needs a pool first'),
    start: (shell, next) => addCamera(shell, next),
  },
];

/** What a node that records needs next; shown when the steps are done. */
const afterwards: readonly (readonly [string, string])[] = [
  ['1', 'Home answers: is everything recorded, is the service up, what must I do'],
  ['3', 'the cameras, with state, reason and rate'],
  ['4', 'inspection: which minutes hold video, and why the others do not'],
  [':', 'every command by name, completed with Tab'],
];

function stepLines(step: Step, index: number, status: NodeStatus, selected: boolean, frame: Frame): Line[] {
  const { glyphs } = frame.theme;
  const done = step.done(status);
  const blocked = step.blocked(status);
  const mark = done ? span(glyphs.good, 'good') : span(String(index + 1), blocked === null ? 'key' : 'dim');
  const state = done ? 'done' : (blocked ?? 'to do');
  const spans: Span[] = [
    span(selected ? ` ${glyphs.pointer} ` : '   ', 'key'),
    mark,
    span(`  ${pad(step.title, 30)}`, selected ? 'strong' : 'text'),
    span(state, done ? 'good' : blocked === null ? 'warn' : 'dim'),
  ];
  const label = `${selected ? 'selected: ' : ''}step ${index + 1}, ${step.title}: ${state}`;
  return [{ spans, label }];
}

function progressLines(status: NodeStatus, frame: Frame): Line[] {
  return status.spaces
    .filter((space) => space.progress !== null)
    .map((space) => {
      const { percent, bytesPerSecond, secondsLeft } = space.progress ?? {
        percent: 0,
        bytesPerSecond: 0,
        secondsLeft: null,
      };
      const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left`;
      const bar = progressBar(percent, Math.max(10, Math.min(30, frame.columns - 60)), frame.theme.glyphs);
      return line(
        span(`      ${pad(space.path, 24)} `, 'dim'),
        ...bar,
        span(` ${percent.toFixed(0)} %, ${formatSize(bytesPerSecond)}/s${left}`),
      );
    });
}

export function createSetupPage(shell: Shell): Page {
  let list = listStart;
  /** A step was done, and the node's report of it is still to come. */
  let following = false;

  const firstOpen = (status: NodeStatus): number =>
    steps.findIndex((step) => !step.done(status) && step.blocked(status) === null);

  function start() {
    const { status } = shell.state();
    const step = steps[list.index];
    if (!status || !step || !shell.mayChange()) return;
    const blocked = step.blocked(status);
    if (blocked !== null) return shell.notify(`${step.title}: ${blocked}.`, 'warn');
    step.start(shell, advance);
  }

  /** After a step the cursor stands on the next one that is open. */
  function advance(): void {
    following = true;
    shell.changed();
  }

  function follow(status: NodeStatus): void {
    if (!following) return;
    const next = firstOpen(status);
    if (next >= 0 && next !== list.index) following = false;
    if (next >= 0) list = { ...list, index: next };
  }

  return {
    id: 'setup',
    title: 'First steps',
    shortTitle: 'Setup',
    digit: '',
    help: [
      { keys: 'Enter', text: 'do the step under the cursor' },
      { keys: 'Esc', text: 'leave; :setup comes back here' },
    ],
    enter: advance,
    view(frame) {
      const { status } = frame;
      if (!status)
        return { crumbs: ['First steps'], lines: [blank, line(' Waiting for the node …')], hints: [] };
      const finished = steps.every((step) => step.done(status));
      follow(status);
      const lines = [
        blank,
        line(span(finished ? ' This node is ready.' : ' First steps of this node', 'title')),
        blank,
      ];
      steps.forEach((step, index) => {
        lines.push(...stepLines(step, index, status, index === list.index, frame));
        if (index === 1) lines.push(...progressLines(status, frame));
      });
      const step = steps[list.index];
      const why = step?.why ?? '';
      lines.push(blank);
      if (finished) {
        lines.push(
          line(span(' What next', 'title')),
          ...afterwards.map(([key, text]) => line(span(`   ${pad(key, 3)}`, 'key'), span(text))),
        );
      } else lines.push(...wrap(why, frame.columns - 6).map((row) => line('   ', span(row, 'dim'))));
      return {
        crumbs: ['First steps'],
        lines: padLines(lines, frame.rows),
        hints: [
          { key: 'Enter', text: step?.done(status) ? step.again : 'do it' },
          { key: '↑↓', text: 'step' },
          { key: 'Esc', text: 'leave; :setup comes back' },
        ],
      };
    },
    key(key) {
      if (key === 'enter') {
        start();
        return true;
      }
      const moved = moveList(list, key, steps.length, steps.length);
      if (!moved) return false;
      list = moved;
      following = false;
      shell.changed();
      return true;
    },
  };
}
