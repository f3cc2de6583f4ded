/** What a store must be able to do, in texts and revisions: the three drivers implement it, `watched-store` makes a LeaseStore of it. */
import type { Deadline } from './deadline.ts';
import type { Revision } from './revision.ts';

export interface StoredText {
  text: string;
  revision: Revision;
}

export interface WriteOptions {
  /** The value is a renewal or a release by the one who held it as this client last saw it, not a take-over. */
  byHolder: boolean;
  deadline: Deadline;
}

/** Errors as in `LeaseStore`; each call settles within its deadline and no write is sent twice. */
export interface LeaseDriver {
  /**
   * The latest value. `seen` is the latest revision this client knew when the call began: a driver whose servers may
   * answer late makes sure of a lower one (or of none) before it returns it.
   */
  read(seen: Revision | null, deadline: Deadline): Promise<StoredText | null>;
  write(expected: Revision | null, text: string, options: WriteOptions): Promise<Revision>;
  close(): Promise<void>;
}
