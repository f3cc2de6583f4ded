/** What an agent is started with, what it says when it is ready, and how it is ended. */

export interface AgentOptions {
  dataDir: string;
  /** `host:port`; null for the local console only. */
  listen: string | null;
  /** `host:port` of the link to the other node of a pair; opened once it is needed. */
  peerListen?: string;
  /** Default: `settings.json` in the data folder. */
  settingsFile?: string;
  /** Name of a node that starts for the first time; default: the host name. */
  name?: string;
  /** Watchdog device for the guard, kept in the settings; null for none; left out: as the settings have it. */
  watchdogDevice?: string | null;
  onReady?: (info: ReadyInfo) => void;
}

export interface ReadyInfo {
  version: string;
  nodeName: string;
  nodeId: string;
  dataDir: string;
  /** Path of the local console. */
  socketPath: string;
  /** `host:port` as bound, null without a network port. */
  listen: string | null;
  /** SHA-256 of the TLS certificate, null without a network port. */
  fingerprint: string | null;
  /** Of the account `admin`, at first start only; kept nowhere. */
  oneTimePassword: string | null;
}

export interface RunningAgent {
  readonly info: ReadyInfo;
  /** Ends the recorder in order, then everything else. */
  stop(): Promise<void>;
}
