/**
 * RTP time to UTC-anchored media time of one track: follows the sender's ticks, slewed toward arrival by at most
 * 500 ppm where they drift apart, and whatever sender or clock do, later frames get later times.
 */

const slewMax = 500e-6;
/** Jitter of arrival is not drift: slewing begins past the first and ends within the second, so that 25 fps stay 25 fps. */
const slewFromSeconds = 0.15;
const slewToSeconds = 0.05;
/** Senders hand out what they have buffered at first: for so long the earliest arrivals tell where the anchor belongs. */
const settleSeconds = 2;
/** A sender that runs ahead of arrival is brought back at this rate instead of stepping back. */
const catchUpRate = 0.5;
/** Further ahead than this is not a fast camera but an arrival clock that was set back: go on beside it. */
const aheadSecondsMax = 60;
/** RTP time that goes back, or leaps forward, by more than this is a new RTP time base and not reordered frames. */
const discontinuitySeconds = 2;

/** A point of the map: RTP ticks in, media ticks out. */
interface Anchor {
  ticks: number;
  mediaTicks: number;
}

export class Timeline {
  readonly #clockRate: number;
  readonly #newest: Anchor = { ticks: 0, mediaTicks: 0 };
  readonly #before: Anchor = { ticks: 0, mediaTicks: 0 };
  #anchored = false;
  #catchingUp = false;
  #slewing = false;
  #settling = false;
  #anchoredTicks = 0;
  /** How far the sender ran ahead of arrival while settling, ticks, 0 or less. */
  #aheadTicks = 0;
  /** Nothing at or before this media time may be given out any more. */
  #floorTicks = Number.NEGATIVE_INFINITY;

  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** The next frame opens a new RTP time base; media time still never goes back. */
  restart(): void {
    if (this.#anchored) this.#floorTicks = Math.max(this.#floorTicks, this.#newest.mediaTicks);
    this.#anchored = false;
  }

  /**
   * Media time in ticks since 1970, whole. `targetMs` is where arrival (or a sender report) puts this frame; a
   * deviation over `stepMs` is made good at once if that means forward, at half speed if it means back.
   */
  map(ticks: number, targetMs: number, stepMs: number): number {
    const target = (targetMs * this.#clockRate) / 1000;
    const advance = ticks - this.#newest.ticks;
    if (!this.#anchored) this.#anchor(ticks, target);
    else if (advance > 0) this.#advance(ticks, target, (stepMs * this.#clockRate) / 1000);
    else if (-advance > discontinuitySeconds * this.#clockRate) {
      this.restart();
      this.#anchor(ticks, target);
    }
    return this.#interpolate(ticks);
  }

  /**
   * Ends the settling after an anchor: moves it to where the earliest arrivals put it. Returns by how many ticks (0 or
   * less), for the caller to move what it was given since.
   */
  settle(): number {
    if (!this.#settling) return 0;
    this.#settling = false;
    const shift = Math.min(
      0,
      Math.ceil(Math.max(this.#aheadTicks, this.#floorTicks + 1 - this.#anchoredTicks)),
    );
    this.shift(shift);
    return shift;
  }

  /** Moves the map by so many ticks. */
  shift(ticks: number): void {
    this.#newest.mediaTicks += ticks;
    this.#before.mediaTicks += ticks;
  }

  /** Where `ticks` would be put without moving anything; null before the first frame. */
  peek(ticks: number): number | null {
    return this.#anchored ? this.#interpolate(ticks) : null;
  }

  /** Media time of the newest frame; null before the first. */
  get newestTicks(): number | null {
    return this.#anchored ? this.#newest.mediaTicks : null;
  }

  #anchor(ticks: number, target: number): void {
    const mediaTicks = Math.max(target, this.#floorTicks + 1);
    this.#newest.ticks = ticks;
    this.#newest.mediaTicks = mediaTicks;
    this.#before.ticks = ticks;
    this.#before.mediaTicks = mediaTicks;
    this.#anchored = true;
    this.#catchingUp = false;
    this.#slewing = false;
    this.#settling = true;
    this.#anchoredTicks = mediaTicks;
    this.#aheadTicks = 0;
  }

  #advance(ticks: number, target: number, step: number): void {
    const mediaTicks = this.#next(ticks - this.#newest.ticks, target, step);
    this.#before.ticks = this.#newest.ticks;
    this.#before.mediaTicks = this.#newest.mediaTicks;
    this.#newest.ticks = ticks;
    this.#newest.mediaTicks = mediaTicks;
  }

  #next(advance: number, target: number, step: number): number {
    const now = this.#newest.mediaTicks;
    const deviation = target - (now + advance);
    if (deviation > step) {
      this.#catchingUp = false;
      this.#settling = false;
      return target;
    }
    this.#settling &&= target - this.#anchoredTicks < settleSeconds * this.#clockRate;
    if (this.#settling && deviation > -aheadSecondsMax * this.#clockRate) {
      this.#aheadTicks = Math.min(this.#aheadTicks, deviation);
      return now + advance;
    }
    const leap = advance > discontinuitySeconds * this.#clockRate;
    if (deviation < -step && leap) return Math.max(target, now + 1);
    const ahead = deviation < -step && deviation > -aheadSecondsMax * this.#clockRate;
    this.#catchingUp = ahead || (this.#catchingUp && deviation < 0);
    if (this.#catchingUp)
      return Math.max(now + advance * catchUpRate, Math.min(target, now + advance), now + 1);
    const limit = (this.#slewing ? slewToSeconds : slewFromSeconds) * this.#clockRate;
    this.#slewing = Math.abs(deviation) > limit;
    const slew = this.#slewing ? advance * slewMax : 0;
    return Math.max(now + advance + Math.min(slew, Math.max(-slew, deviation)), now + 1);
  }

  /** Frames shown before the newest one lie on the line between the two last anchors. */
  #interpolate(ticks: number): number {
    const { ticks: from, mediaTicks } = this.#before;
    const span = this.#newest.ticks - from;
    const rate = span > 0 && ticks > from ? (this.#newest.mediaTicks - mediaTicks) / span : 1;
    return Math.round(Math.max(mediaTicks + (ticks - from) * rate, this.#floorTicks + 1));
  }
}
