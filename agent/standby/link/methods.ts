/** What one node of a pair may ask the other: named methods with checked input and output, and a registry of those served here. */
import type { z } from 'zod';
import { AppError } from '../../../src/errors.ts';

export interface PeerMethod<Input, Output> {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** How long the asking side waits. */
  readonly timeoutMs: number;
}

/** Declares a method; both nodes use the same declaration. */
export function peerMethod<Input, Output>(method: PeerMethod<Input, Output>): PeerMethod<Input, Output> {
  return method;
}

export class PeerMethods {
  readonly #served = new Map<string, (input: unknown) => Promise<unknown>>();

  /** Answers the paired node only. A method has one handler. */
  serve<Input, Output>(
    method: PeerMethod<Input, Output>,
    handle: (input: Input) => Promise<Output> | Output,
  ): void {
    this.#served.set(method.name, async (raw) => {
      const parsed = method.input.safeParse(raw);
      if (!parsed.success) throw new AppError('invalid_input', `the input of ${method.name} is not valid`);
      return method.output.parse(await handle(parsed.data));
    });
  }

  serves(name: string): boolean {
    return this.#served.has(name);
  }

  /** @throws AppError `unsupported` for a method that this node does not know. */
  async answer(name: string, input: unknown): Promise<unknown> {
    const handle = this.#served.get(name);
    if (!handle) {
      throw new AppError('unsupported', `the other node does not know "${name}"`, {
        hint: 'Install the same version of Holdfast on both nodes.',
      });
    }
    return handle(input);
  }
}
