/** How long nobody is served while an operation on a pair runs, in words; what is brought out does not come back by itself. */
import type { OperationPlan } from '../contract/index.ts';

/** For a plan that is possible. */
export function outageWords({ operation, steps, outageMs }: OperationPlan): string {
  const stops = steps.some(({ action }) => action.startsWith('stop '));
  if (operation === 'bring-out' && stops) return 'until it is brought in again';
  if (outageMs === null) return 'not known';
  if (outageMs === 0) return 'none';
  return outageMs < 1_000 ? `about ${outageMs} ms` : `about ${(outageMs / 1_000).toFixed(1)} s`;
}
