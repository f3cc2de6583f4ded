/** The exports under way in this worker: a bounded number, each given up when nobody reads from it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../../src/errors.ts';
import type { OpenedExport } from '../inspection/protocol.ts';
import type { ExportInput } from '../inspection/types.ts';
import { ExportSession } from './export-session.ts';
import { surveyExport } from './export-survey.ts';
import { exportFileName } from './file-name.ts';
import { exportIdleMs, exportSessionsMax } from './limits.ts';
import type { PlaybackSource } from './range.ts';

interface Running {
  readonly session: ExportSession;
  readonly idle: NodeJS.Timeout;
}

export class ExportSessions {
  readonly #running = new Map<number, Running>();
  readonly #opening = new Set<number>();

  /** `progress` is called while the range is read through. `close` gives it up. */
  async open(
    source: PlaybackSource,
    input: ExportInput & { session: number },
    progress: () => void,
  ): Promise<OpenedExport> {
    if (this.#running.size + this.#opening.size >= exportSessionsMax) {
      throw new AppError('unavailable', `${exportSessionsMax} exports are already under way`, {
        hint: 'Wait until one has ended.',
      });
    }
    const { session } = input;
    this.#opening.add(session);
    const turn = async (): Promise<void> => {
      progress();
      await nextTurn();
      if (!this.#opening.has(session)) throw new AppError('unavailable', 'the export was given up');
    };
    try {
      const survey = await surveyExport(source, input, turn);
      await turn();
      this.#start(session, new ExportSession(survey.plan, survey.camera.id));
      const fileName = exportFileName(survey.camera.name, input.fromMs);
      return { totalBytes: survey.plan.lengthBytes, fileName, gaps: survey.gaps };
    } finally {
      this.#opening.delete(session);
    }
  }

  /** Next chunk, null at the end. Throws `not_found` for a session that was given up. */
  read(id: number): Uint8Array | null {
    const running = this.#running.get(id);
    if (!running) throw new AppError('not_found', 'this export has ended', { hint: 'Start it again.' });
    running.idle.refresh();
    return running.session.next();
  }

  close(id: number): void {
    this.#opening.delete(id);
    const running = this.#running.get(id);
    if (!running) return;
    clearTimeout(running.idle);
    running.session.close();
    this.#running.delete(id);
  }

  #start(id: number, session: ExportSession): void {
    const idle = setTimeout(() => this.close(id), exportIdleMs);
    idle.unref();
    this.#running.set(id, { session, idle });
  }
}
