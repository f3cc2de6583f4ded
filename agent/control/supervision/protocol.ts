/** What control and a process of this node say to each other, as far as it is the same for all: requests, replies, status, events. */
import type { z } from 'zod';
import type { wireErrorSchema, wireEventSchema } from '../../recorder/protocol/schema.ts';

export type WireError = z.infer<typeof wireErrorSchema>;
export type EventMessage = z.infer<typeof wireEventSchema>;

export interface AnyRequest {
  readonly id: number;
  readonly method: string;
}

export interface AnyReply {
  readonly kind: 'reply';
  readonly id: number;
  readonly error: WireError | null;
}

export interface StatusMessage<Status> {
  readonly kind: 'status';
  readonly status: Status;
}

/** A request without its id, which the link gives. */
export type CallOf<Request extends AnyRequest> = Request extends infer R
  ? R extends AnyRequest
    ? Omit<R, 'id'>
    : never
  : never;

export interface Protocol<Request extends AnyRequest, Reply extends AnyReply, Status> {
  /** Names the process in messages: `recorder`. */
  readonly name: string;
  readonly requestSchema: z.ZodType<Request>;
  readonly messageSchema: z.ZodType<Reply | StatusMessage<Status> | EventMessage>;
  readonly timeoutMs: Readonly<Record<Request['method'], number>>;
}
