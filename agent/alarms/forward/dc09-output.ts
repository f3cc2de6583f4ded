/**
 * An ARC over DC-09: one frame under way on each lane, the next when it was answered or its time is over. Only an ACK with
 * the sequence and the account of the event counts; with a key set only an encrypted one does.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { toAppError } from '../../../src/errors.ts';
import { encodeFrame } from '../dc09/codec.ts';
import { createFrameCipher, parseKey } from '../dc09/crypt.ts';
import type { Dc09Frame, ExtendedField, FrameCipher, FrameFields } from '../dc09/frame.ts';
import { timestampAt } from '../dc09/timestamp.ts';
import type { AlarmEvent, ArcOutput, SendResult } from '../types.ts';
import { type Answer, Dc09Line } from './dc09-line.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ForwardNote, OutputDeps } from './notes.ts';
import { type Dc09Config, outgoingOf } from './outgoing.ts';
import { type Series, SeriesBook } from './series.ts';
import { type OutputState, Vitals } from './vitals.ts';

/** Without heartbeats the connection is looked after this often. */
const connectionCheckMs = 10_000;
/** Clocks that differ by less agree: a timestamp has whole seconds. */
const clockSlackMs = 2_000;
/** Codes whose missing conversion was told. */
const toldMax = 256;

export function createDc09Output(config: Dc09Config, deps: OutputDeps): ArcOutput {
  return new Dc09Output(config, deps);
}

class Dc09Output implements ArcOutput {
  readonly id: string;
  readonly name: string;
  readonly lanes: number;
  readonly attemptsMax: number;
  readonly supervised: boolean;
  readonly #config: Dc09Config;
  readonly #deps: OutputDeps;
  readonly #cipher: FrameCipher | null;
  readonly #book = new SeriesBook(randomInt(9_999));
  readonly #lines: Dc09Line[];
  readonly #vitals: Vitals;
  readonly #heartbeat: Heartbeat;
  readonly #told = new Set<string>();
  #working = false;
  /**
   * What its NAKs told: its clock minus ours, and that it judges the time of plain frames too, so that they tell when they
   * were sent and not when it happened. Replaced, never changed.
   */
  #clocks: { readonly offsetMs: number; readonly judgesPlain: boolean } = { offsetMs: 0, judgesPlain: false };

  constructor(config: Dc09Config, deps: OutputDeps) {
    this.id = config.id;
    this.name = config.name;
    this.lanes = config.lanes;
    this.attemptsMax = config.attemptsMax;
    this.supervised = config.heartbeatSeconds > 0;
    this.#config = config;
    this.#deps = deps;
    this.#cipher = config.key === null ? null : createFrameCipher(parseKey(config.key), randomBytes);
    this.#vitals = new Vitals(config.attemptsMax);
    this.#lines = Array.from({ length: config.lanes }, (_, index) => this.#line(config, index));
    this.#heartbeat = new Heartbeat({
      clock: deps.clock,
      intervalMs: this.supervised ? config.heartbeatSeconds * 1_000 : connectionCheckMs,
      answeredMs: () => this.#vitals.answeredMs(),
      beat: () => this.#beat(),
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
    for (const line of this.#lines) line.drop('not sent: this receiver rests');
  }

  async close(): Promise<void> {
    this.rest();
    await Promise.all(this.#lines.map((line) => line.whenFree()));
  }

  state(): OutputState {
    const open = !this.supervised && this.#lines.some((line) => line.isOpen());
    return this.#vitals.state(this.#working, open);
  }

  send(event: AlarmEvent, lane: number, mayLeave: () => boolean): Promise<SendResult> {
    const line = this.#lines[lane % this.#lines.length];
    if (line === undefined) return Promise.resolve({ outcome: 'failed', problem: 'no such lane' });
    return line.inTurn(() => this.#sendEvent(line, event, mayLeave));
  }

  async #sendEvent(line: Dc09Line, event: AlarmEvent, mayLeave: () => boolean): Promise<SendResult> {
    const series = this.#book.of(event);
    if (series.late !== null) return this.#resultOf(series, { kind: series.late });
    const { id, data, extended, unconverted } = outgoingOf(event, this.#config, this.#deps.convert);
    if (unconverted) this.#tellUnconverted(event);
    const fields = { id, sequence: series.sequence, account: event.account, data };
    const fitting = this.#fitting(event, fields, extended);
    if (typeof fitting === 'string') {
      this.#book.forget(series);
      return { outcome: 'refused', problem: `not to be put into a frame: ${fitting}` };
    }
    const { bytes, frame } = fitting;
    const clocks = this.#clocks;
    let answer = await this.#exchange(line, series, bytes, mayLeave);
    if (answer.kind === 'NAK') this.#setRight(answer.arcTimeMs);
    // Perhaps it was another lane's NAK that told the time meanwhile.
    if (answer.kind === 'NAK' && clocks !== this.#clocks) {
      answer = await this.#exchange(line, series, frame(), mayLeave);
    }
    return this.#resultOf(series, answer);
  }

  /** Without what was added, such as links to pictures, where that makes it too long: the alarm itself matters. Else why not. */
  #fitting(
    event: AlarmEvent,
    fields: Pick<FrameFields, 'id' | 'sequence' | 'account' | 'data'>,
    extended: readonly ExtendedField[],
  ): { bytes: Uint8Array; frame: () => Uint8Array } | string {
    const frame = () => this.#frame({ ...fields, extended }, event);
    try {
      return { bytes: frame(), frame };
    } catch (thrown) {
      return extended.length > 0 ? this.#fitting(event, fields, []) : toAppError(thrown).message;
    }
  }

  #resultOf(series: Series, answer: Answer): SendResult {
    // An answer to an earlier attempt may have come just when this one was given up.
    const said = answer.kind === 'none' && series.late !== null ? { kind: series.late } : answer;
    if (said.kind === 'none') return { outcome: 'failed', problem: said.problem };
    this.#book.forget(series);
    if (said.kind === 'ACK') return { outcome: 'acknowledged' };
    const why = said.kind === 'DUH' ? 'DUH, received and not processed' : 'NAK';
    return { outcome: 'refused', problem: `the ARC says ${why}` };
  }

  /** Sends one frame and waits for what it is answered with. Never rejects. */
  async #exchange(
    line: Dc09Line,
    series: Series | null,
    frame: Uint8Array,
    mayLeave: () => boolean,
  ): Promise<Answer> {
    const { clock } = this.#deps;
    const startedMs = clock.monotonicMs();
    const answer = await line.ask(series, frame, mayLeave);
    const nowMs = clock.monotonicMs();
    if (answer.kind !== 'none') this.#vitals.answered(nowMs);
    else if (mayLeave()) this.#vitals.failed(startedMs, nowMs, answer.problem);
    return answer;
  }

  async #beat(): Promise<boolean | null> {
    const line = this.#lines.find((each) => !each.isBusy());
    return line === undefined ? null : line.inTurn(() => this.#beatOn(line));
  }

  async #beatOn(line: Dc09Line): Promise<boolean> {
    if (!this.#working) return false;
    if (!this.supervised) return this.#keepOpen(line);
    const { account } = this.#config;
    const frame = this.#frame({ id: 'NULL', sequence: '0000', account, data: '' }, null);
    const answer = await this.#exchange(line, null, frame, () => this.#working);
    // A plain one is refused for what it is, not for its time.
    if (answer.kind === 'NAK' && this.#cipher !== null) this.#setRight(answer.arcTimeMs);
    // Some know no NULL and say so; then they are there all the same.
    return answer.kind !== 'none';
  }

  async #keepOpen(line: Dc09Line): Promise<boolean> {
    const startedMs = this.#deps.clock.monotonicMs();
    const problem = await line.open();
    if (problem !== null) this.#vitals.failed(startedMs, this.#deps.clock.monotonicMs(), problem);
    return problem === null;
  }

  /** @throws AppError `invalid_input` for what no frame can hold. */
  #frame(
    fields: Pick<FrameFields, 'id' | 'sequence' | 'account' | 'data' | 'extended'>,
    event: AlarmEvent | null,
  ) {
    const { receiver, line } = this.#config;
    const sentMs = this.#deps.clock.nowMs() + this.#clocks.offsetMs;
    // An encrypted frame proves by its time that it is no old one; a plain one tells when it happened.
    const now = event === null || this.#cipher !== null || this.#clocks.judgesPlain;
    const timestamp = timestampAt(now ? sentMs : (event.deviceTimeMs ?? event.receivedMs));
    const whole = { ...fields, receiver, line, timestamp, encrypted: this.#cipher !== null };
    return encodeFrame(whole, this.#cipher ?? undefined);
  }

  #line(config: Dc09Config, index: number): Dc09Line {
    const { clock } = this.#deps;
    const onAnswer = (line: Dc09Line, kind: 'ACK' | 'DUH', frame: Dc09Frame) =>
      this.#answered(line, kind, frame);
    return new Dc09Line({ clock, config, cipher: this.#cipher, keep: index === 0, onAnswer });
  }

  #answered(line: Dc09Line, kind: 'ACK' | 'DUH', { sequenceNumber, account }: Dc09Frame): void {
    const { underWay } = line;
    if (underWay === 'heartbeat' && sequenceNumber === 0) {
      line.answer({ kind });
      return;
    }
    const asked = underWay === 'heartbeat' ? null : underWay;
    const series = this.#book.answered(sequenceNumber, account, asked);
    if (series === null) return;
    if (asked !== series) series.late = kind;
    for (const each of this.#lines) if (each.underWay === series) each.answer({ kind });
  }

  /** A NAK tells the ARC's time. Ours stays as it is; frames to this ARC carry its time from now on. */
  #setRight(arcTimeMs: number | null): void {
    if (arcTimeMs === null) return;
    const aheadMs = arcTimeMs - this.#deps.clock.nowMs();
    const offsetMs = Math.abs(aheadMs) < clockSlackMs ? 0 : aheadMs;
    const judgesPlain = this.#cipher === null;
    const shifted = Math.abs(offsetMs - this.#clocks.offsetMs) >= clockSlackMs;
    if (!shifted && judgesPlain === this.#clocks.judgesPlain) return;
    this.#clocks = { offsetMs, judgesPlain };
    const shift = `${Math.round(Math.abs(offsetMs) / 1_000)} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ours`;
    const text = shifted
      ? `the clock of the ARC is ${shift}; frames to it are stamped with its time`
      : 'the ARC refuses the time of the event; frames to it are stamped with the time of sending';
    this.#note('warning', 'alarm.arc-time', text);
  }

  #tellUnconverted({ content, format, account }: AlarmEvent): void {
    const key = `${format} ${content.code ?? account}`;
    if (this.#told.has(key) || this.#told.size >= toldMax) return;
    this.#told.add(key);
    const what = content.code === null ? `an event of ${account}` : `${format} code ${content.code}`;
    this.#note(
      'warning',
      'alarm.not-converted',
      `${what} has no ${this.#config.format} for it and goes as received`,
    );
  }

  #note(level: ForwardNote['level'], event: string, text: string): void {
    this.#deps.onNote({ level, event, subject: this.name, text });
  }
}
