/** The recording of the pair's cameras: delegated to whoever commands the recorder. */
import { AppError } from '../../../../src/errors.ts';
import type { Action, Controller, ControllerDeps } from '../controller.ts';

export class RecordingController implements Controller {
  readonly #recording: ControllerDeps['recording'];

  constructor(deps: ControllerDeps) {
    this.#recording = deps.recording;
  }

  start({ epoch, signal }: Action): Promise<void> {
    return inTime(this.#recording.start(epoch), signal);
  }

  stop({ signal }: Action): Promise<void> {
    return inTime(this.#recording.stop(), signal);
  }

  /** The recorder is kept up and watched by control. */
  monitor(): Promise<void> {
    return Promise.resolve();
  }
}

function inTime(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new AppError('timeout', 'the recorder did not answer in time'));
    if (signal.aborted) return late();
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}
