/** Tells the network where a virtual IP is now: at once, after 5 s, and every 60 s as long as it is held. */
import { toAppError } from '../../../../src/errors.ts';
import type { Cancel, Clock } from '../../../adapters/clock.ts';
import type { Commands } from '../commands.ts';
import type { VirtualIp } from './ip-address.ts';

const secondMs = 5_000;
const everyMs = 60_000;
const lateMs = 4_000;
/** Of Debian's and Red Hat's `resource-agents`. */
const sendUa = '/usr/libexec/heartbeat/send_ua';

export interface AnnouncerOptions {
  readonly commands: Commands;
  readonly clock: Clock;
  readonly ip: VirtualIp;
  /** Told once for each start. */
  readonly onTrouble: (text: string) => void;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  #cancel: Cancel = () => {};
  #abort: AbortController | null = null;
  #troubled = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  start(interfaceName: string): void {
    this.stop();
    this.#troubled = false;
    this.#abort = new AbortController();
    this.#send(interfaceName);
    const again = (delayMs: number) => {
      this.#cancel = this.#options.clock.after(delayMs, () => {
        this.#send(interfaceName);
        again(everyMs);
      });
    };
    again(secondMs);
  }

  /** Nothing is sent after it: also what is under way ends. */
  stop(): void {
    this.#cancel();
    this.#abort?.abort();
    this.#abort = null;
  }

  #send(interfaceName: string): void {
    const signal = this.#abort?.signal;
    if (signal === undefined) return;
    for (const command of announcements(this.#options.ip, interfaceName)) void this.#run(command, signal);
  }

  async #run(command: string[], outer: AbortSignal): Promise<void> {
    const late = new AbortController();
    const cancel = this.#options.clock.after(lateMs, () => late.abort());
    try {
      await this.#options.commands.run({ command, signal: AbortSignal.any([outer, late.signal]) });
    } catch (thrown) {
      if (!outer.aborted && !this.#troubled) {
        this.#troubled = true;
        this.#options.onTrouble(toAppError(thrown).message);
      }
    } finally {
      cancel();
    }
  }
}

/** ARP (RFC 5944 4.6) both as request and as answer, since neighbours heed one or the other; for IPv6 an unsolicited NA. */
function announcements({ family, host, prefix }: VirtualIp, interfaceName: string): string[][] {
  if (family === 6) return [[sendUa, '-c', '1', host, String(prefix), interfaceName]];
  return ['-U', '-A'].map((mode) => ['arping', '-q', mode, '-c', '1', '-w', '1', '-I', interfaceName, host]);
}
