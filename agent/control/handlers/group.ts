/** Handlers of `group`: control keeps the account of the group in the settings, the receiver process does the rest. */
import { callerOf, note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

export function groupHandlers({ receivers }: Services) {
  const { group } = api;
  return {
    status: group.status.handler(() => receivers.group()),
    connect: group.connect.handler(async ({ input, context }) => {
      const joined = await receivers.connect(input, callerOf(context).user);
      note(context, { subject: input.arcId, text: `joined the group ${input.arcId} as ${joined.role}` });
      return joined;
    }),
    disable: group.disable.handler(async ({ input, context }) => {
      const cleared = await receivers.disable(input, callerOf(context).user);
      if (cleared.done) note(context, { text: `left the group; cleared: ${cleared.clears.join('; ')}` });
      else note(context, { skip: true });
      return cleared;
    }),
    order: group.order.handler(({ input, context }) =>
      receivers.call('group.order', input, callerOf(context).user),
    ),
    removeMember: group.removeMember.handler(({ input, context }) =>
      receivers.call('group.removeMember', input, callerOf(context).user),
    ),
    handOver: group.handOver.handler(({ input, context }) =>
      receivers.call('group.handOver', input, callerOf(context).user),
    ),
    explain: group.explain.handler(({ context }) =>
      receivers.call('group.explain', null, callerOf(context).user),
    ),
  };
}
