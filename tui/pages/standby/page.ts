/** Standby: the pair as it stands, and what an operator may do to it; every dangerous step shows its plan first. */
import type { PairStatus } from '../../../src/contract/index.ts';
import { clampList, listStart, moveList } from '../../components/list.ts';
import { type Line, line, span } from '../../format/line.ts';
import type { Key } from '../../keys.ts';
import type { Command, Frame, Page, Shell } from '../../shell.ts';
import {
  dryRunOverlay,
  operate,
  operations,
  removePair,
  toggleMaintenance,
  toggleStandalone,
} from './operations.ts';
import { explain, history, preflight, resourceOverlay } from './reading.ts';
import { introLines, pairLines, resourceRows } from './view.ts';
import { watchPair } from './watch.ts';
import { hasDraft, openWizard } from './wizard/open.ts';
import { resourceTree } from './words.ts';

export function createStandbyPage(shell: Shell): Page {
  const watch = watchPair(shell);
  let list = listStart;
  let rows = 1;
  let draft = false;

  const configured = (): PairStatus | null => {
    const pair = watch.pair();
    return pair?.configured === true ? pair : null;
  };
  const again = (): void => {
    draft = hasDraft(shell);
    watch.ask();
  };
  const withPair = (act: (pair: PairStatus) => void) => (): void => {
    const pair = configured();
    if (pair) act(pair);
    else shell.notify('No pair is set up: w begins.', 'warn');
  };
  const wizard = (): void => openWizard(shell, watch, again);
  const selected = (pair: PairStatus) => resourceTree(pair.resources)[list.index]?.resource;

  const keys: Readonly<Record<Key, () => void>> = {
    ...Object.fromEntries(
      operations.map((operation) => [
        operation.key,
        withPair((pair) => operate(shell, pair, operation, again)),
      ]),
    ),
    m: withPair((pair) => toggleMaintenance(shell, pair, again)),
    d: withPair(() => shell.open(dryRunOverlay(shell))),
    x: () => explain(shell),
    h: () => history(shell, watch.pair()),
    p: () => preflight(shell),
    w: wizard,
    enter: withPair((pair) => {
      const resource = selected(pair);
      if (resource) shell.open(resourceOverlay(shell, resource.id, watch.pair));
    }),
  };

  const commands: readonly Command[] = [
    ...operations.map(
      (operation): Command => ({
        name: operation.verb.toLowerCase(),
        text: operation.text,
        run: withPair((pair) => operate(shell, pair, operation, again)),
      }),
    ),
    { name: 'dry run', text: 'what would happen, and nothing else', run: () => keys.d?.() },
    { name: 'maintenance', text: 'on or off: nothing fails over by itself', run: () => keys.m?.() },
    {
      name: 'stand alone',
      aliases: ['standalone'],
      text: 'on or off: without peer and arbiter',
      run: withPair((pair) => toggleStandalone(shell, pair, again)),
    },
    { name: 'explain', text: 'why the pair stands so', run: () => keys.x?.() },
    { name: 'history', text: 'decisions of both guards', run: () => keys.h?.() },
    { name: 'preflight', text: 'check both nodes', run: () => keys.p?.() },
    { name: 'pair', aliases: ['configure'], text: 'set up or change the pair, step by step', run: wizard },
    {
      name: 'remove pair',
      text: 'this node forgets the peer and the settings',
      run: withPair((pair) => removePair(shell, pair, false, again)),
    },
    {
      name: 'remove pair on both',
      text: 'both nodes forget each other and the settings',
      run: withPair((pair) => removePair(shell, pair, true, again)),
    },
  ];

  function foot(pair: PairStatus, frame: Frame): Line {
    const chosen = selected(pair);
    const failed = pair.resources.find(({ problem }) => problem !== null);
    const resource = chosen?.problem === null ? (failed ?? chosen) : chosen;
    if (!resource) return line('');
    const problem = resource.problem === null ? '' : `: ${resource.problem}`;
    const waits = resource.after.length === 0 ? '' : `, after ${resource.after.join(', ')}`;
    const sign = frame.theme.glyphs.bullet;
    return line(
      span(` ${resource.name} ${sign} ${resource.kind}${waits}${problem}`, problem === '' ? 'text' : 'bad'),
    );
  }

  return {
    id: 'standby',
    title: 'Standby',
    shortTitle: 'Stby',
    digit: '5',
    help: [
      ...operations.map(({ key, verb, text }) => ({ keys: key, text: `${verb.toLowerCase()}: ${text}` })),
      { keys: 'm', text: 'maintenance on or off' },
      { keys: 'd', text: 'dry run: what would happen' },
      { keys: 'x', text: 'explain why the pair stands so' },
      { keys: 'h', text: 'history of decisions' },
      { keys: 'p', text: 'preflight of both nodes' },
      { keys: 'w', text: 'wizard: set up or change the pair' },
      { keys: 'Enter', text: 'everything about the resource' },
    ],
    enter: again,
    refresh: again,
    tick: () => watch.ask(),
    view(frame) {
      const problem = watch.problem();
      const pair = configured();
      if (!pair) {
        const lines =
          watch.pair() === null && problem === null
            ? [line(''), line(span(' Waiting for the node …', 'dim'))]
            : introLines(frame, { pair: watch.pair(), draft });
        return {
          crumbs: ['Standby'],
          lines,
          foot: problem === null ? line('') : line(span(` ${problem.text}`, 'alarm')),
          hints: hintsAlone,
        };
      }
      const shown = { pair, ageMs: watch.ageMs(), problem: problem?.text ?? null };
      rows = resourceRows(pair, frame, shown);
      list = clampList(list, pair.resources.length, rows);
      return {
        crumbs: ['Standby', ...(pair.application === null ? [] : [pair.application])],
        lines: pairLines({ ...shown, list }, frame),
        foot: foot(pair, frame),
        hints,
      };
    },
    key(key) {
      const moved = key === 'h' ? undefined : moveList(list, key, configured()?.resources.length ?? 0, rows);
      if (moved) list = moved;
      else if (keys[key]) keys[key]();
      else return false;
      shell.changed();
      return true;
    },
    commands: () => commands,
    sheet() {
      const pair = configured();
      if (!pair) return null;
      return {
        name: 'holdfast-pair-decisions.csv',
        header: ['id', 'time_utc', 'node', 'rule', 'outcome', 'inputs'],
        rows: pair.lastDecisions.map(({ id, timeMs, nodeId, rule, outcome, inputs }) => [
          id,
          new Date(timeMs).toISOString(),
          nodeId,
          rule,
          outcome,
          JSON.stringify(inputs),
        ]),
      };
    },
    copyText: () => configured()?.forecast ?? null,
  };
}

const hintsAlone = [
  { key: 'w', text: 'set up the pair' },
  { key: 'p', text: 'preflight' },
];

const hints = [
  { key: 's', text: 'switch' },
  { key: 't', text: 'take over' },
  { key: 'b/o', text: 'in/out' },
  { key: 'd', text: 'dry run' },
  { key: 'x', text: 'explain' },
  { key: 'm', text: 'maint.' },
  { key: 'h', text: 'history' },
  { key: 'p', text: 'preflight' },
  { key: 'w', text: 'wizard' },
];
