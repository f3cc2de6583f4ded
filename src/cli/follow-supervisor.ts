/** Preloaded into a supervised program: ends it when the process that looks after it has died, so none stays behind. */

const supervisorPid = Number(process.env.HOLDFAST_SUPERVISOR);
const pollIntervalMs = 250;
const graceMs = 10_000;

// Programs that this one starts have another parent.
delete process.env.HOLDFAST_SUPERVISOR;

if (Number.isSafeInteger(supervisorPid) && supervisorPid > 0) {
  const timer = setInterval(() => {
    if (process.ppid === supervisorPid) return;
    clearInterval(timer);
    setTimeout(() => process.exit(1), graceMs).unref();
    process.kill(process.pid, 'SIGTERM');
  }, pollIntervalMs);
  timer.unref();
}
