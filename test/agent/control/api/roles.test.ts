import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contract, type ProcedureMeta } from '../../../../src/contract/index.ts';
import { type Client, type Connected, failureOf, goodPassword, TestControl } from '../test-control.ts';

let control: TestControl;
beforeAll(async () => {
  control = await TestControl.start();
});
afterAll(() => control.stop());

type Tree = { [key: string]: Tree | { '~orpc': { meta: ProcedureMeta } } };

function procedures(): { path: [string, string]; meta: ProcedureMeta }[] {
  return Object.entries(contract as unknown as Tree).flatMap(([noun, verbs]) =>
    Object.entries(verbs as Tree).map(([verb, procedure]) => ({
      path: [noun, verb] as [string, string],
      meta: (procedure as { '~orpc': { meta: ProcedureMeta } })['~orpc'].meta,
    })),
  );
}

/** Calls a procedure by its name with an input that cannot be valid for most. */
function callByName(client: Client, [noun, verb]: [string, string]): Promise<unknown> {
  const nouns = client as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
  return nouns[noun]?.[verb]?.({ nonsense: true }) ?? Promise.reject(new Error('no such procedure'));
}

/** The code of the refusal; what was answered counts as `let-through`. */
async function verdict(client: Client, path: [string, string]): Promise<string> {
  try {
    const answer = await callByName(client, path);
    // A stream fails with its first value.
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
      const iterator = (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return?.();
    }
    return 'let-through';
  } catch (thrown) {
    return (await failureOf(Promise.reject(thrown))).code;
  }
}

describe('every procedure (I8)', () => {
  it('refuses who has no session, but greeting and log-in', async () => {
    const { client } = await control.connect();
    for (const { path, meta } of procedures()) {
      const seen = await verdict(client, path);
      if (meta.role === null) expect(seen, path.join('.')).not.toBe('unauthorized');
      else expect(seen, path.join('.')).toBe('unauthorized');
    }
  });

  it('refuses a one-time password until it is changed, but what changes it', async () => {
    const connected = await control.connect();
    await connected.client.session.login({ user: 'admin', password: control.oneTimePassword });
    for (const { path, meta } of procedures()) {
      if (path.join('.') === 'session.logout') continue;
      const seen = await verdict(connected.client, path);
      if (meta.allowedBeforePasswordChange) expect(seen, path.join('.')).not.toBe('forbidden');
      else expect(seen, path.join('.')).toBe('forbidden');
    }
    const refused = await failureOf(connected.client.node.status());
    expect(refused.details).toMatchObject({ mustChangePassword: true });
    expect(refused.hint).toContain('password');
  });

  it.each(['viewer', 'operator'] as const)('lets a %s do no more than the role may', async (role) => {
    const { client } = await control.as(role);
    const rank = { viewer: 0, operator: 1, admin: 2 };
    for (const { path, meta } of procedures()) {
      if (path[0] === 'session' && path[1] === 'logout') continue;
      const seen = await verdict(client, path);
      const allowed = meta.role === null || rank[meta.role] <= rank[role];
      if (allowed) expect(seen, path.join('.')).not.toBe('forbidden');
      else expect(seen, path.join('.')).toBe('forbidden');
    }
  });

  it('holds over REST as well', async () => {
    const { token } = await control.as('viewer');
    expect((await control.rest('GET', '/v1/spaces')).status).toBe(401);
    expect((await control.rest('GET', '/v1/spaces', { token: 'x'.repeat(43) })).status).toBe(401);
    expect((await control.rest('GET', '/v1/spaces', { token })).status).toBe(200);
    expect((await control.rest('GET', '/v1/users', { token })).status).toBe(403);
    expect((await control.rest('GET', '/v1/export/download?camera=c1&fromMs=1&toMs=2')).status).toBe(401);
    expect((await control.rest('GET', '/v1/openapi.json')).status).toBe(401);
    expect((await control.rest('GET', '/v1/openapi.json', { token })).status).toBe(200);
  });
});

describe('sessions', () => {
  const login = async (user: string, password: string): Promise<Connected & { token: string }> => {
    const connected = await control.connect();
    return { ...connected, token: (await connected.client.session.login({ user, password })).token };
  };

  it('make the OS user of the local console an administrator', async () => {
    const { client } = await control.local();
    expect(await client.session.whoami()).toEqual({
      user: 'tester',
      role: 'admin',
      mustChangePassword: false,
      via: 'local',
      expiresAtMs: null,
    });
    expect(await client.node.hello()).toMatchObject({ local: true, role: 'admin', version: '9.9.9' });
  });

  it('open a later connection with their token', async () => {
    const { token, name } = await control.as('operator');
    const { client } = await control.connect({ token });
    expect(await client.session.whoami()).toMatchObject({ user: name, role: 'operator', via: 'network' });
    await expect(control.connect({ token: 'A'.repeat(43) })).rejects.toThrow('401');
  });

  it('end with a log-out, and close every connection that uses them', async () => {
    const first = await control.as('viewer');
    const second = await control.connect({ token: first.token });
    expect(await first.client.session.logout()).toEqual({ ok: true });
    expect(await Promise.all([first.closed, second.closed])).toEqual([1008, 1008]);
    expect((await control.rest('GET', '/v1/spaces', { token: first.token })).status).toBe(401);
  });

  it('are listed and revoked', async () => {
    const admin = await control.as('admin');
    const victim = await control.as('viewer');
    const listed = await admin.client.session.list();
    expect(listed.find((session) => session.current)?.user).toBe(admin.name);
    const session = listed.find((candidate) => candidate.user === victim.name);
    await admin.client.session.revoke({ id: session?.id ?? '' });
    expect(await victim.closed).toBe(1008);
    expect((await failureOf(admin.client.session.revoke({ id: session?.id ?? '' }))).code).toBe('not_found');
  });

  it('end a running stream when they are revoked', async () => {
    const victim = await control.as('viewer');
    const stream = await victim.client.node.watch({ intervalMs: 200 });
    const seen: number[] = [];
    const drained = (async () => {
      for await (const status of stream) seen.push(status.timeMs);
    })().catch(() => {});
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const { client: local } = await control.local();
    const session = (await local.session.list()).find((candidate) => candidate.user === victim.name);
    await local.session.revoke({ id: session?.id ?? '' });
    await victim.closed;
    await drained;
    expect(control.control.sessions.list().some((candidate) => candidate.user === victim.name)).toBe(false);
  });

  it('of a user end when role, password or account change', async () => {
    const { client: local } = await control.local();
    const user = await control.as('operator');
    await local.user.edit({ name: user.name, role: 'viewer' });
    expect(await user.closed).toBe(1008);
    const again = await login(user.name, goodPassword);
    expect((await failureOf(again.client.camera.remove({ id: 'c1' }))).code).toBe('forbidden');
    await local.user.edit({ name: user.name, disabled: true });
    expect(await again.closed).toBe(1008);
    expect((await failureOf(login(user.name, goodPassword))).code).toBe('unauthorized');
  });

  it('survive the password change they made, while the others of the account end', async () => {
    const own = await control.as('viewer');
    const other = await login(own.name, goodPassword);
    await own.client.session.changePassword({ current: goodPassword, next: 'another-horse-7' });
    expect(await other.closed).toBe(1008);
    expect(await own.client.session.whoami()).toMatchObject({ user: own.name });
  });
});

describe('passwords', () => {
  it('are changed under the policy, with a reason for each refusal', async () => {
    const { client } = await control.as('viewer');
    const change = (next: string, current = goodPassword) =>
      failureOf(client.session.changePassword({ current, next }));
    expect(await change('short')).toMatchObject({ code: 'invalid_input', details: { field: 'next' } });
    expect((await change('short')).message).toContain('8 characters');
    expect((await change(goodPassword)).message).toContain('last 5');
    expect(await change('horse-battery-8', 'wrong')).toMatchObject({ details: { field: 'current' } });
  });

  it('of another account change only on the local console', async () => {
    const user = await control.as('viewer');
    const admin = await control.as('admin');
    const change = { user: user.name, next: 'recovered-horse-1' };
    expect(
      (await failureOf(admin.client.session.changePassword({ ...change, current: goodPassword }))).code,
    ).toBe('forbidden');
    await (await control.local()).client.session.changePassword(change);
    expect(await user.closed).toBe(1008);
    const { client } = await control.connect();
    expect(await client.session.login({ user: user.name, password: change.next })).toMatchObject({
      mustChangePassword: false,
    });
  });

  it('of the first account change on the local console without naming it', async () => {
    await (await control.local()).client.session.changePassword({ next: 'console-horse-1' });
    const { client } = await control.connect();
    expect(await client.session.login({ user: 'admin', password: 'console-horse-1' })).toMatchObject({
      role: 'admin',
    });
  });

  it('of the last administrator cannot be lost with the account', async () => {
    const { client: local } = await control.local();
    for (const user of await local.user.list()) {
      if (user.name !== 'admin' && user.role === 'admin') await local.user.remove({ name: user.name });
    }
    expect((await failureOf(local.user.remove({ name: 'admin' }))).code).toBe('conflict');
    expect((await failureOf(local.user.edit({ name: 'admin', role: 'viewer' }))).code).toBe('conflict');
    expect((await failureOf(local.user.edit({ name: 'admin', disabled: true }))).code).toBe('conflict');
  });
});
