/**
 * An automation that speaks Sur-Gard MLR2, Contact ID: one line under way, answered by 06h or 15h. These name no line, so
 * after one without an answer the connection is given up: a late 06h must never acknowledge another event.
 */
import type { AlarmOutput } from '../../../src/contract/index.ts';
import { toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { parseContactId } from '../dc09/event/codec.ts';
import { Heartbeat } from '../forward/heartbeat.ts';
import type { Lane, LaneHandlers } from '../forward/lane.ts';
import type { Convert } from '../forward/outgoing.ts';
import { type OutputState, Vitals } from '../forward/vitals.ts';
import type { AlarmEvent, ArcOutput, SendResult } from '../types.ts';
import {
  createSurgardReader,
  encodeSurgardEvent,
  encodeSurgardHeartbeat,
  type SurgardEncoding,
} from './codec.ts';

export type SurgardConfig = Exclude<AlarmOutput, { kind: 'dc09' }>;

/** The connection, whoever makes it. `rest` ends it for good, also what listens; `open` begins anew. */
export interface SurgardLink extends Lane {
  rest(): void;
}

export interface SurgardDeps {
  readonly clock: Clock;
  readonly convert: Convert;
  openLink(handlers: LaneHandlers): SurgardLink;
}

type Answer = { readonly kind: 'ack' | 'nak' } | { readonly kind: 'none'; readonly problem: string };

/** 15h may mean that the line was garbled: only after so many for the same event it is refused. */
const naksMax = 3;
/** Events whose 15h are counted; of more the oldest begins anew. */
const nakEventsMax = 1_024;
const connectionCheckMs = 10_000;

export class SurgardOutput implements ArcOutput {
  readonly id: string;
  readonly name: string;
  readonly lanes = 1;
  readonly attemptsMax: number;
  readonly supervised: boolean;
  readonly #config: SurgardConfig;
  readonly #deps: SurgardDeps;
  readonly #link: SurgardLink;
  readonly #vitals: Vitals;
  readonly #heartbeat: Heartbeat;
  #reader = createSurgardReader();
  #resolve: ((answer: Answer) => void) | null = null;
  /** Something was sent on this connection. */
  #asked = false;
  #free: Promise<unknown> = Promise.resolve();
  #working = false;
  /** Of events that were answered 15h and not yet 06h. */
  readonly #naks = new Map<string, number>();

  constructor(config: SurgardConfig, deps: SurgardDeps) {
    this.id = config.id;
    this.name = config.name;
    this.attemptsMax = config.attemptsMax;
    this.supervised = config.heartbeatSeconds > 0;
    this.#config = config;
    this.#deps = deps;
    this.#vitals = new Vitals(config.attemptsMax);
    this.#link = deps.openLink({
      onOpen: () => {
        this.#reader = createSurgardReader();
        this.#asked = false;
      },
      onBytes: (bytes) => this.#hear(bytes),
      onDown: (problem) => this.#resolve?.({ kind: 'none', problem }),
    });
    this.#heartbeat = new Heartbeat({
      clock: deps.clock,
      intervalMs: this.supervised ? config.heartbeatSeconds * 1_000 : connectionCheckMs,
      answeredMs: () => this.#vitals.answeredMs(),
      beat: () => (this.#resolve === null ? this.#inTurn(() => this.#beat()) : Promise.resolve(null)),
    });
  }

  work(): void {
    if (!this.#working) this.#vitals.forget();
    this.#working = true;
    this.#heartbeat.start();
  }

  rest(): void {
    this.#working = false;
    this.#heartbeat.stop();
    this.#link.rest();
    this.#resolve?.({ kind: 'none', problem: 'not sent: this receiver rests' });
  }

  async close(): Promise<void> {
    this.rest();
    await this.#free;
  }

  state(): OutputState {
    return this.#vitals.state(this.#working, !this.supervised && this.#link.isOpen());
  }

  send(event: AlarmEvent, _lane: number, mayLeave: () => boolean): Promise<SendResult> {
    return this.#inTurn(() => this.#sendEvent(event, mayLeave));
  }

  async #sendEvent(event: AlarmEvent, mayLeave: () => boolean): Promise<SendResult> {
    const encoded = this.#encode(event);
    if (!encoded.ok) return { outcome: 'refused', problem: encoded.problem };
    const answer = await this.#ask(encoded.bytes, mayLeave);
    if (answer.kind === 'none') return { outcome: 'failed', problem: answer.problem };
    const count = (this.#naks.get(event.id) ?? 0) + 1;
    this.#naks.delete(event.id);
    if (answer.kind === 'ack') return { outcome: 'acknowledged' };
    const problem = 'the automation answers 15h (NAK)';
    if (count >= naksMax) return { outcome: 'refused', problem };
    this.#naks.set(event.id, count);
    const [oldest] = this.#naks.keys();
    if (this.#naks.size > nakEventsMax && oldest !== undefined) this.#naks.delete(oldest);
    return { outcome: 'failed', problem };
  }

  #encode(event: AlarmEvent): SurgardEncoding {
    const { receiver, line } = this.#config;
    const { account, format } = event;
    const data = format === 'ADM-CID' ? event.data : this.#deps.convert(event, 'ADM-CID');
    const content = data === null ? event.content : parseContactId(data).content;
    return encodeSurgardEvent({ receiver, line, account, content });
  }

  async #beat(): Promise<boolean> {
    if (!this.#working) return false;
    const startedMs = this.#deps.clock.monotonicMs();
    const { receiver, line } = this.#config;
    const encoded = encodeSurgardHeartbeat(receiver, line);
    if (this.supervised && encoded.ok) {
      return (await this.#ask(encoded.bytes, () => this.#working)).kind !== 'none';
    }
    const problem = encoded.ok ? await this.#open() : encoded.problem;
    if (problem !== null) this.#vitals.failed(startedMs, this.#deps.clock.monotonicMs(), problem);
    return problem === null;
  }

  async #open(): Promise<string | null> {
    try {
      await this.#link.open();
      return null;
    } catch (thrown) {
      return toAppError(thrown).message;
    }
  }

  async #ask(bytes: Uint8Array, mayLeave: () => boolean): Promise<Answer> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const answer = await this.#exchange(bytes, mayLeave);
    const nowMs = clock.monotonicMs();
    if (answer.kind !== 'none') this.#vitals.answered(nowMs);
    else if (mayLeave()) this.#vitals.failed(startedMs, nowMs, answer.problem);
    return answer;
  }

  async #exchange(bytes: Uint8Array, mayLeave: () => boolean): Promise<Answer> {
    const unsent: Answer = { kind: 'none', problem: 'not sent: this receiver may not send now' };
    if (!mayLeave()) return unsent;
    const problem = await this.#open();
    if (problem !== null) return { kind: 'none', problem };
    if (!this.#link.isOpen() || !mayLeave()) return unsent;
    const { responseTimeoutMs } = this.#config;
    let cancel: Cancel = () => {};
    const answer = await new Promise<Answer>((resolve) => {
      this.#resolve = resolve;
      this.#asked = true;
      this.#link.write(bytes);
      cancel = this.#deps.clock.after(responseTimeoutMs, () => {
        resolve({ kind: 'none', problem: `no answer within ${responseTimeoutMs / 1_000} s` });
        this.#link.drop();
      });
    });
    cancel();
    this.#resolve = null;
    return answer;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#free.then(work);
    this.#free = result;
    return result;
  }

  #hear(bytes: Uint8Array): void {
    for (const { kind } of this.#reader.push(bytes)) {
      if (kind !== 'ack' && kind !== 'nak') continue;
      // More answers than questions: whose the next one is would be a guess. A greeting does no harm.
      if (this.#resolve === null && this.#asked) this.#link.drop();
      this.#resolve?.({ kind });
      this.#resolve = null;
    }
  }
}
