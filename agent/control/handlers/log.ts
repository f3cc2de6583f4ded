/** Handlers of `log`: search and clear the journal. */
import { note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

export function logHandlers({ journal }: Services) {
  return {
    search: api.log.search.handler(({ input }) => journal.search(input)),
    clear: api.log.clear.handler(({ input, context }) => {
      const removed = journal.clear(input.beforeMs ?? null);
      note(context, { text: `log cleared: ${removed} entries removed`, after: { removed } });
      return { removed };
    }),
  };
}
