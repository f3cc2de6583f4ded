/** What an account and an address may send: each has a share of its own, so that none can take the others'. */
import { createRate, type Rate } from '../../../src/model/rate.ts';
import { type IntakeLimits, ratesMax } from './limits.ts';
import { createRecent } from './recent.ts';

export interface MessageRates {
  /** Whether a message of this account may be worked on now; null: of one that the directory does not know. */
  take(account: string | null, nowMs: number): boolean;
  /** Whether an address may have one more frame refused. */
  refuse(address: string, nowMs: number): boolean;
}

export function createMessageRates(limits: IntakeLimits): MessageRates {
  const ofAccount = createRecent<Rate>(ratesMax);
  const ofAddress = createRecent<Rate>(ratesMax);
  // One for all of them: made-up accounts must not have a share each.
  const unknown = createRate(limits.unknownPerSecond, limits.unknownBurst);
  const newAccount = () => createRate(limits.accountPerSecond, limits.accountBurst);
  const newAddress = () => createRate(limits.refusedPerSecond, limits.refusedBurst);
  return {
    take: (account, nowMs) =>
      account === null ? unknown.take(nowMs) : ofAccount.of(account, newAccount).take(nowMs),
    refuse: (address, nowMs) => ofAddress.of(address, newAddress).take(nowMs),
  };
}
