/** Home: the three questions first, each with its worst answer and the key that leads there. */
import type { Concern, NodeStatus, Pool } from '../../src/contract/index.ts';
import { gauge } from '../components/gauge.ts';
import { blank, type Line, line, type Span, span, spread } from '../format/line.ts';
import { formatBitRate, formatPercent, formatSize, percentOf, plural } from '../format/numbers.ts';
import { recentMinute } from '../format/time.ts';
import { cellWidth, pad, wrap } from '../format/width.ts';
import { levelWord, poolWord, serviceWord } from '../format/words.ts';
import type { Frame, Page, PageId, Shell } from '../shell.ts';
import { keepsWords } from './storage/view.ts';

const questions: readonly { question: Concern['question']; text: string }[] = [
  { question: 'recorded', text: 'Is everything recorded?' },
  { question: 'service', text: 'Is the service up?' },
  { question: 'todo', text: 'What must I do now?' },
];

const rank: Readonly<Record<Concern['level'], number>> = { error: 2, warning: 1, ok: 0 };

/** The worst concern of each question, in the order of the questions. */
export function worstConcerns(concerns: readonly Concern[]): (Concern | null)[] {
  return questions.map(({ question }) => {
    const mine = concerns.filter((concern) => concern.question === question);
    return mine.reduce<Concern | null>(
      (worst, concern) => (worst === null || rank[concern.level] > rank[worst.level] ? concern : worst),
      null,
    );
  });
}

const questionWidth = Math.max(...questions.map(({ text }) => cellWidth(text)));
const digits: Readonly<Record<PageId, string>> = {
  home: '',
  storage: '2',
  recording: '3',
  inspection: '4',
  standby: '5',
  receivers: '6',
  log: '7',
  system: '8',
  setup: '',
};

function concernLines(status: NodeStatus, frame: Frame): Line[] {
  return worstConcerns(status.concerns).flatMap((concern, index) => {
    const asked = span(` ${pad(questions[index]?.text ?? '', questionWidth)}  `, 'strong');
    return concern === null
      ? [line(asked, span('not known yet', 'dim'))]
      : concernRows(concern, asked, frame);
  });
}

/** The answer in at most two rows; what to do follows where there is room for it. */
function concernRows(concern: Concern, asked: Span, frame: Frame): Line[] {
  const { glyphs } = frame.theme;
  const mark = { ok: glyphs.good, warning: glyphs.warn, error: glyphs.bad }[concern.level];
  const tone = ({ ok: 'good', warning: 'warn', error: 'alarm' } as const)[concern.level];
  const key = concern.level === 'ok' ? '' : digits[concern.page];
  const indent = ' '.repeat(questionWidth + 5);
  const width = frame.columns - indent.length - 3;
  const [first = '', ...rest] = wrap(concern.text, width, 2);
  const spoken = `${questions.find(({ question }) => question === concern.question)?.text} ${concern.level}: ${concern.text}`;
  const answer = line(
    asked,
    span(`${mark} `, tone),
    span(pad(first, width), tone),
    span(key === '' ? '' : `[${key}]`, 'key'),
  );
  const more = rest.map((row): Line => ({ ...line(indent, span(row, tone)), label: '' }));
  const hint =
    concern.hint === null || concern.level === 'ok' || (more.length > 0 && frame.rows < 20)
      ? []
      : wrap(concern.hint, width + 2, frame.rows < 20 ? 1 : 2).map((row) => line(indent, span(row, 'dim')));
  return [{ ...answer, label: key === '' ? spoken : `${spoken}, key ${key}` }, ...more, ...hint];
}

function poolRow(pool: Pool, frame: Frame): Line {
  const nameWidth = frame.columns >= 100 ? 22 : 12;
  const word = poolWord(pool);
  const percent = percentOf(pool.usedBytes, pool.totalBytes);
  const keeps = `keeps ${keepsWords(pool)}`;
  const narrow = frame.columns < narrowColumns;
  const text = `${pad(formatPercent(percent), 5, 'right')} of ${pad(formatSize(pool.totalBytes), 7, 'right')}${narrow ? '' : `  ${pad(keeps, 16)}`}`;
  const stateWidth = 8;
  const barWidth = Math.max(8, frame.columns - nameWidth - cellWidth(text) - stateWidth - 6);
  const bar = gauge(
    {
      total: pool.totalBytes,
      used: pool.usedBytes - pool.lockedBytes,
      locked: pool.lockedBytes,
      reserve: pool.reserveBytes,
    },
    barWidth,
    frame.theme.glyphs,
    pool.status === 'normal' ? 'good' : 'bad',
  );
  return {
    spans: [
      span(` ${pad(pool.name, nameWidth)} `),
      ...bar,
      span(` ${text} `),
      span(pad(word.text, stateWidth), word.tone),
    ],
    label: `Pool ${pool.name}: ${text.trim()}, ${word.text}`,
  };
}

function poolLines(status: NodeStatus, frame: Frame, rows: number): Line[] {
  if (status.pools.length === 0)
    return [
      line(
        span(' no pool yet  ', 'dim'),
        span(':setup', 'key'),
        span(' leads through the first steps', 'dim'),
      ),
    ];
  const worst = [...status.pools].sort(
    (a, b) => Number(a.status === 'normal') - Number(b.status === 'normal'),
  );
  const shown = worst.slice(0, rows).map((pool) => poolRow(pool, frame));
  const rest = status.pools.length - shown.length;
  return rest > 0
    ? [...shown.slice(0, -1), line(span(` and ${plural(rest + 1, 'more pool')}  2`, 'dim'))]
    : shown;
}

function countLine(status: NodeStatus, frame: Frame): Line {
  const { counts } = status;
  const parts: [string, string][] = [
    ['cameras', `${counts.cameras}`],
    ['recording', `${counts.recording}`],
    frame.columns < narrowColumns
      ? ['schedules', `${counts.liveSchedules + counts.historicalSchedules}`]
      : ['schedules', `${counts.liveSchedules} live ${counts.historicalSchedules} historical`],
    ['pools', `${counts.pools}`],
  ];
  if (counts.uninitializedSpaces > 0)
    parts.push(
      frame.columns < narrowColumns
        ? ['unready', `${counts.uninitializedSpaces}`]
        : ['spaces', `${counts.uninitializedSpaces} not up`],
    );
  return line(
    ...parts.flatMap(([name, value], index) => [
      span(`${index === 0 ? '' : ' '} ${name} `, 'dim'),
      span(value, 'strong'),
    ]),
  );
}

/** Under this width words give way first. */
const narrowColumns = 72;

/** What flows now, beside the title. */
function nowLine({ recorder }: NodeStatus, frame: Frame): Line {
  const lost = recorder.partsLost > 0 ? `, ${plural(recorder.partsLost, 'part')} lost` : '';
  const flow = `${formatBitRate(recorder.bitsPerSecond)} in${lost}, recorder ${recorder.cpuPercent.toFixed(0)} % of a core `;
  return spread(title('Now'), line(span(flow, lost === '' ? 'dim' : 'warn')), frame.columns);
}

const serviceShort: Readonly<Record<NodeStatus['services'][number]['name'], string>> = {
  'storage-management': 'storage mgmt',
  'data-storage': 'data storage',
  'access-management': 'access mgmt',
  'video-access': 'video access',
};

function serviceLine(status: NodeStatus, frame: Frame): Line {
  const { glyphs } = frame.theme;
  const spans = status.services.flatMap((service): Span[] => {
    const word = serviceWord(service);
    const mark = word.tone === 'good' ? glyphs.good : word.tone === 'warn' ? glyphs.busy : glyphs.bad;
    const wide = frame.columns >= 110;
    const short = serviceShort[service.name];
    const name = wide ? service.name : frame.columns < narrowColumns ? (short.split(' ')[0] ?? short) : short;
    const stated = wide || word.tone !== 'good' ? ` ${word.text}` : '';
    return [span(` ${mark} `, word.tone), span(name), span(`${stated} `, word.tone)];
  });
  const label = status.services.map((service) => `${service.name} ${service.state}`).join(', ');
  return { spans, label: `Services: ${label}` };
}

/** Receiver and group in a line: what it is, what waits, and the worst of it. */
function alarmLines({ alarms }: NodeStatus, frame: Frame): Line[] {
  if (alarms === undefined) return [];
  const { group, waiting, devicesLost, unacknowledged, problem, forwarding, listen } = alarms;
  const { glyphs } = frame.theme;
  const well = problem === null && (forwarding || (group !== null && group.status !== 'offline'));
  const partly = listen === null || devicesLost + waiting + (group?.offline ?? 0) > 0;
  const state = group === null ? (forwarding ? 'forwards' : 'does not forward') : group.status;
  const facts = [
    ...(group === null
      ? []
      : [
          `${group.arcId} ${group.role ?? 'not a member'}, ${group.members - group.offline} of ${group.members} alive`,
        ]),
    ...(listen === null ? ['not listening'] : []),
    ...(waiting === 0 ? [] : [`${waiting} waiting`]),
    ...(devicesLost === 0 ? [] : [`${plural(devicesLost, 'device')} lost`]),
    ...(unacknowledged === 0 ? [] : [`${unacknowledged} unacknowledged`]),
  ];
  const tone = well ? (partly ? 'warn' : 'good') : 'bad';
  const mark = { good: glyphs.good, warn: glyphs.warn, bad: glyphs.bad }[tone];
  const said = problem === null ? facts.join(', ') : problem;
  const left = line(
    span(` ${mark} `, tone),
    span('alarms '),
    span(state, tone),
    span(said === '' ? '' : `  ${said}`, problem === null ? 'dim' : 'bad'),
  );
  return [
    {
      ...spread(left, line(span(' [6] ', 'key')), frame.columns),
      label: `Alarms: ${[state, ...facts, problem ?? ''].filter((each) => each !== '').join(', ')}, key 6`,
    },
  ];
}

function eventLines(status: NodeStatus, frame: Frame, rows: number): Line[] {
  return status.lastEvents.slice(0, Math.max(0, rows)).map((entry) => {
    const word = levelWord(entry.level);
    const time = recentMinute(entry.timeMs, frame.nowMs, frame.timeZone);
    const text = pad(entry.text, Math.max(0, frame.columns - 20));
    return line(
      span(` ${pad(time, 11)}`, 'dim'),
      span(pad(word.text, 6), word.tone),
      ' ',
      span(text, word.tone === 'alarm' ? 'bad' : 'text'),
    );
  });
}

function title(text: string): Line {
  return line(span(` ${text}`, 'title'));
}

/** All rows of Home for a size; sections at the end give way first. */
export function homeLines(status: NodeStatus, frame: Frame): Line[] {
  const airy = frame.rows >= 18;
  const space = airy ? [blank] : [];
  const lines = [...concernLines(status, frame), blank, title('Capacity')];
  const poolRows = frame.rows >= 30 ? 10 : airy ? 3 : 2;
  lines.push(
    ...poolLines(status, frame, poolRows),
    ...space,
    nowLine(status, frame),
    countLine(status, frame),
    serviceLine(status, frame),
    ...alarmLines(status, frame),
    ...space,
  );
  const left = frame.rows - lines.length - 1;
  if (left > 0) lines.push(title('Last events'), ...eventLines(status, frame, left));
  return lines.slice(0, frame.rows);
}

export function createHomePage(shell: Shell): Page {
  return {
    id: 'home',
    title: 'Home',
    shortTitle: 'Home',
    digit: '1',
    help: [
      { keys: 'Enter', text: 'go where the worst answer leads' },
      { keys: '2 to 8', text: 'the page behind each line' },
    ],
    view(frame) {
      const { status } = frame;
      return {
        crumbs: ['Home'],
        lines: status ? homeLines(status, frame) : [blank, line(span(' Waiting for the node …', 'dim'))],
        hints: [
          { key: 'Enter', text: 'to the worst' },
          { key: 'r', text: 'refresh' },
          { key: 'q', text: 'quit' },
        ],
      };
    },
    key(key) {
      const { status } = shell.state();
      if (key !== 'enter' || !status) return false;
      const [worst] = [...status.concerns].sort((a, b) => rank[b.level] - rank[a.level]);
      if (worst && worst.level !== 'ok') shell.go(worst.page);
      return true;
    },
    copyText() {
      const { status } = shell.state();
      if (!status) return null;
      return worstConcerns(status.concerns)
        .map(
          (concern, index) =>
            `${questions[index]?.text} ${concern === null ? '?' : `${concern.level}: ${concern.text}`}`,
        )
        .join('\n');
    },
  };
}
