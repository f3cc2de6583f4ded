/** Finds objects of the settings by what people type: an id, or a name. */
import { AppError } from '../../src/errors.ts';

interface Named {
  id: string;
  name: string;
}

/** @throws AppError `not_found`; `conflict` when a name fits several. */
export function findByIdOrName<T extends Named>(items: readonly T[], wanted: string, noun: string): T {
  const byId = items.find((item) => item.id === wanted);
  if (byId) return byId;
  const byName = items.filter((item) => item.name === wanted);
  const [first] = byName;
  if (!first) {
    throw new AppError('not_found', `there is no ${noun} ${wanted}`, { hint: `See: holdfast ${noun} list.` });
  }
  if (byName.length > 1) {
    throw new AppError('conflict', `${byName.length} ${noun}s are called ${wanted}`, {
      hint: `Use the id: ${byName.map((item) => item.id).join(', ')}.`,
    });
  }
  return first;
}

/** @throws AppError `not_found`. */
export function findById<T extends Named>(items: readonly T[], id: string, noun: string): T {
  const found = items.find((item) => item.id === id);
  if (found) return found;
  throw new AppError('not_found', `there is no ${noun} ${id}`, { hint: `See: holdfast ${noun} list.` });
}

/** @throws AppError `conflict` unless the object's name, or its id, was typed. */
export function requireConfirmation(item: Named, confirm: string, consequence: string): void {
  if (confirm === item.name || confirm === item.id) return;
  throw new AppError('conflict', `${consequence}: this needs the name "${item.name}" typed as confirmation`, {
    hint: `Repeat with the confirmation "${item.name}".`,
    details: { confirm: item.name },
  });
}
