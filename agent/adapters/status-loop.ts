/** Sends a service's status to whoever listens, sooner after a change, and notices when nobody wants the service any more. */
import type { Cancel, Clock } from './clock.ts';
import type { LineServer } from './line-server.ts';

const lookMs = 50;
/** A service that is not at work and that nobody asks for ends. */
const idleMaxMs = 60_000;

export interface StatusLoop {
  /** Something has changed that a person waits for. */
  due(): void;
  /** At once; to nobody when nobody listens. */
  send(): void;
  stop(): void;
}

export function startStatusLoop<Status>(options: {
  clock: Clock;
  server: Pick<LineServer<{ kind: 'status'; status: Status }>, 'send' | 'clients'>;
  everyMs: number;
  /** After a change; and no more often. */
  soonMs: number;
  /** Null: there is nothing to say yet. */
  status: () => Status | null;
  isAtWork: () => boolean;
  onIdle: () => void;
}): StatusLoop {
  const { clock, server, everyMs, soonMs, status, isAtWork, onIdle } = options;
  let isDue = true;
  let sentMs = Number.NEGATIVE_INFINITY;
  let wantedMs = clock.monotonicMs();

  /** A defect in what is shown must never end what is at work. */
  const send = () => {
    isDue = false;
    sentMs = clock.monotonicMs();
    if (server.clients() === 0) return;
    try {
      const shown = status();
      if (shown !== null) server.send({ kind: 'status', status: shown });
    } catch (error) {
      process.stderr.write(`status: ${error instanceof Error ? error.stack : String(error)}\n`);
    }
  };
  const look = () => {
    cancel = clock.after(lookMs, look);
    const nowMs = clock.monotonicMs();
    if (server.clients() > 0 || isAtWork()) wantedMs = nowMs;
    if (nowMs - wantedMs > idleMaxMs) onIdle();
    if (nowMs - sentMs >= (isDue ? soonMs : everyMs)) send();
  };
  let cancel: Cancel = clock.after(lookMs, look);

  return {
    due() {
      isDue = true;
    },
    send,
    stop: () => cancel(),
  };
}
