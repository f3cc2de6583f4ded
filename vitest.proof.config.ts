import { defineConfig } from 'vitest/config';

/** The longer proofs: `npm run proof`. */
export default defineConfig({
  test: { include: ['test/proof/**/*.proof.ts'], testTimeout: 900_000, hookTimeout: 120_000, maxWorkers: 1 },
});
