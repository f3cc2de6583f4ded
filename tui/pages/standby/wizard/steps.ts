/** The steps of the wizard up to the summary: peer, links, application, arbiter, address, and what runs. */
import { isInSegment, isSameAddress, parseAddress, parsePrefixed } from '../../../../src/model/ip-segment.ts';
import { outerAddresses, segmentOf } from '../../../../src/model/pair-suggest.ts';
import { virtualOf } from '../../../../src/model/pair-template.ts';
import type { Entry, Values } from '../../../components/form-state.ts';
import { type Line, line, span } from '../../../format/line.ts';
import { clock } from '../../../format/time.ts';
import { wrap } from '../../../format/width.ts';
import { arbiterStep } from './arbiter-step.ts';
import { linkCountMax, listOf } from './draft.ts';
import { resourcesStep } from './resource-step.ts';
import { rulesStep } from './rules-step.ts';
import { choice, note, required, type Step, type StepContext, text } from './step.ts';

const rawNames = ({ around }: StepContext): [own: string, peer: string] => {
  const [here, there] = around.facts;
  const known = around.present?.nodes.find(({ id }) => id !== here?.nodeId)?.name;
  return [here?.name ?? 'this node', there?.name ?? known ?? 'the other'];
};
/** Names that tell the two apart, also when they are called the same. */
const ownName = (context: StepContext): string => {
  const [own, peer] = rawNames(context);
  return own === peer ? `${own} (here)` : own;
};
const peerName = (context: StepContext): string => {
  const [own, peer] = rawNames(context);
  return own === peer ? `${peer} (there)` : peer;
};
const isPaired = ({ around }: StepContext): boolean => around.facts.length === 2 || around.present !== null;

const peerStep: Step = {
  title: 'The two nodes',
  intro: (context) =>
    isPaired(context)
      ? [`${ownName(context)} and ${peerName(context)} are paired: they trust each other's certificate.`]
      : [
          `This node is ${ownName(context)}, certificate ${context.around.facts[0]?.fingerprint ?? 'unknown'}.`,
          'Show a code here and type it on the other node, or the other way round. It is valid for ten minutes.',
        ],
  entries(context, values) {
    if (isPaired(context)) {
      return [
        text(context, 'aliasHere', `Alias of ${ownName(context)}`, { placeholder: 'none' }),
        text(context, 'aliasThere', `Alias of ${peerName(context)}`, { placeholder: 'none' }),
      ];
    }
    const how = choice(context, 'pairing', 'Pairing', [
      ['join', 'type the code of the other node'],
      ['show', 'show a code here'],
    ]);
    if (values.pairing === 'show') {
      const shown = values.shownCode ?? '';
      return [
        how,
        note(() =>
          shown === ''
            ? [line(''), line(span('Next shows the code.', 'dim'))]
            : [
                line(''),
                line('Code     ', span(shown, 'strong')),
                line(
                  'Address  ',
                  span(values.shownAddress ?? '', 'strong'),
                  span(`   valid until ${values.shownUntil ?? ''}`, 'dim'),
                ),
                line(span('Type both on the other node, then press Next here.', 'dim')),
              ],
        ),
      ];
    }
    return [
      how,
      text(context, 'peer', 'Address it shows', { placeholder: '192.0.2.2:7330', check: required }),
      text(context, 'code', 'Code it shows', { check: required }),
    ];
  },
  next: () => 'Next',
  async leave(context, values) {
    const { shell, draft, reload } = context;
    if (isPaired(context)) return { draft, stay: false };
    if (values.pairing === 'show') {
      await reload();
      if (context.around.facts.length === 2)
        return { draft, stay: false, notice: `Paired with ${peerName(context)}.` };
      if ((values.shownCode ?? '') !== '')
        return { draft, stay: true, notice: 'The other node has not joined yet.' };
      const { code, address, expiresAtMs } = await shell.client.standby.pairingCode();
      const shown = {
        shownCode: code,
        shownAddress: address,
        shownUntil: clock(expiresAtMs, shell.timeZone()),
      };
      return { draft: { ...draft, values: { ...draft.values, ...shown } }, stay: true };
    }
    const joined = await shell.client.standby.join({
      address: (values.peer ?? '').trim(),
      code: (values.code ?? '').trim(),
    });
    await reload();
    return { draft, stay: false, notice: `Paired with ${joined.name}, certificate ${joined.fingerprint}.` };
  },
};

const linksStep: Step = {
  title: 'Heartbeat links',
  intro: () => [
    'One to four links by which the two hear each other. One best by a cable from node to node, apart from the service. Leave a row empty to do without it.',
  ],
  entries(context, values) {
    const filled = Array.from({ length: linkCountMax }, (_, at) => at + 1).filter(
      (number) => number === 1 || (values[`link${number - 1}Here`] ?? '') !== '',
    );
    return [
      ...filled.flatMap((number): Entry[] => [
        text(context, `link${number}Here`, `Link ${number}: ${ownName(context)}`, {
          check: (value, all) => endProblem(context, value, { all, number, node: 0 }),
        }),
        text(context, `link${number}There`, `        ${peerName(context)}`, {
          check: (value, all) => endProblem(context, value, { all, number, node: 1 }),
        }),
      ]),
      text(context, 'linkPort', 'UDP port of all links', { value: '7340', check: portProblem }),
      note((_values, width) => addressNotes(context, width)),
    ];
  },
  next: () => 'Next',
};

function addressNotes(context: StepContext, width: number): Line[] {
  return context.around.facts.flatMap((facts, at) => {
    const held = outerAddresses(facts).map(
      (placed) => `${placed.interface} ${placed.address}/${placed.prefix}`,
    );
    return wrap(`${at === 0 ? ownName(context) : peerName(context)} has ${held.join(', ')}`, width, 2).map(
      (row) => line(span(row, 'dim')),
    );
  });
}

function endProblem(
  { around }: StepContext,
  value: string,
  { all, number, node }: { all: Values; number: number; node: 0 | 1 },
): string | null {
  const [here, there] = [all[`link${number}Here`]?.trim() ?? '', all[`link${number}There`]?.trim() ?? ''];
  if (here === '' && there === '') return number === 1 ? 'at least one link is needed' : null;
  const address = parseAddress(value.trim());
  if (address === null) return 'an IP address, such as 198.51.100.1';
  const facts = around.facts[node];
  if (!facts) return null;
  const segment = segmentOf(facts, value.trim());
  if (segment === null) return `${facts.name} does not hold this address`;
  if (isSameAddress(here, there)) return 'both ends are the same';
  const other = parseAddress(node === 0 ? there : here);
  if (node === 1 && other !== null && !isInSegment(other, segment))
    return 'the two ends are in different segments';
  return null;
}

function portProblem(value: string): string | null {
  const port = Number(value);
  return /^\d+$/.test(value) && port > 0 && port < 65_536 ? null : 'a number from 1 to 65535';
}

const applicationStep: Step = {
  title: 'Application',
  intro: () => ['What the pair keeps alive. Its name is what you type to confirm a take-over.'],
  entries: (context) => [
    text(context, 'application', 'Name', {
      value: 'video',
      check: (value) => required(value) ?? (value.trim().length > 64 ? 'at most 64 characters' : null),
    }),
    choice(context, 'profile', 'Speed', [
      ['default', 'default: takes over in about 2.4 s'],
      ['fast', 'fast: in about 1.6 s, needs a quiet network'],
      ['custom', 'custom: times of your own, in the step Rules'],
    ]),
    choice(context, 'consistency', 'Take over', [
      ['complete', 'only with everything replicated'],
      ['logic', 'with a consistent state within bounds'],
      ['unconditional', 'in any case: may lose data'],
    ]),
    choice(context, 'failback', 'Failback', [
      ['never', 'never by itself'],
      ['ask', 'ask when the other is back'],
      ['when-stable', 'when the other is back and stable'],
    ]),
    text(context, 'isolation', 'Addresses outside', {
      placeholder: 'router and another, such as 192.0.2.254',
      check: (value) => {
        const addresses = listOf(value);
        if (addresses.length > 4) return 'at most four';
        return addresses.every((each) => parseAddress(each) !== null)
          ? null
          : 'IP addresses, with commas between';
      },
    }),
    note((_values, width) =>
      wrap(
        'The active node gives up when none of the addresses outside answers: it is the one that is cut off.',
        width,
      ).map((row) => line(span(row, 'dim'))),
    ),
  ],
  next: () => 'Next',
};

const addressStep: Step = {
  title: 'Service address',
  intro: () => ['The address that clients use. It moves with the active node; nobody else may hold it.'],
  entries(context) {
    const [here, there] = context.around.facts;
    const service = suggestedSegment(context);
    return [
      text(context, 'virtual', 'Address/prefix', {
        placeholder: service === null ? '192.0.2.10/24' : `such as ${virtualOf(service)}`,
        check: (value, values) => virtualProblem(context, value, values),
      }),
      text(context, 'interfaceHere', `Interface of ${ownName(context)}`, { check: interfaceProblem(here) }),
      text(context, 'interfaceThere', `Interface of ${peerName(context)}`, {
        check: interfaceProblem(there),
      }),
      text(context, 'virtualMac', 'Virtual MAC', {
        placeholder: 'none: the address is announced anew',
        check: (value) =>
          value === '' || /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(value) ? null : 'such as 02:00:5e:00:01:0a',
      }),
      note((_values, width) => addressNotes(context, width)),
    ];
  },
  next: () => 'Next',
};

function suggestedSegment({ around, draft }: StepContext) {
  const own = (at: 0 | 1, name: string | undefined) => {
    const facts = around.facts[at];
    return facts && outerAddresses(facts).find((placed) => placed.interface === name);
  };
  const here = own(0, draft.values.interfaceHere);
  const there = own(1, draft.values.interfaceThere);
  return here && there ? { here, there } : null;
}

function interfaceProblem(facts: StepContext['around']['facts'][number] | undefined) {
  return (name: string, values: Values): string | null => {
    if ((values.virtual ?? '').trim() === '') return null;
    if (name.trim() === '') return 'is needed';
    if (!facts || facts.interfaces.some((each) => each.name === name.trim())) return null;
    return `${facts.name} has ${facts.interfaces
      .filter(({ loopback }) => !loopback)
      .map((each) => each.name)
      .join(', ')}`;
  };
}

function virtualProblem({ around }: StepContext, value: string, values: Values): string | null {
  if (value.trim() === '') return null;
  const wanted = parsePrefixed(value);
  if (wanted === null) return 'an address with prefix length, such as 192.0.2.10/24';
  const names = [values.interfaceHere?.trim(), values.interfaceThere?.trim()];
  const bare = value.trim().split('/')[0] ?? '';
  for (const [at, facts] of around.facts.entries()) {
    const all = outerAddresses(facts);
    if (all.some(({ address }) => isSameAddress(address, bare)) && around.present === null)
      return `${facts.name} holds it itself`;
    const mine = all.filter((placed) => placed.interface === names[at]);
    const inside = mine.some(({ address }) => {
      const parsed = parseAddress(address);
      return parsed !== null && isInSegment(parsed, wanted);
    });
    if (mine.length > 0 && !inside) return `not in the segment of ${names[at]} of ${facts.name}`;
  }
  return null;
}

/** All steps but the summary. */
export const steps: readonly Step[] = [
  peerStep,
  linksStep,
  applicationStep,
  arbiterStep,
  addressStep,
  resourcesStep,
  rulesStep,
];
