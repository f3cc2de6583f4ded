/** Waiting for the disk beside a clock that the test moves: on a loaded machine a call takes longer than any pause that one would choose. */

const busyMaxMs = 10_000;

/** Resolves when no call of this process to the disk is under way, and what waited for one has had its turn. */
export async function diskIdle(): Promise<void> {
  const deadlineMs = performance.now() + busyMaxMs;
  do {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  } while (isBusy() && performance.now() < deadlineMs);
}

const isBusy = () => process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq'));
