/** Sessions and users: log in, forced password change, accounts and their roles. */
import { z } from 'zod';
import { admin, anyone, okSchema, roleSchema, utcMsSchema, viewer } from './common.ts';

export const userNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9._-]{0,31}$/,
    'lower-case letters, digits, dot, dash, underscore; starts with a letter',
  );
/** Only bounded here; the policy itself is `src/model/password-policy.ts`, with a reason per refusal. */
const passwordSchema = z.string().min(1).max(256);

export const whoamiSchema = z.object({
  user: z.string(),
  role: roleSchema,
  mustChangePassword: z.boolean(),
  /** Local console sessions (socket, pipe) are the OS user and have no expiry. */
  via: z.enum(['local', 'network']),
  expiresAtMs: utcMsSchema.nullable(),
});
export type Whoami = z.infer<typeof whoamiSchema>;

export const userSchema = z.object({
  name: userNameSchema,
  role: roleSchema,
  disabled: z.boolean(),
  mustChangePassword: z.boolean(),
  createdAtMs: utcMsSchema,
  lastLoginAtMs: utcMsSchema.nullable(),
  lockedUntilMs: utcMsSchema.nullable(),
});
export type User = z.infer<typeof userSchema>;

export const sessionInfoSchema = z.object({
  id: z.string(),
  user: z.string(),
  role: roleSchema,
  address: z.string(),
  startedAtMs: utcMsSchema,
  lastSeenAtMs: utcMsSchema,
  current: z.boolean(),
});

export const session = {
  login: anyone
    .route({
      method: 'POST',
      path: '/session/login',
      summary: 'Log in; the token opens the WebSocket and REST',
    })
    .input(z.object({ user: z.string().max(64), password: passwordSchema }))
    .output(whoamiSchema.extend({ token: z.string() })),
  logout: viewer
    .meta({ role: 'viewer', allowedBeforePasswordChange: true })
    .route({ method: 'POST', path: '/session/logout' })
    .output(okSchema),
  whoami: viewer
    .meta({ role: 'viewer', allowedBeforePasswordChange: true })
    .route({ method: 'GET', path: '/session' })
    .output(whoamiSchema),
  /** `user` may differ from the caller only on the local console with role admin (recovery of a lost password). */
  changePassword: viewer
    .meta({ role: 'viewer', audited: true, allowedBeforePasswordChange: true })
    .route({ method: 'POST', path: '/session/password' })
    .input(
      z.object({ user: userNameSchema.optional(), current: passwordSchema.optional(), next: passwordSchema }),
    )
    .output(okSchema),
  list: admin.route({ method: 'GET', path: '/sessions' }).output(z.array(sessionInfoSchema)),
  revoke: admin
    .route({ method: 'DELETE', path: '/sessions/{id}' })
    .input(z.object({ id: z.string().max(64) }))
    .output(okSchema),
};

export const user = {
  list: admin.route({ method: 'GET', path: '/users' }).output(z.array(userSchema)),
  /** The new account gets a one-time password, shown once here. */
  add: admin
    .route({ method: 'POST', path: '/users', successStatus: 201 })
    .input(z.object({ name: userNameSchema, role: roleSchema }))
    .output(userSchema.extend({ oneTimePassword: z.string() })),
  edit: admin
    .route({ method: 'PATCH', path: '/users/{name}' })
    .input(z.object({ name: userNameSchema, role: roleSchema.optional(), disabled: z.boolean().optional() }))
    .output(userSchema),
  resetPassword: admin
    .route({ method: 'POST', path: '/users/{name}/reset-password' })
    .input(z.object({ name: userNameSchema }))
    .output(z.object({ oneTimePassword: z.string() })),
  remove: admin
    .route({ method: 'DELETE', path: '/users/{name}' })
    .input(z.object({ name: userNameSchema }))
    .output(okSchema),
};
