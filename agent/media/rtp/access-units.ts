/**
 * Turns NAL units into whole access units for a MediaReceiver: slices pass straight through as views, parameter sets go
 * to the formats, and nothing is handed out that could not be decoded from the last random access unit on.
 */
import type { MediaReceiver } from '../types.ts';
import { AnnexBSplitter, type NalPieces } from './annex-b.ts';
import { type NalCodec, type NalKind, nalKind } from './nal-codec.ts';
import type { ParameterSets } from './parameter-sets.ts';
import { PrefixStore } from './prefix-store.ts';

/** One picture larger than this is a broken stream, not a picture. */
const unitBytesMax = 32 * 1024 * 1024;
/** Without an IDR for so long, a recovery point counts as random access. */
const recoveryPointAfterMs = 10_000;

/** Where the bytes of the open NAL unit go. */
const flow = { none: 0, direct: 1, split: 2, skip: 3 } as const;
type Flow = (typeof flow)[keyof typeof flow];

export interface AccessUnitsOptions {
  readonly codec: NalCodec;
  readonly sets: ParameterSets;
  readonly receiver: MediaReceiver;
  /** The sets were committed and differ from those announced before; called before the unit that needs them. */
  readonly onFormat: () => void;
}

export class AccessUnits implements NalPieces {
  readonly #codec: NalCodec;
  readonly #sets: ParameterSets;
  readonly #receiver: MediaReceiver;
  readonly #onFormat: () => void;
  readonly #splitter: AnnexBSplitter;
  /** NAL units that stand before the next slice. */
  readonly #prefix = new PrefixStore();
  /** The NAL unit whose kind is not known yet, or that is kept whole. */
  readonly #held = new PrefixStore();

  #flow: Flow = flow.none;
  /** Inside a split: the current piece's kind is known and its slice bytes pass on. */
  #pieceFlow: Flow = flow.none;
  /** Start codes were seen inside RTP: slices have to be searched as well. */
  #annexB = false;

  #ptsTicks = 0;
  #arrivalMs = 0;
  #unitOpen = false;
  #unitRandomAccess = false;
  #unitBytes = 0;
  #waiting = true;
  #recoveryPoint = false;
  #randomAccessMs: number | null = null;
  /** A marker ended a unit of this timestamp. */
  #ended = false;
  /** The camera sets the marker on every slice: only the timestamp tells pictures apart. */
  #markerPerSlice = false;
  #units = 0;

  constructor(options: AccessUnitsOptions) {
    this.#codec = options.codec;
    this.#sets = options.sets;
    this.#receiver = options.receiver;
    this.#onFormat = options.onFormat;
    this.#splitter = new AnnexBSplitter(this);
  }

  /** Whole units handed out. */
  get units(): number {
    return this.#units;
  }

  timestamp(ptsTicks: number, arrivalMs: number): void {
    this.stop();
    if (this.#unitOpen) this.#endUnit();
    this.#ended = false;
    this.#ptsTicks = ptsTicks;
    this.#arrivalMs = arrivalMs;
    this.#randomAccessMs ??= arrivalMs;
  }

  /** A whole NAL unit. */
  nal(bytes: Uint8Array, start: number, end: number): void {
    this.begin(bytes, start, end);
    this.stop();
  }

  /** The first bytes of a NAL unit, header included. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    this.stop();
    const codec = this.#codec;
    if (!this.#annexB && end - start > codec.headerBytes) {
      const kind = codec.kind(bytes[start] as number, bytes[start + 1] as number);
      if (kind === nalKind.slice || kind === nalKind.randomAccessSlice) {
        if (!this.#beginSlice(kind, bytes[start + codec.headerBytes] as number)) {
          this.#flow = flow.skip;
          return;
        }
        this.#flow = flow.direct;
        this.#receiver.nalBegin();
        this.#pass(bytes, start, end);
        return;
      }
    }
    this.#flow = flow.split;
    this.#splitter.begin();
    this.#splitter.write(bytes, start, end);
  }

  /** More bytes of the NAL unit that is open; without one they are dropped. */
  more(bytes: Uint8Array, start: number, end: number): void {
    if (this.#flow === flow.direct) this.#pass(bytes, start, end);
    else if (this.#flow === flow.split) this.#splitter.write(bytes, start, end);
  }

  /** Ends the NAL unit that is open, if any. */
  stop(): void {
    const was = this.#flow;
    this.#flow = flow.none;
    if (was === flow.direct) this.#endNal();
    else if (was === flow.split) {
      this.#splitter.end();
      if (this.#splitter.startCodes > 0) this.#annexB = true;
    }
  }

  /** The RTP marker; on a packet without a slice before it, it ends nothing. */
  marker(): void {
    this.stop();
    if (!this.#unitOpen || this.#markerPerSlice) return;
    this.#endUnit();
    this.#ended = true;
  }

  /** Packets are missing: nothing is handed out until the next random access unit. */
  lost(): void {
    this.#flow = flow.none;
    this.#pieceFlow = flow.none;
    this.#splitter.begin();
    this.#abandon();
  }

  pieceBegin(): void {
    this.#pieceFlow = flow.split;
    this.#held.clear();
    this.#held.begin();
  }

  pieceBytes(bytes: Uint8Array, start: number, end: number): void {
    if (this.#pieceFlow === flow.direct) {
      this.#pass(bytes, start, end);
      return;
    }
    if (this.#pieceFlow !== flow.split) return;
    const held = this.#held;
    const known = held.lastLength > this.#codec.headerBytes;
    if (!held.append(bytes, start, end)) {
      this.#pieceFlow = flow.skip;
      return;
    }
    if (known || held.lastLength <= this.#codec.headerBytes) return;
    const kind = this.#heldKind();
    if (kind !== nalKind.slice && kind !== nalKind.randomAccessSlice) return;
    if (!this.#beginSlice(kind, held.byte(this.#codec.headerBytes))) {
      this.#pieceFlow = flow.skip;
      return;
    }
    this.#pieceFlow = flow.direct;
    this.#receiver.nalBegin();
    this.#pass(held.bytes, held.lastStart, held.lastStart + held.lastLength);
  }

  pieceEnd(): void {
    const was = this.#pieceFlow;
    this.#pieceFlow = flow.none;
    if (was === flow.direct) this.#endNal();
    else if (was === flow.split) this.#keep();
  }

  #heldKind(): NalKind {
    return this.#codec.kind(this.#held.byte(0), this.#held.byte(1));
  }

  /** A whole NAL unit that is no slice lies in `held`. */
  #keep(): void {
    const held = this.#held;
    if (held.lastLength < this.#codec.headerBytes) return;
    const kind = this.#heldKind();
    const end = held.lastStart + held.lastLength;
    if (kind === nalKind.parameterSet) {
      this.#sets.offer(held.bytes.subarray(held.lastStart, end));
    } else if (kind === nalKind.prefix || kind === nalKind.supplemental) {
      if (kind === nalKind.supplemental && this.#isRecoveryPoint()) this.#recoveryPoint = true;
      this.#prefix.begin();
      if (!this.#prefix.append(held.bytes, held.lastStart, end)) this.#prefix.clear();
    } else if (kind === nalKind.suffix && this.#unitOpen) {
      this.#receiver.nalBegin();
      this.#pass(held.bytes, held.lastStart, end);
      this.#receiver.nalEnd();
    }
  }

  #isRecoveryPoint(): boolean {
    const held = this.#held;
    return this.#codec.isRecoveryPoint(held.bytes.subarray(held.lastStart), held.lastLength);
  }

  #pass(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#unitOpen) return;
    this.#unitBytes += end - start;
    if (this.#unitBytes > unitBytesMax) this.#abandon();
    else this.#receiver.nalBytes(bytes, start, end);
  }

  /** A unit that grew too large was abandoned in the middle of a NAL unit. */
  #endNal(): void {
    if (this.#unitOpen) this.#receiver.nalEnd();
  }

  /** A slice comes: opens the unit if it has to. False when the slice is not to be handed out. */
  #beginSlice(kind: NalKind, afterHeader: number): boolean {
    if (!this.#unitOpen && !this.#openUnit(kind, this.#codec.startsPicture(afterHeader))) {
      this.#prefix.clear();
      this.#recoveryPoint = false;
      return false;
    }
    this.#flushPrefix();
    return true;
  }

  #openUnit(kind: NalKind, startsPicture: boolean): boolean {
    if (this.#ended && !startsPicture && !this.#waiting) {
      this.#markerPerSlice = true;
      this.#waiting = true;
    }
    const randomAccess = startsPicture && this.#isRandomAccess(kind);
    if (this.#waiting && !randomAccess) return false;
    if (randomAccess && !this.#commitSets()) {
      this.#waiting = true;
      return false;
    }
    this.#waiting = false;
    this.#unitOpen = true;
    this.#unitRandomAccess = randomAccess;
    this.#unitBytes = 0;
    this.#receiver.videoBegin(this.#ptsTicks, this.#arrivalMs);
    return true;
  }

  #isRandomAccess(kind: NalKind): boolean {
    if (kind === nalKind.randomAccessSlice) {
      this.#randomAccessMs = this.#arrivalMs;
      return true;
    }
    return this.#recoveryPoint && this.#arrivalMs - (this.#randomAccessMs ?? 0) >= recoveryPointAfterMs;
  }

  /**
   * Only here new parameter sets take effect: a set that comes between two random access units is legal, but no camera
   * was seen to mean it, while several repeat differing copies.
   */
  #commitSets(): boolean {
    if (!this.#sets.complete) return false;
    if (this.#sets.commit()) this.#onFormat();
    return true;
  }

  #flushPrefix(): void {
    const prefix = this.#prefix;
    if (prefix.count === 0) return;
    for (let i = 0; i < prefix.count; i++) {
      this.#receiver.nalBegin();
      this.#receiver.nalBytes(prefix.bytes, prefix.startOf(i), prefix.endOf(i));
      this.#receiver.nalEnd();
    }
    prefix.clear();
  }

  #endUnit(): void {
    this.#unitOpen = false;
    this.#recoveryPoint = false;
    this.#units += 1;
    this.#receiver.videoEnd(this.#unitRandomAccess);
  }

  #abandon(): void {
    if (this.#unitOpen) this.#receiver.videoAbandon();
    this.#unitOpen = false;
    this.#waiting = true;
    this.#recoveryPoint = false;
    this.#prefix.clear();
  }
}
