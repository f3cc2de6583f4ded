/** Opens the wizard: with the draft that was left, else with what is set up, else with what both nodes know. */
import type { Shell } from '../../../shell.ts';
import type { PairWatch } from '../watch.ts';
import { type Draft, type Surroundings, startDraft } from './draft.ts';
import { fileDraftStore } from './draft-store.ts';
import { Wizard } from './overlay.ts';

function nodeIdOf(shell: Shell): string {
  return shell.state().status?.node.id ?? '';
}

/** Answers were left unfinished for this node. */
export function hasDraft(shell: Shell): boolean {
  return fileDraftStore().get(nodeIdOf(shell)) !== null;
}

export function openWizard(shell: Shell, watch: PairWatch, done: () => void): void {
  if (!shell.mayChange()) return;
  const store = fileDraftStore();
  const nodeId = nodeIdOf(shell);
  const look = async (): Promise<Surroundings> => {
    const { standby } = shell.client;
    const [facts, present] = await Promise.all([standby.facts(), standby.config()]);
    return { facts, present, pair: watch.pair() };
  };
  shell.run('Looking at both nodes', look, (around) => {
    const fresh = startDraft(around);
    const left = store.get(nodeId);
    const stale = left !== null && left.basis !== fresh.basis;
    if (stale) {
      store.remove(nodeId);
      shell.notify('The pair was changed since answers were left here: they are dropped.', 'warn');
    }
    const kept = stale ? null : left;
    shell.open(
      new Wizard(shell, {
        draft: kept === null ? fresh : resumed(kept, fresh),
        around,
        look,
        keep: (draft) => {
          store.set(nodeId, draft);
          done();
        },
        applied: () => {
          store.remove(nodeId);
          done();
        },
      }),
    );
  });
}

/** The kept answers, with what a draft never keeps taken from the present settings. */
function resumed(kept: Draft, fresh: Draft): Draft {
  const resources = kept.resources.map((resource) => {
    const before = fresh.resources.find(({ id }) => id === resource.id);
    return before?.password === undefined || resource.password !== undefined
      ? resource
      : { ...resource, password: before.password };
  });
  return { ...kept, values: { ...fresh.values, ...kept.values }, resources };
}
