/** Lease driver for etcd 3.4 and newer: a transaction that compares mod_revision, linearizable reads, and the next endpoint when one fails. */
import { z } from 'zod';
import { AppError, type ErrorCode } from '../../../src/errors.ts';
import type { Deadline } from './deadline.ts';
import type { LeaseDriver, StoredText, WriteOptions } from './driver.ts';
import { createGateway, type Gateway } from './etcd-gateway.ts';
import { formatRevision, type Revision } from './revision.ts';
import { wentBack } from './watched-store.ts';

export interface EtcdAddress {
  endpoints: readonly string[];
  user: string | null;
  password: string | null;
  /** PEM of the authority that signed the servers' certificates; null: those of the system. */
  ca: string | null;
}

const keyPrefix = 'holdfast/lease/';
const hint = "Look at etcd's log; etcdctl endpoint health shows which member fails.";

/** 64-bit numbers come as text, and what is zero or empty is left out. */
const numberSchema = z.string().regex(/^\d{1,20}$/);
const headerSchema = z.object({ cluster_id: numberSchema });
const rangeSchema = z.object({
  header: headerSchema,
  kvs: z.array(z.object({ mod_revision: numberSchema, value: z.string().default('') })).default([]),
});
const txnSchema = z.object({
  header: headerSchema.extend({ revision: numberSchema }),
  succeeded: z.boolean().default(false),
});
const tokenSchema = z.object({ token: z.string().min(1) });
const errorSchema = z.object({ code: z.number().optional() });

/** gRPC status codes (grpc/status). All that is not here is `unavailable`: a write may have happened. */
const grpcErrors: Readonly<Record<number, ErrorCode>> = {
  3: 'unauthorized', // INVALID_ARGUMENT: our requests are well-formed, so the user is missing or wrong
  4: 'timeout', // DEADLINE_EXCEEDED
  7: 'unauthorized', // PERMISSION_DENIED
  8: 'disk_full', // RESOURCE_EXHAUSTED: the space quota of etcd; refused before it is applied
  16: 'unauthorized', // UNAUTHENTICATED
};
const logInTimeoutMs = 2_000;

export function createEtcdDriver(address: EtcdAddress, pairId: string): LeaseDriver {
  return new EtcdDriver(address, pairId);
}

class EtcdDriver implements LeaseDriver {
  readonly #gateways: Gateway[];
  readonly #address: EtcdAddress;
  readonly #key: string;
  #at = 0;
  #token: string | null = null;
  #loggingIn: Promise<string> | null = null;

  constructor(address: EtcdAddress, pairId: string) {
    this.#address = address;
    this.#key = base64(keyPrefix + pairId);
    this.#gateways = address.endpoints.map((endpoint) => createGateway(endpoint, address.ca));
  }

  async read(_seen: Revision | null, deadline: Deadline): Promise<StoredText | null> {
    const { header, kvs } = rangeSchema.parse(
      await this.#call('/v3/kv/range', { key: this.#key }, deadline, true),
    );
    const [kv] = kvs;
    if (!kv) return null;
    const text = Buffer.from(kv.value, 'base64').toString('utf8');
    return { text, revision: revisionOf(header.cluster_id, kv.mod_revision) };
  }

  async write(expected: Revision | null, text: string, { deadline }: WriteOptions): Promise<Revision> {
    const reply = await this.#call(
      '/v3/kv/txn',
      {
        compare: [
          { key: this.#key, result: 'EQUAL', target: 'MOD', mod_revision: String(expected?.number ?? 0) },
        ],
        success: [{ request_put: { key: this.#key, value: base64(text) } }],
      },
      deadline,
      false,
    );
    const { succeeded, header } = txnSchema.parse(reply);
    const now = revisionOf(header.cluster_id, header.revision);
    if (succeeded) return now;
    if (expected && (now.lineage !== expected.lineage || now.number < expected.number)) {
      throw wentBack('etcd', { seen: formatRevision(expected), found: formatRevision(now) });
    }
    throw new AppError('conflict', 'another write came first', { hint: 'Read it again.' });
  }

  async close(): Promise<void> {
    for (const gateway of this.#gateways) gateway.close();
  }

  /** A read goes on to the next endpoint within its time; a write only when it certainly did not leave. */
  async #call(path: string, body: object, deadline: Deadline, repeatable: boolean): Promise<unknown> {
    for (let left = this.#gateways.length; ; left -= 1) {
      const timeoutMs = repeatable ? Math.ceil(deadline.leftMs() / Math.max(1, left)) : deadline.leftMs();
      try {
        return await this.#callOne(path, body, deadline, timeoutMs);
      } catch (error) {
        if (!(error instanceof AppError) || !['unavailable', 'timeout'].includes(error.code)) throw error;
        this.#at = (this.#at + 1) % this.#gateways.length;
        // A token carries the position of the log when it was made, and etcd waits until its log is there: for ever,
        // when an older copy of its data was put back.
        if (error.code === 'timeout') this.#token = null;
        const again = repeatable || error.details?.sent === false;
        if (!again || left <= 1 || deadline.passed()) throw error;
      }
    }
  }

  async #callOne(path: string, body: object, deadline: Deadline, timeoutMs: number): Promise<unknown> {
    const gateway = this.#gateways[this.#at];
    if (!gateway) throw new AppError('internal', 'no endpoint of etcd');
    const token = await deadline.within(this.#logIn(gateway));
    const answer = await gateway.post(path, body, { token, timeoutMs });
    if (answer.status === 200) return answer.body;
    if (token === null || !isOldToken(answer.body)) throw fromAnswer(gateway.url, answer.body);
    // Tokens run out and are forgotten when a member restarts. Refused so, nothing was done: it may be sent again.
    if (this.#token === token) this.#token = null;
    const fresh = await deadline.within(this.#logIn(gateway));
    const second = await gateway.post(path, body, { token: fresh, timeoutMs: deadline.leftMs() });
    if (second.status === 200) return second.body;
    throw fromAnswer(gateway.url, second.body);
  }

  /** One log-in for all calls that wait; etcd's password hash takes it longer than a call may take. */
  #logIn(gateway: Gateway): Promise<string | null> {
    const { user, password } = this.#address;
    if (user === null || this.#token !== null) return Promise.resolve(this.#token);
    this.#loggingIn ??= this.#askToken(gateway, user, password ?? '').finally(() => {
      this.#loggingIn = null;
    });
    return this.#loggingIn;
  }

  async #askToken(gateway: Gateway, name: string, password: string): Promise<string> {
    const options = { token: null, timeoutMs: logInTimeoutMs };
    const answer = await gateway.post('/v3/auth/authenticate', { name, password }, options);
    if (answer.status !== 200) throw fromAnswer(gateway.url, answer.body);
    const { token } = tokenSchema.parse(answer.body);
    this.#token = token;
    return token;
  }
}

function revisionOf(clusterId: string, number: string): Revision {
  return { lineage: clusterId, number: BigInt(number), tag: '' };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** UNAUTHENTICATED, and INVALID_ARGUMENT for a token from before a change of the users. */
function isOldToken(body: unknown): boolean {
  const parsed = errorSchema.safeParse(body);
  return parsed.success && (parsed.data.code === 16 || parsed.data.code === 3);
}

/** etcd's own words stay out of the message, they may hold names of users. */
function fromAnswer(url: string, body: unknown): AppError {
  const parsed = errorSchema.safeParse(body);
  const grpc = parsed.success ? parsed.data.code : undefined;
  const code = (grpc === undefined ? undefined : grpcErrors[grpc]) ?? 'unavailable';
  const what = code === 'unauthorized' ? 'does not accept the account' : 'could not do it';
  return new AppError(code, `etcd at ${url} ${what} (gRPC status ${grpc ?? 'unknown'})`, {
    hint:
      code === 'unauthorized'
        ? 'Check user and password, and the role of the user on holdfast/lease/.'
        : hint,
    details: { grpc: grpc ?? null },
  });
}
