/** Handlers of `alarm`: what the receiver process answers, its settings, and the stream of events. */
import type { Alarm } from '../../../src/contract/index.ts';
import { AppError } from '../../../src/errors.ts';
import { plural } from '../../../src/model/plural.ts';
import { type CallContext, callerOf, note } from '../api/context.ts';
import { api } from '../api/implementer.ts';
import { toWireError } from '../api/wire-errors.ts';
import type { Services } from '../services.ts';

/** Rows of one message of the stream. */
const batchMax = 500;
/** How long a stream waits when nothing happens before it looks again. */
const lookMs = 5_000;
type AlarmPage = { readonly alarms: Alarm[]; readonly nextBefore: number | null };
const never = new AbortController().signal;

export function alarmHandlers({ receivers, sessions }: Services) {
  const { alarm } = api;
  async function* follow(first: number, context: CallContext, signal: AbortSignal): AsyncGenerator<Alarm[]> {
    const { session, user } = callerOf(context);
    const release = session ? sessions.hold(session) : () => {};
    context.connection.inFlight += 1;
    let after = first;
    try {
      while (!signal.aborted && !session?.ended.signal.aborted) {
        receivers.mustRun();
        const { lastNumber } = receivers.status();
        if (lastNumber <= after) {
          await receivers.nextStatus(lookMs, signal);
          continue;
        }
        // Numbers grow with gaps, where old events were removed: a window of them, whatever is left in it.
        const before = Math.min(after + batchMax, lastNumber) + 1;
        const pages: Alarm[][] = [];
        let next: number | null = before;
        while (next !== null && next > after + 1) {
          const page: AlarmPage = await receivers.call('alarm.list', { before: next, limit: batchMax }, user);
          pages.push(page.alarms.filter(({ number }) => number > after).reverse());
          next = page.nextBefore;
        }
        after = before - 1;
        for (const fresh of pages.reverse()) if (fresh.length > 0) yield fresh;
      }
    } catch (error) {
      // The gate sees only how a stream begins.
      throw error instanceof AppError ? toWireError(error) : error;
    } finally {
      context.connection.inFlight -= 1;
      release();
    }
  }
  const newest = async (user: string) =>
    (await receivers.call('alarm.list', { limit: 1 }, user)).alarms[0]?.number ?? 0;
  return {
    status: alarm.status.handler(() => receivers.status()),
    list: alarm.list.handler(({ input, context }) =>
      receivers.call('alarm.list', input, callerOf(context).user),
    ),
    show: alarm.show.handler(({ input, context }) =>
      receivers.call('alarm.show', input, callerOf(context).user),
    ),
    watch: alarm.watch.handler(async ({ input, context, signal = never }) => {
      receivers.mustRun();
      const after = input.after ?? (await newest(callerOf(context).user));
      return follow(after, context, signal);
    }),
    resend: alarm.resend.handler(async ({ input, context }) => {
      const done = await receivers.call('alarm.resend', input, callerOf(context).user);
      note(context, { text: `${plural(done.queued, 'alarm')} queued once more` });
      return done;
    }),
    acknowledge: alarm.acknowledge.handler(async ({ input, context }) => {
      const done = await receivers.call('alarm.acknowledge', input, callerOf(context).user);
      note(context, {
        text: `${plural(done.acknowledged, 'alarm')} ${done.acknowledged === 1 ? 'was' : 'were'} acknowledged`,
      });
      return done;
    }),
    verify: alarm.verify.handler(({ context }) =>
      receivers.call('alarm.verify', null, callerOf(context).user),
    ),
    settings: alarm.settings.handler(() => receivers.settings()),
    configure: alarm.configure.handler(async ({ input, context }) => {
      const before = receivers.settings();
      const after = await receivers.configure(input);
      note(context, { before, after });
      return after;
    }),
    outputs: alarm.outputs.handler(({ context }) =>
      receivers.call('alarm.outputs', null, callerOf(context).user),
    ),
    setOutput: alarm.setOutput.handler(async ({ input, context }) => {
      const output = await receivers.call('alarm.setOutput', input, callerOf(context).user);
      note(context, { subject: output.id, after: output });
      return output;
    }),
    removeOutput: alarm.removeOutput.handler(({ input, context }) =>
      receivers.call('alarm.removeOutput', input, callerOf(context).user),
    ),
    mappings: alarm.mappings.handler(({ context }) =>
      receivers.call('alarm.mappings', null, callerOf(context).user),
    ),
    setMappings: alarm.setMappings.handler(async ({ input, context }) => {
      const { added, changed, removed } = await receivers.call(
        'alarm.setMappings',
        input,
        callerOf(context).user,
      );
      note(context, { text: `event mappings: ${added} added, ${changed} changed, ${removed} removed` });
      return { added, changed, removed };
    }),
  };
}
