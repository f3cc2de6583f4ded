/** What the heartbeat of a standby says that wants nothing and promises nothing. */
export const quiet = {
  role: 'standby',
  epoch: 1,
  leaseValidForMs: 0,
  configVersion: 1,
  promiseEchoOfMs: null,
  promiseForMs: 0,
  resourcesFailed: 0,
  yieldRequest: false,
  offer: false,
  maintenance: false,
} as const;
