/** The pairing desk: shows one code at a time, for ten minutes and five tries, and admits the node that proves to know it. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import { type PeerMethod, peerMethod } from './methods.ts';
import { type PakeKeys, sameProof, startPake } from './speke.ts';

export const codeValidMs = 600_000;
export const codeTriesMax = 5;
/** No letter or digit that is taken for another; 32 of them, so that a code has 40 bits. */
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

const nodeSchema = z.object({
  nodeId: z.string().min(1).max(64),
  name: z.string().min(1).max(64),
  /** Where its own peer link listens; null for all its addresses: then the one that it is seen under counts. */
  host: z.string().min(1).max(256).nullable(),
  port: z.number().int().min(1).max(65_535),
});
export type PairingNode = z.infer<typeof nodeSchema>;

export const beginPairing = peerMethod({
  name: 'pairing.begin',
  input: z.object({ node: nodeSchema, publicValue: z.string().max(400) }),
  output: z.object({ node: nodeSchema, publicValue: z.string().max(400) }),
  timeoutMs: 10_000,
});
export const confirmPairing = peerMethod({
  name: 'pairing.confirm',
  input: z.object({ proof: z.string().max(64) }),
  output: z.object({ proof: z.string().max(64) }),
  timeoutMs: 10_000,
});

/** A node that both sides have authenticated. */
export interface PairedPeer {
  readonly node: PairingNode;
  readonly fingerprint: string;
  /** Address that it was reached at or came from, without the port. */
  readonly host: string;
  readonly pairId: string;
  readonly pairKey: Buffer;
}

export interface PairingDeskOptions {
  clock: Clock;
  self: () => PairingNode;
  /** SHA-256 of our certificate. */
  fingerprint: string;
  /** @throws AppError when this node has a pair already. */
  admit: (peer: PairedPeer) => Promise<void>;
  /** A try that failed, and what came of it. */
  onRefused: (from: string, locked: boolean) => void;
}

interface Shown {
  code: string;
  expiresAtMs: number;
  monotonicEndMs: number;
  tries: number;
}

/** What the desk knows of one connection that is not paired yet. */
export interface PairingVisitor {
  readonly fingerprint: string;
  readonly host: string;
  begun: { node: PairingNode; keys: PakeKeys; code: string } | null;
}

export class PairingDesk {
  readonly #options: PairingDeskOptions;
  #shown: Shown | null = null;

  constructor(options: PairingDeskOptions) {
    this.#options = options;
  }

  /** A new code; an earlier one is void. */
  show(): { code: string; expiresAtMs: number } {
    const letters = Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)] ?? 'A').join('');
    const { clock } = this.#options;
    this.#shown = {
      code: letters,
      expiresAtMs: clock.nowMs() + codeValidMs,
      monotonicEndMs: clock.monotonicMs() + codeValidMs,
      tries: 0,
    };
    return {
      code: `${letters.slice(0, 4)}-${letters.slice(4)}`,
      expiresAtMs: Math.round(this.#shown.expiresAtMs),
    };
  }

  /** Whether a code is being shown. */
  get open(): boolean {
    return this.#current() !== null;
  }

  begin(visitor: PairingVisitor, input: z.infer<typeof beginPairing.input>) {
    const shown = this.#current();
    if (!shown) throw closed();
    // Counted before anything is proven: who breaks off after seeing an answer has used up a try.
    shown.tries += 1;
    const side = startPake(shown.code);
    const keys = side.finish(input.publicValue, {
      shower: this.#options.fingerprint,
      joiner: visitor.fingerprint,
      showerPublic: side.publicValue,
      joinerPublic: input.publicValue,
    });
    if (!keys) throw this.#refuse(visitor, shown);
    visitor.begun = { node: input.node, keys, code: shown.code };
    return { node: this.#options.self(), publicValue: side.publicValue };
  }

  async confirm(visitor: PairingVisitor, input: z.infer<typeof confirmPairing.input>) {
    const shown = this.#current(codeTriesMax);
    const { begun } = visitor;
    visitor.begun = null;
    if (!shown || !begun || begun.code !== shown.code) throw closed();
    if (!sameProof(input.proof, begun.keys.joinerProof)) throw this.#refuse(visitor, shown);
    this.#shown = null;
    const { pairId, pairKey, showerProof } = begun.keys;
    const { fingerprint, host } = visitor;
    await this.#options.admit({
      node: begun.node,
      fingerprint,
      host: begun.node.host ?? host,
      pairId,
      pairKey,
    });
    return { proof: showerProof };
  }

  #current(triesMax = codeTriesMax - 1): Shown | null {
    const shown = this.#shown;
    if (!shown || this.#options.clock.monotonicMs() > shown.monotonicEndMs) return null;
    return shown.tries <= triesMax ? shown : null;
  }

  #refuse(visitor: PairingVisitor, shown: Shown): AppError {
    const left = codeTriesMax - shown.tries;
    if (left <= 0) this.#shown = null;
    this.#options.onRefused(visitor.host, left <= 0);
    return wrongCode(left);
  }
}

/** The other half: what the node does whose operator typed the code. */
export async function joinWithCode(options: {
  code: string;
  self: PairingNode;
  /** Of our certificate and of the node that was dialled. */
  fingerprint: string;
  otherFingerprint: string;
  host: string;
  ask: <I, O>(method: PeerMethod<I, O>, input: I) => Promise<O>;
}): Promise<PairedPeer> {
  const { self, fingerprint, otherFingerprint, host, ask } = options;
  const code = normaliseCode(options.code);
  const side = startPake(code);
  const answer = await ask(beginPairing, { node: self, publicValue: side.publicValue });
  const keys = side.finish(answer.publicValue, {
    shower: otherFingerprint,
    joiner: fingerprint,
    showerPublic: answer.publicValue,
    joinerPublic: side.publicValue,
  });
  if (!keys) throw new AppError('protocol', 'the other node answered the pairing with something impossible');
  const { proof } = await ask(confirmPairing, { proof: keys.joinerProof });
  if (!sameProof(proof, keys.showerProof)) {
    throw new AppError('unauthorized', 'the other node did not prove that it knows the code', {
      hint: 'Something between the nodes answers in its place: check the address, and show a new code.',
    });
  }
  const { pairId, pairKey } = keys;
  return { node: answer.node, fingerprint: otherFingerprint, host, pairId, pairKey };
}

/** As typed by a person: lower case, spaces and dashes are fine. @throws AppError `invalid_input`. */
function normaliseCode(typed: string): string {
  const code = typed.toUpperCase().replace(/[\s-]/g, '');
  if (code.length === 8 && [...code].every((letter) => alphabet.includes(letter))) return code;
  throw new AppError('invalid_input', 'a pairing code has eight letters and digits, like K7PM-3XWD', {
    hint: 'It holds neither I, O, 0 nor 1. Show one on the other node: holdfast standby pairing-code.',
  });
}

function closed(): AppError {
  return new AppError('forbidden', 'no pairing code is valid on the other node', {
    hint: `Show one there: holdfast standby pairing-code. It holds for ten minutes and ${codeTriesMax} tries.`,
  });
}

function wrongCode(left: number): AppError {
  const text =
    left > 0
      ? `the pairing code is wrong; ${left} ${left === 1 ? 'try is' : 'tries are'} left`
      : `the pairing code was wrong ${codeTriesMax} times and is void now`;
  return new AppError('unauthorized', text, {
    hint: left > 0 ? 'Type it as the other node shows it.' : 'Show a new one on the other node.',
  });
}
