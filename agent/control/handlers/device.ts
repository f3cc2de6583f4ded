/** Handlers of `device`: the directory lies with the receiver process, which answers. */
import { callerOf, note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

export function deviceHandlers({ receivers }: Services) {
  const { device } = api;
  return {
    list: device.list.handler(({ input, context }) =>
      receivers.call('device.list', input, callerOf(context).user),
    ),
    show: device.show.handler(({ input, context }) =>
      receivers.call('device.show', input, callerOf(context).user),
    ),
    add: device.add.handler(async ({ input, context }) => {
      const added = await receivers.call('device.add', input, callerOf(context).user);
      note(context, { subject: added.account, after: added });
      return added;
    }),
    edit: device.edit.handler(async ({ input, context }) => {
      const edited = await receivers.call('device.edit', input, callerOf(context).user);
      note(context, { subject: edited.account, after: edited });
      return edited;
    }),
    remove: device.remove.handler(({ input, context }) => {
      note(context, { subject: input.account });
      return receivers.call('device.remove', input, callerOf(context).user);
    }),
    import: device.import.handler(async ({ input, context }) => {
      const { added, changed, unchanged } = await receivers.call(
        'device.import',
        input,
        callerOf(context).user,
      );
      if (input.dryRun) note(context, { skip: true });
      else note(context, { text: `devices: ${added} added, ${changed} changed, ${unchanged} as they were` });
      return { added, changed, unchanged };
    }),
    synchronise: device.synchronise.handler(({ context }) =>
      receivers.call('device.synchronise', null, callerOf(context).user),
    ),
  };
}
