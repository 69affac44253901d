/**
 * Where heddle's own files lie. All modules of the published package are in one folder, `dist/`, with the entry files in
 * the folders of their source; the modules that `tsc` makes for the tests are in `build/src/`. In both, this module (or
 * the chunk that holds it) lies at the top.
 */

import { fileURLToPath } from 'node:url';
import { fs } from './builtins.ts';

const remedy =
  'keep it external (esbuild --external:heddle, webpack externals, external in rollup and rolldown) and install it beside the program';

// A bundler that makes CommonJS of it leaves `import.meta` empty.
if (typeof (import.meta.url as unknown) !== 'string') throw new Error(`heddle cannot be bundled: ${remedy}`);

const home = new URL('.', import.meta.url);
const root = new URL(home.pathname.endsWith('/build/src/') ? '../../' : '../', home);

/** The folder that holds the package's `package.json`. */
export const packageFolder: string = fileURLToPath(root);

/** The URL of one of heddle's files, by its path below `src/` and with the ending `.js`. */
export function placeOf(file: string): URL {
  return new URL(file, home);
}

/**
 * False when a bundler has put heddle into a file of the program. Looked up at once: `coroutine/monkey` asks for frames while it watches
 * `existsSync`.
 */
const standsAlone = fs().existsSync(placeOf('worker/thread-main.js'));

/** Why no worker can start, if a bundler has put heddle into a file of the program: there no worker finds its first file. */
export function whyNoWorkers(): string | undefined {
  return standsAlone ? undefined : `heddle cannot start workers from a bundle (${fileURLToPath(import.meta.url)}): ${remedy}`;
}

/**
 * How files of heddle look in a stack: as they are, and where Node maps stack traces itself, in source. None in a bundle, where no file tells
 * heddle and the program apart.
 */
export const ownFolders: readonly string[] = standsAlone
  ? [home, new URL('src/', root)].flatMap((folder) => [folder.href, fileURLToPath(folder)])
  : [];
