/** The unfinished answers of the wizard in the user's own folder, one draft for each node; secrets are never among them. */
import { join } from 'node:path';
import { z } from 'zod';
import { configDir, readPrivateJson, writePrivateJson } from '../../../../src/client/private-file.ts';
import { type Draft, draftSchema, withoutSecrets } from './draft.ts';

const draftsSchema = z.record(z.string(), draftSchema);

export interface DraftStore {
  /** Null when there is none, or when it cannot be read: the wizard then begins anew. */
  get(nodeId: string): Draft | null;
  set(nodeId: string, draft: Draft): void;
  remove(nodeId: string): void;
}

export function fileDraftStore(folder: string = configDir()): DraftStore {
  const path = join(folder, 'standby-drafts.json');
  const read = (): z.infer<typeof draftsSchema> => {
    try {
      return readPrivateJson(path, draftsSchema, {});
    } catch {
      return {};
    }
  };
  return {
    get: (nodeId) => read()[nodeId] ?? null,
    set: (nodeId, draft) => writePrivateJson(path, { ...read(), [nodeId]: withoutSecrets(draft) }),
    remove(nodeId) {
      const { [nodeId]: removed, ...rest } = read();
      if (removed) writePrivateJson(path, rest);
    },
  };
}
