/** Brings settings of an older version forward, refuses those of a newer one, and names the field that is wrong. */
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { type Settings, settingsSchema, settingsVersion } from './schema.ts';

type Document = Record<string, unknown>;

/** Step `n` turns a document of version `n` into one of version `n + 1`. */
export type MigrationSteps = Readonly<Record<number, (document: Document) => Document>>;

const versionedSchema = z.looseObject({ version: z.number().int().nonnegative() });

/**
 * Settings of the present version out of whatever version the document has.
 * @throws AppError `unsupported` for a newer version, `invalid_input` naming the field otherwise.
 */
export function migrateSettings(document: unknown, steps: MigrationSteps = {}): Settings {
  const versioned = versionedSchema.safeParse(document);
  if (!versioned.success) {
    throw new AppError('invalid_input', 'the settings carry no version', {
      hint: 'Restore a backup from the data folder.',
    });
  }
  const { version } = versioned.data;
  if (version > settingsVersion) {
    throw new AppError(
      'unsupported',
      `the settings are of version ${version}, this Holdfast knows up to version ${settingsVersion}`,
      { hint: 'Install the newer Holdfast again, or restore a backup made before the upgrade.' },
    );
  }
  return parseSettings(applySteps(versioned.data, version, steps));
}

function applySteps(document: Document, from: number, steps: MigrationSteps): Document {
  let current = document;
  for (let version = from; version < settingsVersion; version += 1) {
    const step = steps[version];
    if (!step) {
      throw new AppError('unsupported', `settings of version ${version} can no longer be read`, {
        hint: 'Upgrade in steps: install the release that followed it first.',
      });
    }
    current = { ...step(current), version: version + 1 };
  }
  return current;
}

/** @throws AppError `invalid_input` naming the first wrong field. */
export function parseSettings(document: unknown): Settings {
  const parsed = settingsSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'settings';
  throw new AppError('invalid_input', `settings: ${field}: ${issue?.message ?? 'not valid'}`, {
    hint: 'Correct the named field, or restore a backup from the data folder.',
    details: { field },
  });
}
