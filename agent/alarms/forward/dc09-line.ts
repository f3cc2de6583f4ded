/** One line to an ARC that speaks DC-09: at most one frame is under way on it, and no answer counts for another frame than its own. */
import { toAppError } from '../../../src/errors.ts';
import type { Cancel, Clock } from '../../adapters/clock.ts';
import { decodeFrame } from '../dc09/codec.ts';
import type { Dc09Frame, FrameCipher } from '../dc09/frame.ts';
import { createFrameSplitter } from '../dc09/splitter/codec.ts';
import { type Lane, openTcpLane, openUdpLane } from './lane.ts';
import type { Dc09Config } from './outgoing.ts';
import type { Series } from './series.ts';

export type Answer =
  | { readonly kind: 'ACK' | 'DUH' }
  | { readonly kind: 'NAK'; readonly arcTimeMs: number | null }
  | { readonly kind: 'none'; readonly problem: string };

export interface Dc09LineOptions {
  readonly clock: Clock;
  readonly config: Dc09Config;
  readonly cipher: FrameCipher | null;
  /** Stays open also when nothing is sent. */
  readonly keep: boolean;
  /** Well formed and, with a key, closed with it; whose it is the output finds out. */
  onAnswer(line: Dc09Line, kind: 'ACK' | 'DUH', frame: Dc09Frame): void;
}

/** A line that only events use is closed when it was idle for so long. */
const idleMs = 60_000;

export class Dc09Line {
  readonly #options: Dc09LineOptions;
  readonly #lane: Lane;
  #splitter = createFrameSplitter();
  #underWay: { readonly asked: Series | 'heartbeat'; resolve(answer: Answer): void } | null = null;
  #free: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Frames on this connection whose time went by without an answer. */
  #timeouts = 0;
  /** Why what came was no answer. */
  #noise: string | null = null;

  constructor(options: Dc09LineOptions) {
    this.#options = options;
    const { clock, config, keep } = options;
    const { host, port } = config;
    const open = config.transport === 'tcp' ? openTcpLane : openUdpLane;
    this.#lane = open({
      clock,
      host,
      port,
      idleMs: keep ? null : idleMs,
      onOpen: () => {
        this.#splitter = createFrameSplitter();
      },
      onBytes: (bytes) => this.#read(bytes),
      onDown: (problem) => {
        this.#timeouts = 0;
        this.answer({ kind: 'none', problem });
      },
    });
  }

  get underWay(): Series | 'heartbeat' | null {
    return this.#underWay?.asked ?? null;
  }

  isOpen(): boolean {
    return this.#lane.isOpen();
  }

  isBusy(): boolean {
    return this.#waiting > 0;
  }

  whenFree(): Promise<unknown> {
    return this.#free;
  }

  /** Runs when all that was asked for before is over; `work` never rejects. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const result = this.#free.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#free = result;
    return result;
  }

  /** Null when it is open, else why not. */
  async open(): Promise<string | null> {
    try {
      await this.#lane.open();
      return null;
    } catch (thrown) {
      return toAppError(thrown).message;
    }
  }

  /** Sends a frame and waits for its answer. Never rejects. */
  async ask(series: Series | null, frame: Uint8Array, mayLeave: () => boolean): Promise<Answer> {
    const unsent: Answer = { kind: 'none', problem: 'not sent: this receiver may not send now' };
    if (!mayLeave()) return unsent;
    const problem = await this.open();
    if (problem !== null) return { kind: 'none', problem };
    if (series !== null && series.late !== null) return { kind: series.late };
    if (!this.#lane.isOpen() || !mayLeave()) return unsent;
    this.#noise = null;
    let cancel: Cancel = () => {};
    const { responseTimeoutMs } = this.#options.config;
    const answer = await new Promise<Answer>((resolve) => {
      this.#underWay = { asked: series ?? 'heartbeat', resolve };
      this.#lane.write(frame);
      cancel = this.#options.clock.after(responseTimeoutMs, () => this.#late(resolve));
    });
    cancel();
    this.#underWay = null;
    if (answer.kind === 'ACK' || answer.kind === 'DUH') this.#timeouts = 0;
    return answer;
  }

  answer(answer: Answer): void {
    this.#underWay?.resolve(answer);
  }

  /** What is under way ends without an answer; what the system has not sent yet does not leave any more. */
  drop(problem: string): void {
    this.#timeouts = 0;
    this.#lane.drop();
    this.answer({ kind: 'none', problem });
  }

  #late(resolve: (answer: Answer) => void): void {
    const { responseTimeoutMs, attemptsMax } = this.#options.config;
    const why = this.#noise === null ? '' : `: ${this.#noise}`;
    resolve({ kind: 'none', problem: `no answer within ${responseTimeoutMs / 1_000} s${why}` });
    this.#timeouts += 1;
    // A connection that takes nothing is dead; one that is silent may still bring an answer late.
    if (this.#lane.stuckBytes() > 0 || this.#timeouts >= attemptsMax) this.drop('no answer');
  }

  #read(bytes: Uint8Array): void {
    const { frames, garbageBytes, oversized } = this.#splitter.push(bytes);
    if (garbageBytes + oversized > 0) this.#noise = 'what came is no DC-09';
    for (const raw of frames) {
      const read = decodeFrame(raw);
      if (read.ok) this.#hear(read.frame);
      else this.#noise = `an answer was unreadable, ${read.detail}`;
    }
  }

  #hear(frame: Dc09Frame): void {
    if (frame.id === 'NAK') this.#refuse(frame);
    if (frame.id !== 'ACK' && frame.id !== 'DUH') return;
    if (frame.id === 'DUH' || this.#isTrusted(frame)) this.#options.onAnswer(this, frame.id, frame);
  }

  /** A NAK names neither sequence nor account: after it, or after a frame without an answer, only a new connection is sure. */
  #refuse({ timestamp }: Dc09Frame): void {
    if (this.#underWay === null) return;
    const sure = this.#timeouts === 0;
    if (sure) this.answer({ kind: 'NAK', arcTimeMs: timestamp?.utcMs ?? null });
    this.drop('NAK, perhaps to an earlier frame');
  }

  /**
   * With a key only what was closed with it acknowledges. It is enough that a bracket and a moment come out: some leave out
   * the bar before them, write them with spaces, or fill up the end.
   */
  #isTrusted(frame: Dc09Frame): boolean {
    const { cipher } = this.#options;
    if (cipher === null) return true;
    if (!frame.encrypted) {
      this.#noise = 'the ARC answered without encryption';
      return false;
    }
    const text = cipher.decrypt(frame.body ?? '');
    const opens = text !== null && /\]\s*_?\d\d:\d\d:\d\d,\d\d-\d\d-\d{4}/.test(text);
    if (!opens) this.#noise = 'the key does not open the answer';
    return opens;
  }
}
