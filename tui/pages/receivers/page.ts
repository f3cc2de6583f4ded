/** Receivers: the group, the devices, what comes in, where it goes and what its codes mean; five views of one page. */
import { keepAsking } from '../../answer.ts';
import { blank, cutLine, type Line, line, lineWidth, type Span, span, spread } from '../../format/line.ts';
import type { Frame, Page, PageView, Shell } from '../../shell.ts';
import { ageText } from '../standby/words.ts';
import type { Receivers } from './context.ts';
import { createDevicesSection } from './devices/section.ts';
import { createEventsSection } from './events/section.ts';
import { connectGroup } from './group/connect.ts';
import { createGroupSection } from './group/section.ts';
import { createMappingsSection } from './mappings/section.ts';
import { createOutputsSection } from './outputs/section.ts';
import type { Section } from './section.ts';
import { introLines, setUpReceiver } from './setup.ts';
import { workingWord } from './words.ts';

const names = ['group', 'devices', 'events', 'outputs', 'mappings'] as const;
type Name = (typeof names)[number];

/** Below this the tabs leave no room for words beside them. */
const wordsFromColumns = 72;

export function createReceiversPage(shell: Shell): Page {
  const receivers: Receivers = {
    shell,
    receiver: keepAsking(shell, () => shell.client.alarm.status()),
    group: keepAsking(shell, () => shell.client.group.status()),
    eventsOf(account) {
      events.showAccount(account);
      show('events');
    },
  };
  const { receiver, group } = receivers;
  let chosen: Name | null = null;

  /** Until somebody chooses: the group of a member, the events of a receiver that stands alone. */
  const current = (): Name => chosen ?? (group.value()?.enabled === true ? 'group' : 'events');
  const isShown = (): boolean => shell.state().page === 'receivers' && current() === 'events' && !isIdle();
  const events = createEventsSection(receivers, isShown);
  const sections: Readonly<Record<Name, Section>> = {
    group: createGroupSection(receivers),
    devices: createDevicesSection(receivers),
    events,
    outputs: createOutputsSection(receivers),
    mappings: createMappingsSection(receivers),
  };
  const section = (): Section => sections[current()];

  /** Neither receiver nor member: there is nothing to show. */
  function isIdle(): boolean {
    const [status, joined] = [receiver.value(), group.value()];
    return status === null || joined === null || (!status.enabled && !joined.enabled);
  }

  function ask(): void {
    receiver.ask();
    group.ask();
  }

  /** The view that was loaded last; it is loaded when the first answers say what there is. */
  let loaded: Name | null = null;

  function load(): void {
    ask();
    loaded = isIdle() ? null : current();
    if (loaded !== null) sections[loaded].load();
  }

  function show(name: Name): void {
    chosen = name;
    load();
    shell.changed();
  }

  function step(by: number): void {
    const at = names.indexOf(current());
    show(names[(at + by + names.length) % names.length] ?? 'group');
  }

  const setUp = (): void => setUpReceiver(receivers, load);

  function idleView(frame: Frame): PageView {
    const problem = receiver.problem() ?? group.problem();
    const waiting = receiver.value() === null || group.value() === null;
    const lines = waiting
      ? [
          blank,
          problem === null
            ? line(span(' Waiting for the node …', 'dim'))
            : line(span(` ${problem.text}`, 'alarm')),
        ]
      : introLines(frame, problem?.text ?? null);
    return {
      crumbs: ['Receivers'],
      lines,
      hints: [
        { key: 'w', text: 'set it up' },
        { key: 'c', text: 'connect to a group' },
      ],
    };
  }

  function idleKey(key: string): boolean {
    if (key === 'w') setUp();
    else if (key === 'c') connectGroup(shell, load);
    else return false;
    return true;
  }

  /** Closer together where the words beside them need the room. */
  function tabs(isClose: boolean): Line {
    const edge = isClose ? '' : ' ';
    return line(
      ...names.flatMap((name): Span[] => [
        span(' '),
        name === current()
          ? span(`[${sections[name].title}]`, 'tab')
          : span(`${edge}${sections[name].title}${edge}`, 'dim'),
      ]),
    );
  }

  function topLine(frame: Frame): Line {
    const label = `Views: ${names.map((name) => (name === current() ? `${name} (here)` : name)).join(', ')}`;
    const words = frame.columns < wordsFromColumns ? line('') : stateLine(frame);
    const room = (left: Line): number => frame.columns - lineWidth(left) - 2;
    const wide = tabs(false);
    const left = lineWidth(words) <= room(wide) ? wide : tabs(true);
    return { ...spread(left, cutLine(words, room(left)), frame.columns), label };
  }

  /** Whether this node forwards, or why what is shown is old. */
  function stateLine(frame: Frame): Line {
    const problem = receiver.problem();
    if (problem !== null) return line(span(`${ageText(receiver.ageMs())} old: ${problem.text} `, 'alarm'));
    const [status, joined] = [receiver.value(), group.value()];
    if (status?.problem != null) return line(span(`${frame.theme.glyphs.bad} ${status.problem} `, 'bad'));
    if (joined?.enabled !== true && status?.outputs.every(({ state }) => state === 'disabled'))
      return line(span('no output to an ARC ', 'bad'));
    if (joined?.enabled !== true)
      return line(status?.forwarding === true ? span('forwards ', 'good') : span('does not forward ', 'bad'));
    const word = workingWord(joined.self.status);
    return line(span(`${joined.self.role ?? 'not a member'}, `), span(`${word.text} `, word.tone));
  }

  return {
    id: 'receivers',
    title: 'Receivers',
    shortTitle: 'Rcv',
    digit: '6',
    get help() {
      return [
        { keys: 'Tab', text: 'group, devices, events, outputs, mappings' },
        ...section().help,
        { keys: ':setup receiver', text: 'listen, ARC and first device, step by step' },
      ];
    },
    enter: load,
    refresh: load,
    tick() {
      ask();
      if (isIdle()) return;
      if (loaded !== current()) load();
      else section().tick();
    },
    view(frame) {
      if (isIdle()) return idleView(frame);
      const inner = section().view({ ...frame, rows: frame.rows - 1 });
      const { title } = section();
      return {
        crumbs: ['Receivers', title, ...(inner.crumbs ?? [])],
        lines: [topLine(frame), ...inner.lines],
        ...(inner.foot ? { foot: inner.foot } : {}),
        hints: [{ key: 'Tab', text: 'view' }, ...inner.hints],
      };
    },
    key(key) {
      if (isIdle()) return idleKey(key);
      if (key === 'tab' || key === 'right') step(1);
      else if (key === 'shift-tab' || key === 'left') step(-1);
      else if (!section().key(key)) return false;
      shell.changed();
      return true;
    },
    get filter() {
      return isIdle() ? undefined : section().filter;
    },
    commands: () => [
      ...names.map((name) => ({
        name: `view ${name}`,
        text: `the ${name} of this receiver`,
        run: () => show(name),
      })),
      { name: 'setup receiver', text: 'listen, ARC and first device', run: setUp },
      ...(isIdle() ? [] : section().commands),
    ],
    sheet: () => (isIdle() ? null : section().sheet()),
    copyText: () => (isIdle() ? null : section().copyText()),
  };
}
