/** Runs the cases of the module that is named, for `plant.ts`: exit code 3 if one of them fails, 0 if none does. */

import { model, ModelError, type ModelOptions } from '#dist/testing/model/index.js';

const { cases } = (await import(`./${process.argv[2]}`)) as { cases: Record<string, ModelOptions<unknown>> };
for (const [name, options] of Object.entries(cases)) {
  try {
    model({ ...options, limit: 30_000 });
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    console.log(`${name}: ${error.message.split('\n')[1]}`);
    process.exit(3);
  }
}
