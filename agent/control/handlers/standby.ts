/** Handlers of `standby`: the pair's status and settings, its pairing, and the operations on it. */
import { type PairConfig, pairConfigSchema } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';
import { pairChanges, pairProblems, roleProblems } from '../standby/apply/plan.ts';
import { maskPair, secretsOf, unmaskPair } from '../standby/secrets.ts';
import { openPairConfig, storePairConfig } from '../standby/share.ts';

export function standbyHandlers(services: Services) {
  const { settings, sealer, standby, pairOperations, preflight } = services;
  const shownConfig = () => {
    const config = settings.current().pair?.config ?? null;
    return config && maskPair(config);
  };

  return {
    status: api.standby.status.handler(() => standby.shown(pairOperations.decisionsHere(10))),
    config: api.standby.config.handler(shownConfig),
    preflight: api.standby.preflight.handler(() => preflight.run()),
    facts: api.standby.facts.handler(() => preflight.facts()),
    explain: api.standby.explain.handler(() => pairOperations.explain()),
    history: api.standby.history.handler(({ input }) => pairOperations.history(input.limit)),
    pairingCode: api.standby.pairingCode.handler(async ({ context }) => {
      const shown = await standby.showCode();
      note(context, { text: 'a pairing code was shown' });
      return shown;
    }),
    join: api.standby.join.handler(async ({ input, context }) => {
      const joined = await standby.join(input.address, input.code);
      note(context, { subject: joined.nodeId, text: `paired with ${joined.name} at ${input.address}` });
      return joined;
    }),
    apply: api.standby.apply.handler(async ({ input, context }) => {
      const { next, changes, problems } = judge(services, input.config);
      const goes = next !== null && problems.length === 0 && !input.dryRun && changes.length > 0;
      if (input.dryRun) note(context, { skip: true });
      else
        note(context, {
          text: `settings of the pair: ${[...changes, ...problems].join('; ') || 'no change'}`,
        });
      if (goes) {
        await settings.update((draft) => {
          if (!draft.pair) throw new AppError('conflict', 'this node is not paired any more');
          storePairConfig(draft.pair, next, sealer);
          draft.pair.localHash = null;
          standby.sync.raise(draft);
        });
        await standby.settingsChanged();
      }
      return { changes, problems, applied: goes };
    }),
    remove: api.standby.remove.handler(async ({ input }) => {
      const { pair } = settings.current();
      if (!pair) throw new AppError('not_found', 'this node is not paired');
      const name = pair.config?.application ?? pair.peer.name;
      if (input.confirm !== name) throw notConfirmed(name, 'removes the pair from this node');
      if (input.both) await pairOperations.removeThere();
      await standby.remove();
      return { ok: true as const };
    }),
    bringIn: api.standby.bringIn.handler(({ input }) => pairOperations.bringIn(input)),
    bringOut: api.standby.bringOut.handler(({ input }) => pairOperations.bringOut(input)),
    switch: api.standby.switch.handler(({ input }) => pairOperations.switch(input)),
    takeOver: api.standby.takeOver.handler(({ input }) => pairOperations.takeOver(input)),
    handOver: api.standby.handOver.handler(({ input }) => pairOperations.handOver(input)),
    maintenance: api.standby.maintenance.handler(async ({ input }) => {
      await pairOperations.change(input.on ? 'maintenance-on' : 'maintenance-off');
      return { ok: true as const };
    }),
    standalone: api.standby.standalone.handler(async ({ input }) => {
      await pairOperations.change(input.on ? 'standalone-on' : 'standalone-off', input.confirm);
      return { ok: true as const };
    }),
  };
}

/** What new settings would change, and why they may not. */
function judge({ settings, sealer, standby }: Services, input: unknown) {
  const { pair, node } = settings.current();
  if (!pair) {
    throw new AppError('conflict', 'this node has no peer yet', {
      hint: 'Pair it first: holdfast standby pair code on one node, pair join ADDRESS CODE on the other.',
    });
  }
  const parsed = pairConfigSchema.safeParse(input);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 20)
      .map(({ path, message }) => `${path.join('.')}: ${message}`);
    return { next: null, changes: [], problems };
  }
  const present = openPairConfig(pair, sealer);
  const next: PairConfig = {
    ...unmaskPair(parsed.data, present ? secretsOf(present) : {}),
    version: Math.max(present?.version ?? 0, parsed.data.version - 1),
  };
  const problems = [
    ...pairProblems(next, {
      pairId: pair.pairId,
      self: { nodeId: node.id, fingerprint: standby.fingerprint ?? '' },
      peer: pair.peer,
    }),
    ...roleProblems(present, next, [
      { name: node.name, role: standby.ownRole() },
      { name: pair.peer.name, role: standby.guardPair()?.peer?.role ?? null },
    ]),
  ];
  return { next, changes: pairChanges(present, next), problems };
}

function notConfirmed(name: string, what: string): AppError {
  return new AppError('invalid_input', `this ${what}: confirm with its name`, {
    hint: `Give confirm: ${name}.`,
  });
}
