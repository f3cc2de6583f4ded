/** The question before a console is left whose agent ends with it: what that means for a pair. */
import type { NodeStatus } from '../src/contract/index.ts';
import { confirmOverlay } from './components/confirm.ts';
import type { Overlay, Shell } from './shell.ts';

const means = {
  active:
    'It is the active node of its pair: the other node takes over if it is well. If it is not, what the pair runs stops ' +
    'until this node is started again.',
  standby:
    'It is the standby of its pair: until it is started again, nobody takes over when the active node fails.',
} as const;

/** Null where leaving takes nothing from anybody: a node that is in no pair, or brought out. */
export function leavingQuestion(
  shell: Shell,
  { name, role }: NodeStatus['node'],
  leave: () => void,
): Overlay | null {
  if (role === 'single') return null;
  return confirmOverlay(shell, {
    title: `Leave, and end the agent of ${name}`,
    consequences: [
      `This console was started together with its agent (holdfast up): leaving it ends the agent of ${name}.`,
      means[role],
      'To come and go as you like, let the agent run as a service and open the console with holdfast tui.',
    ],
    verb: 'Leave',
    working: 'Leaving',
    act: async () => leave(),
  });
}
