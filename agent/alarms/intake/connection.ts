/** One TCP connection of a device: frames in, answers out in the same order, and never more of it in memory than its bounds. */
import type { Socket } from 'node:net';
import type { Clock } from '../../adapters/clock.ts';
import { createFrameSplitter } from '../dc09/splitter/codec.ts';
import type { Verdict } from './judge.ts';
import type { IntakeLimits } from './limits.ts';
import type { UnderWay } from './under-way.ts';

/** So much is cut into frames at once: a read of 64 KiB may hold thousands. */
const sliceBytes = 2_048;

export interface ConnectionContext {
  readonly clock: Clock;
  readonly limits: IntakeLimits;
  readonly underWay: UnderWay;
  readonly judge: (frame: Uint8Array) => Verdict;
  /** For what the splitter found to be no frame. */
  readonly refuse: (detail: string) => void;
  /** Whether the address may have one more frame refused. */
  readonly mayRefuse: () => boolean;
  /** We end it; `why` reads like "no frame for 300 s". */
  readonly onEnd: (why: string) => void;
}

export interface Connection {
  /** Whether it brought a message of an account of the directory. */
  known(): boolean;
  /** When it last brought a valid frame, else when it began. */
  aliveMs(): number;
  /** Ends it when one of its times is up. */
  check(nowMs: number): void;
  /** Reads no more; answers that are due still go out. */
  stop(): void;
  end(why: string): void;
}

interface Slot {
  /** Undefined until it is known; null: no answer. */
  bytes: Uint8Array | null | undefined;
}

export function serveConnection(socket: Socket, context: ConnectionContext): Connection {
  const { clock, limits, underWay } = context;
  const splitter = createFrameSplitter();
  const openedMs = clock.monotonicMs();
  const slots: Slot[] = [];
  let frames: Uint8Array[] = [];
  let unread: Uint8Array = new Uint8Array(0);
  let valid = false;
  let known = false;
  let over = false;
  let ended = false;
  let stopped = false;
  let held = false;
  let flushing = false;
  let validMs = openedMs;
  let unfinishedSinceMs: number | null = null;
  let garbageBytes = 0;

  const end = (why: string) => {
    if (over) return;
    over = true;
    context.onEnd(why);
    socket.destroy();
  };

  const isFull = () => slots.length >= limits.underWayPerConnectionMax || underWay.full();

  /** Works on what was read as long as there is room, and reads on when all of it was worked on. */
  const work = () => {
    held = false;
    while (!over && !stopped) {
      const frame = frames.shift();
      if (frame !== undefined) {
        if (!isFull()) handle(frame);
        else {
          frames.unshift(frame);
          return hold();
        }
      } else if (unread.length > 0) cut();
      else break;
    }
    if (over || stopped) return;
    if (socket.isPaused()) socket.resume();
    if (ended && slots.length === 0) socket.end();
  };

  const hold = () => {
    held = true;
    socket.pause();
    // With answers of its own due it goes on when they went out.
    if (slots.length < limits.underWayPerConnectionMax) underWay.wait(work);
  };

  const cut = () => {
    const found = splitter.push(unread.subarray(0, sliceBytes));
    unread = unread.subarray(sliceBytes);
    frames = found.frames;
    garbageBytes += found.garbageBytes;
    for (let count = 0; count < found.oversized; count += 1) refused('it is longer than a frame can be');
    if (garbageBytes > limits.garbageBytesMax) end(`${garbageBytes} bytes that are no frame`);
    if (splitter.heldBytes() === 0) unfinishedSinceMs = null;
    else if (unfinishedSinceMs === null || frames.length > 0) unfinishedSinceMs = clock.monotonicMs();
  };

  const refused = (detail: string | null) => {
    if (detail !== null) context.refuse(detail);
    if (!context.mayRefuse()) end('too many frames that are refused');
  };

  const handle = (frame: Uint8Array) => {
    const verdict = context.judge(frame);
    if (verdict.kind === 'silence') {
      if (verdict.valid) alive();
      else refused(null);
      return;
    }
    alive();
    known ||= verdict.known;
    const slot: Slot = { bytes: undefined };
    slots.push(slot);
    if (verdict.kind === 'answer') return answer(slot, verdict.bytes);
    underWay.hand(verdict.event, (safe) => answer(slot, safe && !over ? verdict.acknowledge() : null));
  };

  const alive = () => {
    valid = true;
    validMs = clock.monotonicMs();
    garbageBytes = 0;
  };

  const answer = (slot: Slot, bytes: Uint8Array | null) => {
    slot.bytes = bytes;
    if (flushing || slots[0] !== slot) return;
    // Many events become safe at once: their answers go out in one write.
    flushing = true;
    queueMicrotask(flush);
  };

  const flush = () => {
    flushing = false;
    if (over) return;
    const due = slots.findIndex((slot) => slot.bytes === undefined);
    const answers = slots.splice(0, due < 0 ? slots.length : due).flatMap(({ bytes }) => bytes ?? []);
    if (answers.length > 0) socket.write(Buffer.concat(answers));
    if (socket.writableLength > limits.unsentBytesMax) return end('it does not read its answers');
    if (held) {
      underWay.forget(work);
      work();
    } else if (ended && slots.length === 0) socket.end();
  };

  socket.setNoDelay(true);
  socket.on('data', (bytes: Buffer) => {
    if (stopped) return;
    unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
    if (!held) work();
  });
  // It may close its half after the last event and still wait for the answer.
  socket.on('end', () => {
    ended = true;
    if (!held && slots.length === 0) socket.end();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    over = true;
    underWay.forget(work);
  });

  return {
    known: () => known,
    aliveMs: () => validMs,
    check(nowMs) {
      if (over) return;
      if (held || slots.length > 0) {
        // It waits for us: its own times begin anew after that.
        validMs = nowMs;
        if (unfinishedSinceMs !== null) unfinishedSinceMs = nowMs;
        return;
      }
      const { frameTimeoutMs, firstFrameTimeoutMs, idleTimeoutMs } = limits;
      if (unfinishedSinceMs !== null && nowMs - unfinishedSinceMs >= frameTimeoutMs) {
        context.refuse('it was not finished in time');
        end(`a frame unfinished for ${frameTimeoutMs / 1_000} s`);
      } else if (!valid && nowMs - openedMs >= firstFrameTimeoutMs) {
        end(`no valid frame within ${firstFrameTimeoutMs / 1_000} s`);
      } else if (nowMs - validMs >= idleTimeoutMs) {
        end(`no frame for ${idleTimeoutMs / 1_000} s`);
      }
    },
    stop() {
      stopped = true;
      socket.pause();
    },
    end,
  };
}
