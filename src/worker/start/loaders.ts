/**
 * On Node 20 loaders that were registered by `--import` hold in the main thread only. tsx, which most programs there
 * mean, can be registered once more in a thread; later Nodes need nothing.
 */

import { pathToFileURL } from 'node:url';
import { importFrom, prepareSerializer } from '../../codec/index.ts';

const tsx = /(?:^|=|\/)tsx(?:\/|$)/;

/** Flags that may put another `require()` in the place of Node's. */
const preloads = /^(-r|--(?:require|import|loader|experimental-loader))(?:=|$)/;

/** The flags of this worker, of its process and of its environment. */
function flags(): string[] {
  return [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
}

/** Loads what cannot be loaded on demand where `require()` has been replaced, or cannot load an ES module. */
export async function prepareForLoaders(): Promise<void> {
  const { require_module: canRequire } = process.features as { require_module?: boolean };
  if (canRequire !== true || flags().some((flag) => preloads.test(flag))) await prepareSerializer();
}

/** Registers in this thread the loaders that its process has. */
export async function joinLoaders(): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) >= 22) return;
  const given = flags().map((argument) => argument.replace(/^--import=/, ''));
  const loader = given.find((argument) => tsx.test(argument));
  if (loader === undefined) return;
  const from = loader.startsWith('file:') ? loader : pathToFileURL(loader.startsWith('/') ? loader : `${process.cwd()}/`).href;
  const { register } = (await importFrom(from, 'tsx/esm/api')) as { register(): void };
  register();
}
