/** The seam to other programs: argument lists without a shell, output bounded, a late one killed with all its children. */

/** One run of a program to its end. */
export interface CommandRequest {
  /** Program and arguments; never shell text. */
  readonly command: readonly string[];
  /** Added to the agent's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Given on standard input; the place for secrets. */
  readonly input?: string;
  /** When it fires the program and whatever it started are killed. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  /** The beginning of standard output, at most 1 MiB. */
  readonly output: string;
  /** The last lines of both outputs, for people. */
  readonly lastLines: string;
}

/** A program that shall keep running. */
export interface Daemon {
  /** Resolves at its end, with why in words. */
  readonly ended: Promise<string>;
}

export interface Commands {
  /** Rejects with `not_found` or `forbidden` when the program cannot be started, `timeout` when the signal ended it. */
  run(request: CommandRequest): Promise<CommandResult>;
  /** `token` marks the process and its children, so that they are found again after this process died. */
  daemon(request: { command: readonly string[]; token: string }): Daemon;
  /** Process ids of the token, also what an earlier life of this agent has left running. */
  marked(token: string): Promise<number[]>;
  killMarked(token: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}
