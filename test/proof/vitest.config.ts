/** The longer proofs, which `npm run proof` runs one after the other. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.proof.ts'],
    hookTimeout: 60_000,
    maxWorkers: 1,
    fileParallelism: false,
  },
});
