/** Work that starts programs or reads much: only so many at once, whoever may ask for it. */
import { AppError } from '../../src/errors.ts';

/** `what` in the plural. The call beyond `max` at once is refused with `unavailable`: an answer under way may be out of date for it. */
export function limited<Result>(
  max: number,
  what: string,
  work: () => Promise<Result>,
): () => Promise<Result> {
  let running = 0;
  return async () => {
    if (running >= max) {
      throw new AppError('unavailable', `${max} ${what} run already`, {
        hint: 'Try again when one of them has ended.',
      });
    }
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
    }
  };
}
