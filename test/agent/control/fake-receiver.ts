/** A receiver process that only answers: takes settings, keeps a list of events, and does what a test tells it. */
import { type LineServer, serveLines } from '../../../agent/adapters/line-server.ts';
import {
  type ReceiverConfig,
  type ReceiverMessage,
  type ReceiverProcessStatus,
  type ReceiverRequest,
  receiverRequestSchema,
} from '../../../agent/alarms/protocol/schema.ts';
import { presentAlarm } from '../../../agent/alarms/store/present.ts';
import { blankReceiver } from '../../../agent/control/alarms/blank.ts';
import { noGroupStatus } from '../../../agent/spare/group/ports.ts';
import type { Alarm } from '../../../src/contract/index.ts';
import { parseSettings } from '../../../src/settings/migrate.ts';
import { sampleEvent } from '../alarms/sample-event.ts';

export function sampleAlarm(number: number): Alarm {
  return presentAlarm(
    {
      number,
      event: sampleEvent({ id: `e${number}` }),
      progress: { state: 'waiting', attempts: 0, output: null, arcAckMs: null, problem: null },
      acknowledgedBy: null,
      acknowledgedMs: null,
      resentOf: null,
    },
    () => ({ device: 'Main street 4', words: 'Burglary alarm' }),
  );
}

const node = { id: 'n-1', name: 'test', timeZone: 'UTC', createdAtMs: 1 };
export const sampleReceiverStatus = () => blankReceiver(parseSettings({ version: 1, node }), null);

type Call = Extract<ReceiverRequest, { method: 'call' }>;

export class FakeReceiver {
  readonly calls: Call[] = [];
  configs: ReceiverConfig[] = [];
  /** Numbers of the events that it holds. */
  numbers: number[] = [];
  /** What a procedure gives, or throws. */
  readonly answers = new Map<string, (input: unknown) => unknown>();
  starts = 0;
  ended = Promise.withResolvers<string>();
  #server: LineServer<ReceiverMessage> | null = null;

  async listen(socketPath: string): Promise<void> {
    this.starts += 1;
    this.ended = Promise.withResolvers();
    this.#server = await serveLines<ReceiverRequest, ReceiverMessage>({
      socketPath,
      requestSchema: receiverRequestSchema,
      handle: (request) => this.#handle(request),
    });
  }

  get config(): ReceiverConfig | null {
    return this.configs.at(-1) ?? null;
  }

  report(change: Partial<ReceiverProcessStatus['receiver']> = {}): void {
    const status: ReceiverProcessStatus = {
      pid: process.pid,
      startedAtMs: 1,
      rssBytes: 1,
      loopDelayMaxMs: 1,
      receiver: {
        ...sampleReceiverStatus(),
        enabled: true,
        listen: '127.0.0.1:6080',
        lastNumber: this.numbers.at(-1) ?? 0,
        ...change,
      },
      group: noGroupStatus({ id: 'n-1', name: 'test' }),
    };
    this.#server?.send({ kind: 'status', status });
  }

  tell(event: string, subject: string): void {
    this.#server?.send({ kind: 'event', timeMs: 1, level: 'warning', event, subject, text: 'it is so' });
  }

  async die(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    await server?.close();
    this.ended.resolve('it was ended');
  }

  async #handle(request: ReceiverRequest): Promise<Record<string, unknown>> {
    switch (request.method) {
      case 'configure':
        this.configs.push(request.config);
        break;
      case 'call':
        this.calls.push(request);
        return { output: await this.#call(request) };
      case 'stop':
        setImmediate(() => void this.die());
        return {};
      case 'status':
        break;
    }
    this.report();
    return {};
  }

  #call({ procedure, input }: Call): unknown {
    const answer = this.answers.get(procedure);
    if (answer) return answer(input);
    if (procedure !== 'alarm.list') return { ok: true };
    const { before = Number.POSITIVE_INFINITY, limit = 50 } = Object(input);
    const found = this.numbers.filter((number) => number < before).reverse();
    return { alarms: found.slice(0, limit).map(sampleAlarm), nextBefore: null };
  }
}
