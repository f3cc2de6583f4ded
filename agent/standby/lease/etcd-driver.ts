/** Lease driver for etcd 3.4 and newer: a transaction that compares mod_revision, linearizable reads, and the next endpoint when one fails. */
import { z } from 'zod';
import { AppError, type ErrorCode } from '../../../src/errors.ts';
import type { Deadline } from './deadline.ts';
import type { LeaseDriver, StoredText, WriteOptions } from './driver.ts';
import { createGateway, type Gateway } from './etcd-gateway.ts';
import type { Revision } from './revision.ts';

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
const unauthenticated = 16;

export function createEtcdDriver(address: EtcdAddress, pairId: string): LeaseDriver {
  return new EtcdDriver(address, pairId);
}

class EtcdDriver implements LeaseDriver {
  readonly #gateways: Gateway[];
  readonly #address: EtcdAddress;
  readonly #key: string;
  #at = 0;
  #token: string | null = null;

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
    if (!succeeded) throw new AppError('conflict', 'another write came first', { hint: 'Read it again.' });
    return revisionOf(header.cluster_id, header.revision);
  }

  async close(): Promise<void> {
    for (const gateway of this.#gateways) gateway.close();
  }

  /** A read goes on to the next endpoint within its time; a write only when it certainly did not leave. */
  async #call(path: string, body: object, deadline: Deadline, repeatable: boolean): Promise<unknown> {
    for (let left = this.#gateways.length; ; left -= 1) {
      const timeoutMs = repeatable ? Math.ceil(deadline.leftMs() / Math.max(1, left)) : deadline.leftMs();
      try {
        return await this.#callOne(path, body, timeoutMs);
      } catch (error) {
        if (!(error instanceof AppError) || !['unavailable', 'timeout'].includes(error.code)) throw error;
        this.#at = (this.#at + 1) % this.#gateways.length;
        const again = repeatable || error.details?.sent === false;
        if (!again || left <= 1 || deadline.passed()) throw error;
      }
    }
  }

  async #callOne(path: string, body: object, timeoutMs: number): Promise<unknown> {
    const gateway = this.#gateways[this.#at];
    if (!gateway) throw new AppError('internal', 'no endpoint of etcd');
    this.#token ??= await this.#logIn(gateway, timeoutMs);
    const answer = await gateway.post(path, body, { token: this.#token, timeoutMs });
    if (answer.status === 200) return answer.body;
    const error = fromAnswer(gateway.url, answer.body);
    // A token that has run out: refused before anything was done. The next call logs in again.
    if (error.details?.grpc === unauthenticated) this.#token = null;
    throw error;
  }

  async #logIn(gateway: Gateway, timeoutMs: number): Promise<string | null> {
    const { user, password } = this.#address;
    if (user === null) return null;
    const body = { name: user, password: password ?? '' };
    const answer = await gateway.post('/v3/auth/authenticate', body, { token: null, timeoutMs });
    if (answer.status !== 200) throw fromAnswer(gateway.url, answer.body);
    return tokenSchema.parse(answer.body).token;
  }
}

function revisionOf(clusterId: string, number: string): Revision {
  return { lineage: clusterId, number: BigInt(number), tag: '' };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
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
