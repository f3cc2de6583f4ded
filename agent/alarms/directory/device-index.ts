/** All devices in memory: found by account at once, and listed in its order. */
import type { DeviceQuery } from '../../../src/contract/index.ts';
import type { Head } from './head.ts';

export interface FoundHeads {
  readonly heads: readonly Head[];
  /** All that match, before and after the page too. */
  readonly total: number;
  readonly more: boolean;
}

export class DeviceIndex {
  #heads = new Map<string, Head>();
  /** In order; made anew after devices came or went. */
  #order: string[] | null = null;

  get size(): number {
    return this.#heads.size;
  }

  get(account: string): Head | null {
    return this.#heads.get(account) ?? null;
  }

  set(head: Head): void {
    if (!this.#heads.has(head.account)) this.#order = null;
    this.#heads.set(head.account, head);
  }

  remove(account: string): void {
    if (this.#heads.delete(account)) this.#order = null;
  }

  clear(): void {
    this.#heads = new Map();
    this.#order = null;
  }

  *inOrder(): Generator<Head> {
    for (const account of this.#ordered()) {
      const head = this.#heads.get(account);
      if (head !== undefined) yield head;
    }
  }

  /** `matches`: beyond the text. */
  search({ text, after, limit }: DeviceQuery, matches: (head: Head) => boolean): FoundHeads {
    const wanted = text?.toLowerCase() ?? '';
    const heads: Head[] = [];
    let total = 0;
    let more = false;
    for (const head of this.inOrder()) {
      if (!holds(head, wanted) || !matches(head)) continue;
      total += 1;
      if (after !== undefined && head.account <= after) continue;
      if (heads.length < limit) heads.push(head);
      else more = true;
    }
    return { heads, total, more };
  }

  #ordered(): string[] {
    this.#order ??= [...this.#heads.keys()].sort();
    return this.#order;
  }
}

function holds({ account, name, serial }: Head, wanted: string): boolean {
  if (wanted === '') return true;
  return [account, name, serial].some((field) => field.toLowerCase().includes(wanted));
}
