/** The pair file: what it may say, what it may leave out, and what is refused with the reason. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { completePairFile, formatPairFile, parsePairFile } from '../../../src/model/pair-file.ts';
import { commonSegments, serviceSegment } from '../../../src/model/pair-suggest.ts';
import { pairTemplate } from '../../../src/model/pair-template.ts';
import { sampleFacts, samplePairConfig } from '../../support/sample-pair.ts';

const minimal = `
application: video
links:
  - { id: cable, addresses: { n-1: 198.51.100.1, n-2: 198.51.100.2 } }
arbiter: { kind: manual }
resources:
  - { id: web, name: web, kind: service, unit: nginx.service }
`;

const refusal = (text: string): string => {
  try {
    parsePairFile(text);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'invalid_input') return thrown.message;
    throw thrown;
  }
  return 'accepted';
};

describe('a pair file', () => {
  it('may leave out what has a default, and what the nodes know', () => {
    const file = parsePairFile(minimal);
    expect(file).toMatchObject({ profile: 'default', consistency: 'complete', failback: 'never' });
    expect(file.links[0]).toMatchObject({ port: 7340, intervalMs: 250, lostPacketsMax: 4 });
    expect(file.nodes).toBeUndefined();
  });

  it('comes back as it was written, in YAML and in JSON', () => {
    const config = samplePairConfig();
    const { version: _version, ...rest } = config;
    expect(parsePairFile(formatPairFile(config))).toEqual(rest);
    expect(parsePairFile(JSON.stringify(config))).toEqual(config);
  });

  it.each([
    ['{', 'not YAML or JSON'],
    ['application: a\napplication: b', 'not YAML or JSON: Map keys must be unique'],
    [`${minimal}\ncolour: red`, 'Unrecognized key: "colour"'],
    [minimal.replace('manual', 'maybe'), 'arbiter'],
    [minimal.replace('nginx.service', '"rm -rf; x"'), 'resources.0.unit'],
    [
      minimal.replace('resources:', 'resources:\n  - { id: web, name: b, kind: recording }'),
      'two resources named web',
    ],
    [minimal.replace('unit:', 'after: [web], unit:'), 'these wait for each other: web -> web'],
    [minimal.replace('unit:', 'after: [disk], unit:'), 'web waits for disk, which is not there'],
    [
      minimal.replace(
        'resources:',
        'resources:\n  - { id: a, name: a, kind: ip, address: 192.0.2.10, interfaces: {} }',
      ),
      'a: 192.0.2.10 is not an address with prefix length',
    ],
    ['[1, 2]', 'the pair file is wrong'],
    ['', 'the pair file is wrong'],
    ['x'.repeat(300_000), 'too large'],
  ])('%# is refused with its reason', (text, reason) => {
    expect(refusal(text)).toContain(reason);
  });

  it('that multiplies itself by aliases is refused before it fills the memory', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `l${at}: &l${at} [${`*l${at - 1},`.repeat(9)}]`,
    ).slice(1);
    expect(refusal(`l0: &l0 [x]\n${levels.join('\n')}`)).toContain('refers to itself too often');
  });

  it('is refused or read, never anything else, whatever it holds', () => {
    const isJudged = (text: string): boolean => typeof refusal(text) === 'string';
    fc.assert(fc.property(fc.string(), isJudged));
    fc.assert(fc.property(fc.json(), isJudged));
  });
});

describe('completing a pair file', () => {
  const file = parsePairFile(minimal);

  it('takes the nodes and the id from the pairing', () => {
    const config = completePairFile(file, { present: null, facts: sampleFacts(), freshPairId: 'fresh-id' });
    expect(config).toMatchObject({ pairId: 'pair-7c1f9e', version: 1 });
    expect(config.nodes[1]).toEqual({
      id: 'n-2',
      name: 'store-02',
      address: '192.0.2.2:7341',
      fingerprint: 'AB:CD:02',
      alias: null,
    });
  });

  it('keeps the nodes of the present settings, one version further', () => {
    const present = samplePairConfig();
    const config = completePairFile(file, { present, facts: [], freshPairId: 'fresh-id' });
    expect(config).toMatchObject({ pairId: present.pairId, version: 8, nodes: present.nodes });
  });

  it('refuses to guess a peer', () => {
    const [alone] = sampleFacts();
    expect(() => completePairFile(file, { present: null, facts: [alone], freshPairId: 'fresh-id' })).toThrow(
      'no peer yet',
    );
  });
});

describe('what is suggested', () => {
  it('links lie in segments that both share, IPv4 first, each interface once', () => {
    const [here, there] = sampleFacts();
    const found = commonSegments(here, there).map(
      (segment) => `${segment.here.address} ${segment.there.address}`,
    );
    expect(found).toEqual(['192.0.2.1 192.0.2.2', '198.51.100.1 198.51.100.2']);
  });

  it('nothing is suggested between nodes that share no segment, or hold the same address', () => {
    const [here] = sampleFacts();
    expect(commonSegments(here, here)).toEqual([]);
    const far = { ...here, interfaces: here.interfaces.map((each) => ({ ...each, up: false })) };
    expect(commonSegments(here, far)).toEqual([]);
  });

  it('the service lives where the peer is reached', () => {
    const [here, there] = sampleFacts();
    const segments = commonSegments(here, there);
    expect(serviceSegment(segments, { ...there, peerAddress: '198.51.100.2:7341' })?.here.interface).toBe(
      'eth1',
    );
    expect(serviceSegment(segments, { ...there, peerAddress: null })?.here.interface).toBe('eth0');
  });

  it('the template is a file that is accepted, paired or not', () => {
    for (const facts of [[], sampleFacts().slice(0, 1), sampleFacts()]) {
      const text = pairTemplate(facts);
      expect(parsePairFile(text).resources.map(({ kind }) => kind)).toEqual(['ip', 'recording']);
      expect(text.includes('pair join')).toBe(facts.length < 2);
    }
  });
});
