import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    reporters: ['default', 'json'],
    outputFile: { json: 'result.json' },
    testTimeout: 60_000,
    // Counters in every function, as they are in a user's covered run.
    coverage: { enabled: true, provider: 'istanbul', reporter: [], include: ['*.ts'] },
  },
});
