/** The panels of a run: which account is free to report next, in turns, and its sequence and serial numbers. */
import { AppError } from '../../src/errors.ts';

const sequenceMax = 9_999;
const accountDigitsMax = 16;

export interface PanelAccount {
  readonly name: string;
  /** Place among the accounts: decides its line. */
  readonly index: number;
  sequence: number;
  /** Serial number of the last event. */
  number: number;
  underWay: number;
  /** When it last said something, monotonic. */
  lastMs: number;
}

export interface PanelAccounts {
  readonly all: readonly PanelAccount[];
  /** One that may report now, the longest idle first; null: all wait for answers. */
  take(): PanelAccount | null;
  release(account: PanelAccount): void;
}

/**
 * @param underWayMax messages that one account may have without an answer: 1, but for a flood.
 * @throws AppError `invalid_input` when the accounts get longer than an account may be.
 */
export function createAccounts(first: string, count: number, underWayMax: number): PanelAccounts {
  const all = Array.from({ length: count }, (_, index): PanelAccount => {
    const name = nameOf(first, index);
    return { name, index, sequence: 0, number: 0, underWay: 0, lastMs: 0 };
  });
  let free: PanelAccount[] = [...all];
  let at = 0;

  return {
    all,
    take() {
      const account = free[at];
      if (account === undefined) return null;
      at += 1;
      account.underWay += 1;
      if (account.underWay < underWayMax) free.push(account);
      if (at > count) {
        free = free.slice(at);
        at = 0;
      }
      return account;
    },
    release(account) {
      if (account.underWay === underWayMax) free.push(account);
      account.underWay -= 1;
    },
  };
}

/** Counts up in decimal and keeps letters before it: `A0998` after two is `A1000`. */
function nameOf(first: string, index: number): string {
  const [, head = '', digits = ''] = /^(.*?)(\d*)$/.exec(first) ?? [];
  const name = `${head}${String(Number(digits) + index).padStart(digits.length, '0')}`;
  if (name.length <= accountDigitsMax) return name;
  throw new AppError('invalid_input', `The account ${name} is longer than 16 characters.`, {
    hint: 'Begin with a lower --first.',
  });
}

/** 1 to 9999 and from the beginning. */
export function nextSequence(account: PanelAccount): number {
  account.sequence = (account.sequence % sequenceMax) + 1;
  return account.sequence;
}
