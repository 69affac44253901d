/** Runs a case of a module for `plant.ts`: exit code 3 if it fails, 0 if it does not. */

import { model, ModelError, type ModelOptions } from '#src/testing/model/index.js';

const [, , module, name] = process.argv;
const { cases } = (await import(`./${module}`)) as { cases: Record<string, ModelOptions<unknown>> };
const options = cases[name!];
if (options === undefined) throw new Error(`there is no case '${name}': ${Object.keys(cases).join(', ')}`);
try {
  model(options);
} catch (error) {
  if (!(error instanceof ModelError)) throw error;
  console.log(error.message);
  process.exit(3);
}
