/**
 * `npm run demo:pair`: a real pair in network namespaces of this machine, whose cables, programs and power a person can take
 * away with a key and watch what happens. Without a terminal it shows itself for a while, switches once, and cleans up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { PairStatus } from '../src/contract/index.ts';
import { isLabPossible, killNow } from '../test/cluster/lab.ts';
import { longestOutageMs, overlapMs } from '../test/cluster/measure.ts';
import { buildPair, type NodeName, powerOff, powerOn, type TestPair } from '../test/cluster/pair.ts';

const nodes = ['a', 'b'] as const;
const aloneShowMs = 20_000;
const outageNoteMs = 300;
const patienceMs = 15_000;
const networks = ['service', 'heartbeat'] as const;

class Demo {
  readonly #pair: TestPair;
  readonly #seen: Partial<Record<NodeName, { atMs: number; status: PairStatus }>> = {};
  readonly #watching = new Map<NodeName, ChildProcess>();
  #off = false;
  #arbiterOff = false;
  #note = '';
  #actedAtMs = Date.now();
  #ended = false;

  constructor(pair: TestPair) {
    this.#pair = pair;
    for (const node of nodes) this.#watch(node);
  }

  /** Resolves when both nodes have spoken and the client has been answered. */
  async begin(): Promise<void> {
    await this.#pair.witness.answerFrom('a', patienceMs);
    const untilMs = Date.now() + patienceMs;
    while (nodes.some((node) => !this.#seen[node]) && Date.now() < untilMs) await pause(50);
    this.#actedAtMs = Date.now();
  }

  /** Status as plain lines: what each node says, and what the client sees. */
  lines(): string[] {
    const { witness, lab } = this.#pair;
    const last = witness.answers.at(-1);
    const nowMs = Date.now();
    const silentMs = last ? nowMs - last.atMs : 0;
    const service =
      silentMs > outageNoteMs
        ? `nobody answers for ${(silentMs / 1_000).toFixed(1)} s`
        : last
          ? `node-${last.from} answers`
          : 'no answer yet';
    const worstMs = longestOutageMs(witness.answers, this.#actedAtMs, nowMs);
    const twoMs = overlapMs(witness.holdings('a'), witness.holdings('b'), nowMs);
    return [
      ...nodes.map((node) => this.#nodeLine(node, nowMs)),
      `client  ${lab.virtualAddress}: ${service}; longest silence since the last key ${worstMs} ms; two holders ${twoMs} ms`,
      ...(this.#note === '' ? [] : [`        ${this.#note}`]),
    ];
  }

  /** Does what a key stands for; false when the key means nothing. */
  async press(key: string): Promise<boolean> {
    const { lab } = this.#pair;
    const deeds: Record<string, () => string | Promise<string>> = {
      '1': () => {
        lab.cut('a', 'service');
        return "a's service cable is out";
      },
      '2': () => {
        lab.cut('a', 'heartbeat');
        return 'the heartbeat cable is out';
      },
      '3': () => {
        if (!this.#off) powerOff(this.#pair, 'a');
        this.#off = true;
        return 'node a has no power';
      },
      '4': () => {
        this.#pair.stopHub();
        this.#arbiterOff = true;
        return 'the arbiter is dead';
      },
      '5': () => {
        const pids = nodes.flatMap((node) => this.#pair.servicePids(node));
        for (const pid of pids) killNow(pid);
        return pids.length > 0 ? 'nginx was killed' : 'nginx runs nowhere';
      },
      s: () => this.switch(),
      m: () => this.#mend(),
    };
    const deed = deeds[key];
    if (!deed) return false;
    this.#actedAtMs = Date.now();
    try {
      this.#note = await deed();
    } catch (error) {
      this.#note = String(error).split('\n')[0] ?? '';
    }
    return true;
  }

  async switch(): Promise<string> {
    const node = this.#off ? 'b' : 'a';
    this.#pair.cli(node, 'standby', 'switch');
    return `switched by node-${node}: holdfast standby switch`;
  }

  /** The console of a node, in this terminal, until the person leaves it. */
  async openConsole(): Promise<void> {
    const node = this.#off ? 'b' : 'a';
    const [program = '', ...prefix] = this.#pair.lab.on(node);
    const args = [...prefix, launcher, 'tui', '--data', this.#pair.dataDir(node)];
    const child = spawn(program, args, { stdio: 'inherit' });
    await new Promise((resolve) => child.once('exit', resolve));
  }

  end(): void {
    this.#ended = true;
    for (const child of this.#watching.values()) child.kill('SIGTERM');
  }

  async #mend(): Promise<string> {
    for (const network of networks) this.#pair.lab.mend('a', network);
    if (this.#arbiterOff) await this.#pair.startHub();
    this.#arbiterOff = false;
    if (this.#off) await powerOn(this.#pair, 'a');
    this.#off = false;
    return 'all is whole again';
  }

  #nodeLine(node: NodeName, nowMs: number): string {
    const seen = this.#seen[node];
    const name = `node-${node}`;
    if (!seen || nowMs - seen.atMs > 5_000) return `${name}  says nothing`;
    const { status } = seen;
    const role = status.nodes.find(({ self }) => self)?.role ?? 'not in the pair';
    const links = status.links.map(({ id, state }) => `${id} ${state}`).join(', ');
    return `${name}  ${role.padEnd(12)} epoch ${status.epoch}  arbiter ${status.arbiter.state}  ${links}  | ${status.forecast}`;
  }

  /** Follows the node's own words; a node that died is asked again until it is back. */
  #watch(node: NodeName): void {
    const dataDir = this.#pair.dataDir(node);
    const args = [launcher, 'standby', 'status', '--watch', '--json', '--data', dataDir];
    const child = this.#pair.lab.start(node, args);
    this.#watching.set(node, child);
    if (child.stdout) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#seen[node] = { atMs: Date.now(), status: JSON.parse(line) as PairStatus };
      });
    }
    child.once('exit', () => {
      if (!this.#ended) setTimeout(() => !this.#ended && this.#watch(node), 1_000);
    });
  }
}

const launcher = new URL('../bin/holdfast', import.meta.url).pathname;
const menu = [
  "1 cut a's service cable  2 cut heartbeat  3 kill node a  4 stop arbiter",
  '5 crash nginx  s switch  m mend all  t console of a ("5" there is the pair)',
  'q quit',
];

async function main(): Promise<number> {
  if (!isLabPossible()) {
    process.stderr.write(
      'error: the pair is built in network namespaces, which needs root on Linux and iproute2\nhint: sudo npm run demo:pair\n',
    );
    return 4;
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  say(
    'building two nodes, an arbiter and a client on a service network, and a heartbeat cable between the nodes',
  );
  const pair = await buildPair({ profile: 'default', onStep: (text) => say(`  ${text}`) });
  const demo = new Demo(pair);
  try {
    say(`  a client asks http://${pair.lab.virtualAddress}/ fifty times a second\n`);
    await pair.settled();
    await demo.begin();
    if (process.stdin.isTTY && process.stdout.isTTY) await playWithPerson(demo);
    else await playAlone(demo, say);
    return 0;
  } finally {
    demo.end();
    await pair.remove();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function playAlone(demo: Demo, say: (text: string) => void): Promise<void> {
  const untilMs = Date.now() + aloneShowMs;
  const switchMs = Date.now() + aloneShowMs / 2;
  let switched = false;
  while (Date.now() < untilMs) {
    if (!switched && Date.now() > switchMs) {
      switched = true;
      await demo.press('s');
    }
    say(`${demo.lines().join('\n')}\n`);
    await pause(1_000);
  }
}

/** A line in rows of so many columns, broken at blanks: what a narrow terminal cuts off is what matters most. */
function folded(line: string, columns: number): string[] {
  const rows = [''];
  for (const word of line.split(/(?<= )(?=\S)/u)) {
    const row = rows.at(-1) ?? '';
    if (row === '' || `${row}${word}`.trimEnd().length <= columns) rows[rows.length - 1] = `${row}${word}`;
    else rows.push(`        ${word}`);
  }
  return rows.map((row) => row.trimEnd().slice(0, columns));
}

async function playWithPerson(demo: Demo): Promise<void> {
  const { stdin, stdout } = process;
  let drawn = 0;
  const draw = () => {
    const text = [...demo.lines(), '', ...menu].flatMap((line) => folded(line, stdout.columns - 1));
    stdout.write(`${drawn > 0 ? `\u001b[${drawn}A` : ''}\u001b[0J${text.join('\n')}\n`);
    drawn = text.length;
  };
  let timer = setInterval(draw, 1_000);
  draw();
  const listen = (on: boolean) => {
    stdin.setRawMode(on);
    if (on) stdin.resume();
    else stdin.pause();
  };
  process.once('exit', () => stdin.setRawMode(false));
  await new Promise<void>((resolve) => {
    const onKey = async (chunk: Buffer) => {
      const key = chunk.toString();
      if (key === '\u0003' || key === 'q') return resolve();
      if (key === 't') {
        clearInterval(timer);
        stdin.off('data', onKey);
        listen(false);
        await demo.openConsole();
        listen(true);
        stdin.on('data', onKey);
        drawn = 0;
        timer = setInterval(draw, 1_000);
      } else await demo.press(key);
      draw();
    };
    stdin.on('data', onKey);
    listen(true);
  });
  clearInterval(timer);
  listen(false);
}

process.exit(await main());
