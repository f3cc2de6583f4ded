/** Handlers of `node`: status, its stream, the doctor, and the greeting that needs no session. */
import { apiVersion } from '../../../src/contract/index.ts';
import { callerOf } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import type { Services } from '../services.ts';

/** Shortest time between two statuses of one stream. */
const watchMinMs = 200;
const never = new AbortController().signal;

export function nodeHandlers({ board, sessions, clock, version, doctor }: Services) {
  return {
    hello: api.node.hello.handler(({ context }) => ({
      product: 'holdfast' as const,
      version,
      api: apiVersion,
      local: context.connection.via === 'local',
      role: context.principal?.role ?? null,
    })),
    status: api.node.status.handler(() => board.build()),
    watch: api.node.watch.handler(async function* ({ input, context, signal = never }) {
      const { session } = callerOf(context);
      const release = session ? sessions.hold(session) : () => {};
      context.connection.inFlight += 1;
      try {
        while (!signal.aborted && !session?.ended.signal.aborted) {
          const sentMs = clock.monotonicMs();
          yield board.build();
          await board.nextChange(input.intervalMs, signal);
          const restMs = watchMinMs - (clock.monotonicMs() - sentMs);
          if (restMs > 0 && !signal.aborted)
            await new Promise<void>((resolve) => clock.after(restMs, resolve));
        }
      } finally {
        context.connection.inFlight -= 1;
        release();
      }
    }),
    doctor: api.node.doctor.handler(() => doctor()),
  };
}
