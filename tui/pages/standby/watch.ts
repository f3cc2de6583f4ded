/** Keeps the state of the pair on the screen fresh. */
import type { PairStatus } from '../../../src/contract/index.ts';
import { type Answer, keepAsking } from '../../answer.ts';
import type { Shell } from '../../shell.ts';

export interface PairWatch extends Omit<Answer<PairStatus>, 'value'> {
  pair(): PairStatus | null;
}

export function watchPair(shell: Shell): PairWatch {
  const { value, ...answer } = keepAsking(shell, () => shell.client.standby.status());
  return { ...answer, pair: value };
}
