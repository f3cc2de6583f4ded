/** The agent's own log: `agent.log` in the data folder at level info, and what is bad also on standard error. */
import { type Logger, multistream, pino } from 'pino';
import { rotateWhenLarge } from './rotate.ts';

export interface AgentLog {
  logger: Logger;
  close(): void;
}

export function openLog(path: string): AgentLog {
  rotateWhenLarge(path);
  const file = pino.destination({ dest: path, append: true, mkdir: true, sync: false, mode: 0o600 });
  const logger = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    multistream([
      { level: 'info', stream: file },
      { level: 'warn', stream: process.stderr },
    ]),
  );
  // The folder may be gone when the last lines are written; that must not end the process.
  file.on('error', () => {});
  return { logger, close: () => file.end() };
}
