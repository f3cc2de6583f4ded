/** The preflight with what this node knows: its identity, its guard's ports, and the peer over the link. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  apiVersion,
  type NodeFacts,
  nodeFactsSchema,
  type PreflightCheck,
} from '../../../src/contract/index.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Sealer } from '../../settings/seal.ts';
import type { SettingsStore } from '../../settings/store.ts';
import { inspectLeaseStore } from '../../standby/lease/inspect.ts';
import { type PeerMethods, peerMethod } from '../../standby/link/methods.ts';
import { collectFacts } from '../../standby/preflight/collect.ts';
import { runProgram } from '../../standby/preflight/probes.ts';
import { gatherFacts, type PreflightPeer, runPreflight } from '../../standby/preflight/run.ts';
import { limited } from '../limited.ts';
import { openPairConfig } from './share.ts';
import type { Standby } from './standby.ts';

const factsMethod = peerMethod({
  name: 'preflight.facts',
  input: z.object({}),
  output: nodeFactsSchema,
  timeoutMs: 15_000,
});
const timeMethod = peerMethod({
  name: 'preflight.time',
  input: z.object({}),
  output: z.object({ timeMs: z.number() }),
  timeoutMs: 2_000,
});

export interface PreflightOptions {
  standby: Standby;
  settings: SettingsStore;
  sealer: Sealer;
  clock: Clock;
  version: string;
  dataDir: string;
  recorderRuns: () => boolean;
}

/** Of each kind: everybody who may look may ask, and each starts programs on both nodes. */
const runningMax = 4;

/** Where this agent is installed: the tree that holds `agent/`. */
const installPath = dirname(fileURLToPath(new URL('../..', import.meta.url)));

export class Preflight {
  readonly #options: PreflightOptions;
  /** @throws AppError `unavailable` when too many run. */
  readonly run = limited(runningMax, 'preflights', () => this.#run());
  readonly facts = limited(runningMax, 'gatherings of facts', () => this.#gather());

  constructor(options: PreflightOptions) {
    this.#options = options;
  }

  serve(methods: PeerMethods): void {
    methods.serve(factsMethod, () => this.#collect());
    methods.serve(timeMethod, () => ({ timeMs: this.#options.clock.nowMs() }));
  }

  #run(): Promise<PreflightCheck[]> {
    const { clock } = this.#options;
    return runPreflight({
      collect: () => this.#collect(),
      peer: this.#peer(),
      clock: { monotonicMs: clock.monotonicMs, wallMs: clock.nowMs },
      config: this.#config(),
    });
  }

  #gather(): Promise<NodeFacts[]> {
    return gatherFacts({ collect: () => this.#collect(), peer: this.#peer() });
  }

  #peer(): PreflightPeer | null {
    const { standby, settings } = this.#options;
    if (settings.current().pair === null) return null;
    return {
      facts: async () => standby.peer().ask(factsMethod, {}),
      timeMs: async () => (await standby.peer().ask(timeMethod, {})).timeMs,
    };
  }

  #config() {
    const { settings, sealer } = this.#options;
    return openPairConfig(settings.current().pair, sealer);
  }

  async #collect(): Promise<NodeFacts> {
    const { standby, settings, clock, version, dataDir, recorderRuns } = this.#options;
    const { node, pair, spaces, standby: own } = settings.current();
    const peerAddress = await standby.ownAddress().catch(() => null);
    const guard = standby.supervisor.status();
    const config = this.#config();
    return collectFacts({
      identity: {
        nodeId: node.id,
        name: node.name,
        version,
        installPath,
        apiVersion,
        fingerprint: standby.fingerprint ?? '',
        peerAddress,
        pairId: pair?.pairId ?? null,
        timeZone: node.timeZone,
      },
      config,
      processes: [
        { name: 'recorder', running: recorderRuns(), detail: null },
        ...(config ? [{ name: 'guard', running: standby.supervisor.phase === 'running', detail: null }] : []),
      ],
      busyPaths: [dataDir, installPath, ...spaces.map(({ path }) => path)].slice(0, 64),
      watchdogDevice: own.watchdogDevice,
      ownPorts: guard?.status.pair ? (config?.links.map(({ port }) => port) ?? []) : [],
      run: runProgram,
      inspectArbiter: async (arbiter) => {
        if (arbiter.kind !== 'hub' && arbiter.kind !== 'etcd' && arbiter.kind !== 'nats') return [];
        const findings = await inspectLeaseStore(arbiter);
        return findings.map((each) => ({ ...each, evidence: each.evidence.slice(0, 1_024) }));
      },
      nowMs: () => Math.round(clock.nowMs()),
    });
  }
}
