/** Outputs to the ARC in their order; their keys lie sealed in the file and are opened only for who connects. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import { type AlarmOutput, alarmOutputSchema } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import type { Sealer } from '../../settings/seal.ts';
import { outputsMax } from './types.ts';

const rowSchema = z.object({
  id: z.string(),
  place: z.number(),
  key: z.string().nullable(),
  config: z.string(),
});
type Row = z.infer<typeof rowSchema>;

export class Outputs {
  readonly #sealer: Sealer;
  readonly #sql: Record<'all' | 'put' | 'remove' | 'clear', StatementSync>;

  constructor(database: DatabaseSync, sealer: Sealer) {
    this.#sealer = sealer;
    this.#sql = {
      all: database.prepare('SELECT * FROM output ORDER BY place'),
      put: database.prepare('INSERT OR REPLACE INTO output VALUES (?, ?, ?, ?)'),
      remove: database.prepare('DELETE FROM output WHERE id = ?'),
      clear: database.prepare('DELETE FROM output'),
    };
  }

  shown(): AlarmOutput[] {
    return this.#rows().map((row) => withKey(row, row.key === null ? null : ''));
  }

  /** @throws AppError `data_loss` when a seal does not open. */
  withKeys(): AlarmOutput[] {
    return this.#rows().map((row) => withKey(row, this.#open(row)));
  }

  /** Those of which seal and settings can be read; of the others `tell` hears. */
  usable(tell: (error: AppError) => void): AlarmOutput[] {
    return this.#rows().flatMap((row) => {
      try {
        return [withKey(row, this.#open(row))];
      } catch (cause) {
        tell(
          new AppError('data_loss', `the output ${row.id} is not used: its key or settings cannot be read`, {
            hint: 'Enter its key again, or put the right key file back into the data folder.',
            cause,
          }),
        );
        return [];
      }
    });
  }

  /** Inside a transaction. @throws AppError `invalid_input`, `conflict`. */
  set(output: AlarmOutput): void {
    const rows = this.#rows();
    const there = rows.find(({ id }) => id === output.id);
    if (!there && rows.length >= outputsMax) {
      throw new AppError('conflict', `there are ${outputsMax} outputs already`, {
        hint: 'Remove one first.',
      });
    }
    const place = there?.place ?? (rows.at(-1)?.place ?? 0) + 1;
    this.#sql.put.run(output.id, place, this.#sealed(output, there), configText(output));
  }

  /** Inside a transaction. @throws AppError `not_found`. */
  remove(id: string): void {
    if (this.#sql.remove.run(id).changes === 0) {
      throw new AppError('not_found', `there is no output ${id}`, {
        hint: 'holdfast alarm output list shows them.',
      });
    }
  }

  /** Inside a transaction. */
  replaceAll(outputs: readonly AlarmOutput[]): void {
    this.#sql.clear.run();
    for (const output of outputs) this.set(output);
  }

  #sealed(output: AlarmOutput, there: Row | undefined): string | null {
    if (output.kind !== 'dc09' || output.key === null) return null;
    if (output.key !== '') return this.#sealer.sealText(output.key.toLowerCase(), context(output.id));
    if (there?.key) return there.key;
    throw new AppError('invalid_input', `output ${output.id} has no key that could be kept`, {
      hint: 'Give its key, or null for none.',
    });
  }

  #open({ id, key }: Row): string | null {
    return key === null ? null : this.#sealer.openText(key, context(id));
  }

  #rows(): Row[] {
    return this.#sql.all.all().map((row) => rowSchema.parse(row));
  }
}

function context(id: string): string {
  return `alarm output ${id}`;
}

function configText(output: AlarmOutput): string {
  return JSON.stringify(output.kind === 'dc09' ? { ...output, key: null } : output);
}

function withKey({ config }: Row, key: string | null): AlarmOutput {
  const output = alarmOutputSchema.parse(JSON.parse(config));
  return output.kind === 'dc09' ? { ...output, key } : output;
}
