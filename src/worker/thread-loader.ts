/**
 * On Node 20 loaders that were registered by `--import` hold in the main thread only. tsx, which most programs there
 * mean, can be registered once more in a thread; later Nodes need nothing.
 */

import { pathToFileURL } from 'node:url';
import { importFrom } from '../codec/index.ts';

const tsx = /(?:^|=|\/)tsx(?:\/|$)/;

export async function joinLoaders(): Promise<void> {
  if (Number.parseInt(process.versions.node, 10) >= 22) return;
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)].map((argument) =>
    argument.replace(/^--import=/, ''),
  );
  const loader = given.find((argument) => tsx.test(argument));
  if (loader === undefined) return;
  const from = loader.startsWith('file:') ? loader : pathToFileURL(loader.startsWith('/') ? loader : `${process.cwd()}/`).href;
  const { register } = (await importFrom(from, 'tsx/esm/api')) as { register(): void };
  register();
}
