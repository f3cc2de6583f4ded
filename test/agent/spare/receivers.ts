/** Receivers of a group as tests need them: real groups over a store in memory, on a clock that a test moves. */
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import type { GroupMemory } from '../../../agent/spare/group/memory-file.ts';
import type { GroupNote } from '../../../agent/spare/group/ports.ts';
import { createGroup, type Group } from '../../../agent/spare/group.ts';
import { MemoryGroup } from '../../support/memory-group-store.ts';
import { FakeClock } from '../control/fake-clock.ts';

const inflate = promisify(inflateRaw);
const stepMs = 50;

/** What a directory is to the group: a text with a version. */
class TestDirectory {
  text = '';
  held = 0;
  refusal: string | null = null;
  #version = 0;

  constructor(text: string) {
    this.text = text;
    this.#version = text === '' ? 0 : 1;
  }

  edit(text: string): void {
    this.text = text;
    this.#version += 1;
  }

  version = () => this.#version;
  export = () => Buffer.from(this.text);
  replace = (body: Uint8Array, version: number) => {
    this.text = Buffer.from(body).toString();
    this.#version = version;
  };
  clear = () => {
    this.text = '';
    this.#version += 1;
  };
  readOnly = (reason: string | null) => {
    this.refusal = reason;
  };
  devices = () => (this.text === '' ? 0 : this.text.split(',').length);
  ingress = () =>
    this.text === ''
      ? []
      : this.text.split(',').map((account) => ({
          account,
          name: account,
          key: null,
          requireEncryption: false,
          enabled: true,
          supervisionSeconds: null,
        }));
}

export class Receiver {
  readonly id: string;
  readonly directory: TestDirectory;
  readonly notes: GroupNote[] = [];
  group: Group;
  ready = true;
  /** Rows that it handed to the queue, and those that wait here again. */
  readonly shared = { mark: 0, numbers: [] as number[], back: [] as number[], closed: false };
  removedWhy: string | null = null;
  memory: GroupMemory | null = null;
  /** Until when it may forward; null while it rests. */
  rightUntilMs: number | null = null;
  epoch = 0;
  drains = 0;
  /** Frames under way hold a drain up until they are acknowledged. */
  underWay: Promise<void> = Promise.resolve();
  readonly #site: Site;

  constructor(site: Site, id: string, devices: string) {
    this.#site = site;
    this.id = id;
    this.directory = new TestDirectory(devices);
    this.group = this.make();
  }

  get works(): boolean {
    return this.rightUntilMs !== null && this.#site.clock.monotonicMs() < this.rightUntilMs;
  }

  /** Another process of the same receiver. */
  make(options: { secret?: string } = {}): Group {
    const { clock, store } = this.#site;
    this.group = createGroup({
      config: {
        arcId: 'site',
        store: { kind: 'hub', address: 'hub:6070' },
        secret: options.secret ?? 'a secret of the store',
      },
      self: { id: this.id, name: this.id.toUpperCase(), version: '1.0' },
      openStore: () => store.open(this.id),
      clock,
      forward: {
        work: ({ epoch, rightUntilMs }) => {
          this.epoch = epoch;
          this.rightUntilMs = rightUntilMs;
          this.#site.log.push(`${this.id} works`);
        },
        extend: (rightUntilMs) => {
          this.rightUntilMs = rightUntilMs;
        },
        drain: async () => {
          this.drains += 1;
          await this.underWay;
        },
        rest: async () => {
          this.rightUntilMs = null;
          this.#site.log.push(`${this.id} rests`);
        },
      },
      directory: this.directory,
      rows: {
        mark: async () => this.shared.mark,
        count: async (after) => this.shared.numbers.filter((number) => number > after).length,
        putBack: async (after) => {
          const back = this.shared.numbers.filter((number) => number > after);
          this.shared.numbers = this.shared.numbers.filter((number) => number <= after);
          this.shared.back.push(...back);
          return back.length;
        },
        close: async () => {
          this.shared.closed = true;
        },
      },
      facts: () => ({ ready: this.ready, problem: this.ready ? null : 'no output', unshared: 0 }),
      memory: {
        read: async () => this.memory,
        write: (memory) => {
          this.memory = memory;
        },
        close: async () => {},
      },
      onNote: (note) => this.notes.push(note),
      onChange: () => {},
      onRemoved: (why) => {
        this.removedWhy = why;
      },
    });
    return this.group;
  }

  status() {
    return this.group.status();
  }
}

export class Site {
  readonly clock = new FakeClock();
  readonly store = new MemoryGroup();
  /** Who began and who stopped, in order. */
  readonly log: string[] = [];
  readonly receivers: Receiver[] = [];

  receiver(id: string, devices = ''): Receiver {
    const receiver = new Receiver(this, id, devices);
    this.receivers.push(receiver);
    return receiver;
  }

  /** Joins a group of these, the first as host with two devices, and waits until it works. */
  async group(...ids: string[]): Promise<Receiver[]> {
    const receivers = ids.map((id, place) => this.receiver(id, place === 0 ? '1001,1002' : ''));
    for (const receiver of receivers) await receiver.group.connect({ replaceOwn: false });
    await this.until(() => receivers[0]?.works === true, 10_000);
    await this.run(8_000);
    return receivers;
  }

  get working(): string[] {
    return this.receivers.filter(({ works }) => works).map(({ id }) => id);
  }

  /** Moves time; work of other threads, as inflating is, comes to its end at each step. */
  async run(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += stepMs) {
      this.clock.advance(stepMs);
      for (let round = 0; round < 2; round += 1) {
        await inflate(Buffer.from([3, 0]));
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      const { working } = this;
      if (working.length > 1) throw new Error(`I7: ${working.join(' and ')} work at once`);
    }
  }

  /** How long it took. */
  async until(condition: () => boolean, limitMs: number): Promise<number> {
    for (let passedMs = 0; passedMs < limitMs; passedMs += stepMs) {
      if (condition()) return passedMs;
      await this.run(stepMs);
    }
    throw new Error(`not within ${limitMs} ms; ${this.log.slice(-6).join(', ')}`);
  }

  /** Waits for a call that needs time to pass. */
  async while<T>(call: Promise<T> | undefined): Promise<T> {
    if (!call) throw new Error('no such receiver');
    let over = false;
    const end = () => {
      over = true;
    };
    call.then(end, end);
    await this.until(() => over, 20_000);
    return call;
  }
}
