/** A member's connection to the hub of its group: opened when needed, and given up when an answer does not come in time. */
import { AppError } from '../../../src/errors.ts';
import type { Clock } from '../../adapters/clock.ts';
import type { Position, Reply } from '../../hub/protocol/schema.ts';
import { createDeadline } from '../../standby/lease/deadline.ts';
import {
  type HubAddress,
  type HubConnection,
  openHubConnection,
} from '../../standby/lease/hub-connection.ts';
import { createOnDemand } from '../../standby/lease/on-demand.ts';

type HubRequest = Parameters<HubConnection['request']>[0];
type ReplyKind = Exclude<Reply['kind'], 'welcome' | 'refused' | 'status'>;

export interface HubLink {
  /** Rejects with what the hub says, `timeout` or `unavailable`; `protocol` when it answers with another kind. */
  ask<Kind extends ReplyKind>(
    kind: Kind,
    request: HubRequest,
    timeoutMs: number,
  ): Promise<Extract<Reply, { kind: Kind }>>;
  close(): void;
}

/** `seen`: the latest position that the caller knows, which lets the hub tell that it went back; null for none. */
export function openHubLink(address: HubAddress, clock: Clock, seen: () => Position | null): HubLink {
  const connection = createOnDemand({
    open: () => openHubConnection(address, seen()),
    isOpen: (each: HubConnection) => each.isOpen(),
    discard: (each) => each.destroy(),
    clock,
  });
  return {
    async ask(kind, request, timeoutMs) {
      const deadline = createDeadline(clock, timeoutMs, `the hub at ${address.url}`);
      const current = await deadline.within(connection.get());
      try {
        const reply = await deadline.within(current.request(request));
        if (isKind(reply, kind)) return reply;
        throw new AppError('protocol', `the hub answered with ${reply.kind}`);
      } catch (error) {
        if (error instanceof AppError && error.code === 'timeout') connection.drop(current);
        throw error;
      }
    },
    close: () => connection.close(),
  };
}

function isKind<Kind extends Reply['kind']>(
  reply: Reply,
  kind: Kind,
): reply is Extract<Reply, { kind: Kind }> {
  return reply.kind === kind;
}
