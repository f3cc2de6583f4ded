/** What the engine and the index worker say to each other. */
import type { BlockRow, GapCommit, LoadedGaps, LoadedSpace, MinuteSpan, SpaceCommit } from './rows.ts';

export type IndexRequest =
  | { readonly kind: 'openSpace'; readonly spaceId: string }
  | { readonly kind: 'createSpace'; readonly spaceId: string; readonly blocks: readonly BlockRow[] }
  | { readonly kind: 'completeSpace'; readonly spaceId: string; readonly createdMs: number }
  | { readonly kind: 'closeSpace'; readonly spaceId: string; readonly remove: boolean }
  | {
      readonly kind: 'minutesOf';
      readonly spaceId: string;
      readonly block: number;
      readonly fromMinute: number;
    }
  | {
      readonly kind: 'presentMs';
      readonly spaceId: string;
      readonly cameraId: string;
      readonly fromMs: number;
      readonly toMs: number;
    }
  | { readonly kind: 'commit'; readonly spaceId: string; readonly commits: readonly SpaceCommit[] }
  | { readonly kind: 'loadGaps' }
  | { readonly kind: 'commitGaps'; readonly commit: GapCommit }
  | { readonly kind: 'close' };

/** What each request is answered with. */
export interface IndexAnswers {
  openSpace: LoadedSpace | null;
  minutesOf: MinuteSpan[];
  presentMs: number;
  loadGaps: LoadedGaps;
  createSpace: null;
  completeSpace: null;
  closeSpace: null;
  commit: null;
  commitGaps: null;
  close: null;
}

export interface IndexReply {
  readonly id: number;
  readonly error: string | null;
  readonly answer: IndexAnswers[keyof IndexAnswers];
}
