/** The row that says that what is on the screen is old, how old, and what is being done about it. */
import { type Line, line, span } from '../format/line.ts';
import { formatDuration } from '../format/numbers.ts';
import { clock } from '../format/time.ts';
import { pad } from '../format/width.ts';
import type { Frame, TuiState } from '../shell.ts';

/** Data older than this is stale even on a connection that calls itself alive. */
const silenceMsMax = 15_000;

/** Null while the data is fresh. */
export function staleBanner(state: TuiState, frame: Frame): Line | null {
  const { phase, error } = state.connection;
  if (state.gate !== 'open' || state.statusAtMs === null || state.status === null) return null;
  const ageMs = Math.max(0, state.nowMs - state.statusAtMs);
  const lost = phase === 'disconnected' || phase === 'closed' || (phase === 'connecting' && ageMs > 3000);
  if (!lost && ageMs <= silenceMsMax) return null;
  const age = formatDuration(ageMs / 1000);
  const asOf = clock(state.status.timeMs, frame.timeZone);
  const what = lost ? 'NO CONNECTION' : 'NO NEWS FROM THE AGENT';
  const why = lost && error ? ` ${frame.theme.glyphs.bullet} ${error.message}` : '';
  const text = ` ${what}: data of ${asOf}, ${age} old ${frame.theme.glyphs.bullet} trying again${why}`;
  return line(span(pad(text, frame.columns), 'banner'));
}
