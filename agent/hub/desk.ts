/** What one connection with a right key may ask for, and what it is answered; an upload that it began ends with it. */
import { AppError } from '../../src/errors.ts';
import { createRate, type Rate } from '../../src/model/rate.ts';
import type { Clock } from '../adapters/clock.ts';
import type { IngressTables } from './ingress/tables.ts';
import type { Objects } from './objects.ts';
import type { Reply, Request } from './protocol/schema.ts';
import type { AlarmQueues } from './queue/alarm-queues.ts';
import type { Registers } from './registers.ts';

const registerRequestsPerSecond = 200;
/** Of alarms and objects: each may carry hundreds of events. */
const bulkRequestsPerSecond = 1_000;
/** Of all connections of an account: what 64 pairs need, and four receivers under load, several times over. */
const accountRegisterRequestsPerSecond = 2_000;
const accountBulkRequestsPerSecond = 4_000;
/** Of a connection: whoever asks on and on although it is told to wait is hung up on. */
const refusalsPerSecond = 50;
const refusalsAtOnce = 1_000;
/** Requests that wait for the disk or for alarms. */
const underWayMax = 64;

export interface Counts {
  reads: number;
  writes: number;
  conflicts: number;
  refused: number;
  slowestWriteMs: number;
}

interface Rates {
  registers: Rate;
  bulk: Rate;
}

/** What the connections of each account share. */
export interface AccountRates {
  of(account: string): Rates;
}

export function createAccountRates(): AccountRates {
  const known = new Map<string, Rates>();
  return {
    of(account) {
      const rates = known.get(account) ?? {
        registers: createRate(accountRegisterRequestsPerSecond, accountRegisterRequestsPerSecond * 2),
        bulk: createRate(accountBulkRequestsPerSecond, accountBulkRequestsPerSecond * 2),
      };
      known.set(account, rates);
      return rates;
    },
  };
}

export interface DeskContext {
  registers: Registers;
  queues: AlarmQueues;
  objects: Objects;
  ingressTables: IngressTables;
  rates: AccountRates;
  clock: Clock;
  counts: Counts;
}

export interface Desk {
  /** @throws AppError and rejects with it; `protocol` when the connection is to be ended. */
  answer(request: Request): Reply | Promise<Reply>;
  close(): void;
}

type RegisterRequest = Extract<Request, { op: 'read' | 'write' }>;
type AlarmRequest = Extract<Request, { op: `alarm-${string}` }>;
type BulkRequest = Exclude<Request, RegisterRequest>;
type ObjectRequest = Exclude<BulkRequest, AlarmRequest>;

export function openDesk(account: string, context: DeskContext): Desk {
  const { clock, objects, ingressTables } = context;
  const registerRate = createRate(registerRequestsPerSecond, registerRequestsPerSecond * 2);
  const bulkRate = createRate(bulkRequestsPerSecond, bulkRequestsPerSecond * 2);
  const refusalRate = createRate(refusalsPerSecond, refusalsAtOnce);
  const shared = context.rates.of(account);
  const uploads = objects.uploads(account);
  const tables = ingressTables.uploads(account);
  const gone = new AbortController();
  let underWay = 0;

  const answerObjects = (request: ObjectRequest): Reply => {
    const { id } = request;
    switch (request.op) {
      case 'object-put': {
        const { upload, object, part, last } = request;
        uploads.put({ upload, object, part, last, body: Buffer.from(request.body, 'base64') });
        return { kind: 'done', id };
      }
      case 'object-head':
        return { kind: 'object', id, object: objects.head(account, request.name) };
      case 'object-get': {
        const body = objects.part(account, request.name, request.version, request.part);
        return { kind: 'part', id, body: Buffer.from(body).toString('base64') };
      }
      case 'object-remove':
        objects.remove(account, request.name);
        return { kind: 'done', id };
      case 'ingress-put':
        tables.put(request);
        return { kind: 'done', id };
    }
  };

  const waitFor = async (request: AlarmRequest): Promise<Reply> => {
    if (underWay >= underWayMax) {
      throw new AppError('unavailable', `${underWayMax} requests are under way`, {
        hint: 'Wait for answers.',
      });
    }
    underWay += 1;
    try {
      return await answerAlarms(request, account, context.queues, gone.signal);
    } finally {
      underWay -= 1;
    }
  };

  return {
    answer(request) {
      const isRegister = request.op === 'read' || request.op === 'write';
      const rate = isRegister ? registerRate : bulkRate;
      const ofAccount = isRegister ? shared.registers : shared.bulk;
      const nowMs = clock.monotonicMs();
      if (!(rate.take(nowMs) && ofAccount.take(nowMs))) {
        if (!refusalRate.take(nowMs)) throw asksOn();
        throw tooFast(isRegister ? registerRequestsPerSecond : bulkRequestsPerSecond);
      }
      if (isRegister) return answerRegisters(request, account, context);
      return isAlarm(request) ? waitFor(request) : answerObjects(request);
    },
    close() {
      gone.abort();
      uploads.close();
      tables.close();
    },
  };
}

function isAlarm(request: BulkRequest): request is AlarmRequest {
  return request.op.startsWith('alarm-');
}

function answerRegisters(
  request: RegisterRequest,
  account: string,
  { registers, counts, clock }: DeskContext,
): Reply {
  const { id } = request;
  if (request.op === 'read') {
    counts.reads += 1;
    return { kind: 'value', id, value: registers.read(account, request.register) };
  }
  const startedMs = clock.monotonicMs();
  const position = registers.write(account, request.register, request.expected, request.value);
  counts.writes += 1;
  counts.slowestWriteMs = Math.max(counts.slowestWriteMs, clock.monotonicMs() - startedMs);
  return { kind: 'written', id, position };
}

async function answerAlarms(
  request: AlarmRequest,
  account: string,
  queues: AlarmQueues,
  gone: AbortSignal,
): Promise<Reply> {
  const { id } = request;
  switch (request.op) {
    case 'alarm-append':
      return { kind: 'appended', id, duplicates: await queues.append(account, request.events) };
    case 'alarm-open':
      await queues.open(account, request.epoch);
      return { kind: 'done', id };
    case 'alarm-pull':
      return { kind: 'events', id, events: await queues.pull(account, request, gone) };
    case 'alarm-settle':
      await queues.settle(account, request.epoch, request.positions);
      return { kind: 'done', id };
    case 'alarm-counts': {
      const { waiting, oldestMs } = queues.status(account);
      return { kind: 'counts', id, waiting, oldestMs };
    }
  }
}

function asksOn(): AppError {
  return new AppError('protocol', 'too many requests after the hub had asked to wait', {
    hint: 'Connect again and wait between requests; see who else uses the key of the account.',
  });
}

function tooFast(perSecond: number): AppError {
  return new AppError('unavailable', `more than ${perSecond} requests a second`, {
    hint: 'Wait a moment; give each pair its own connection.',
  });
}
