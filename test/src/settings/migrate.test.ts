import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { migrateSettings } from '../../../src/settings/migrate.ts';
import { settingsSchema, settingsVersion } from '../../../src/settings/schema.ts';

const valid = {
  version: settingsVersion,
  node: { id: 'n-1', name: 'node', timeZone: 'UTC', createdAtMs: 0 },
};

describe('settings of other versions', () => {
  it('get their defaults', () => {
    expect(migrateSettings(valid)).toMatchObject({ journal: { entriesMax: 1_000_000 }, cameras: [] });
  });

  it('are brought forward step by step', () => {
    const oldest = { version: settingsVersion - 1, title: 'yard' };
    const steps = {
      [settingsVersion - 1]: ({ title, ...rest }: Record<string, unknown>) => ({
        ...rest,
        node: { ...valid.node, name: title },
      }),
    };
    expect(migrateSettings(oldest, steps)).toMatchObject({
      version: settingsVersion,
      node: { name: 'yard' },
    });
  });

  it('are refused when no step leads on from them', () => {
    expect(() => migrateSettings({ version: settingsVersion - 1 })).toThrowError(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });

  it('are refused when newer, with both versions named', () => {
    expect(() => migrateSettings({ ...valid, version: settingsVersion + 1 })).toThrowError(
      expect.objectContaining({
        code: 'unsupported',
        message: expect.stringContaining(`version ${settingsVersion + 1}`),
      }),
    );
  });

  it.each([
    ['no version', { node: valid.node }, 'invalid_input'],
    ['an unknown key', { ...valid, colour: 'red' }, 'invalid_input'],
    ['an unknown key inside', { ...valid, api: { sessionIdle: 5 } }, 'invalid_input'],
    ['a value out of range', { ...valid, journal: { entriesMax: 1 } }, 'invalid_input'],
    ['no document at all', null, 'invalid_input'],
  ])('are refused with %s', (_, document, code) =>
    expect(() => migrateSettings(document)).toThrowError(expect.objectContaining({ code })),
  );

  it('name the field that is wrong', () => {
    expect(() => migrateSettings({ ...valid, node: { ...valid.node, timeZone: 'Nowhere' } })).toThrowError(
      expect.objectContaining({ details: { field: 'node.timeZone' } }),
    );
  });
});

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
}

describe('the settings schema', () => {
  it('says of each field what it is', () => {
    const undescribed: string[] = [];
    const walk = (schema: JsonSchema, path: string) => {
      for (const [key, field] of Object.entries(schema.properties ?? {})) {
        if (!field.description) undescribed.push(`${path}${key}`);
        walk(field, `${path}${key}.`);
        if (field.items) walk(field.items, `${path}${key}[].`);
      }
    };
    walk(z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, '');
    expect(undescribed).toEqual([]);
  });
});
