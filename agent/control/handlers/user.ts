/** Handlers of `user`: accounts and their roles; one-time passwords appear in the reply only. */
import { note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

export function userHandlers({ accounts }: Services) {
  const roleOf = (name: string) => {
    const user = accounts.find(name);
    return user ? { role: user.role, disabled: user.disabled } : null;
  };
  return {
    list: api.user.list.handler(({ context }) => {
      note(context, { skip: true });
      return accounts.list();
    }),
    add: api.user.add.handler(async ({ input, context }) => {
      const { user, oneTimePassword } = await accounts.add(input.name, input.role);
      note(context, { subject: input.name, text: `user ${input.name} added as ${input.role}` });
      return { ...user, oneTimePassword };
    }),
    edit: api.user.edit.handler(async ({ input, context }) => {
      note(context, { subject: input.name, before: roleOf(input.name) });
      const user = await accounts.edit(input.name, input);
      note(context, { after: roleOf(input.name), text: `user ${input.name} changed` });
      return user;
    }),
    resetPassword: api.user.resetPassword.handler(async ({ input, context }) => {
      note(context, { subject: input.name });
      const oneTimePassword = await accounts.resetPassword(input.name);
      note(context, { text: `password of ${input.name} reset` });
      return { oneTimePassword };
    }),
    remove: api.user.remove.handler(async ({ input, context }) => {
      note(context, { subject: input.name, before: roleOf(input.name) });
      await accounts.remove(input.name);
      note(context, { text: `user ${input.name} removed` });
      return { ok: true as const };
    }),
  };
}
