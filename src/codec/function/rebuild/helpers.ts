/**
 * The module helpers of the language, made for a module that is not loaded here: `import()`, `import.meta` and `require` have their
 * original meaning in shipped code.
 */

import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importFrom } from '../serialize/modules.ts';
import { givenName } from '../../../class-names.ts';
import type { Helper } from '../serialize/recipe.ts';
import { resolveFrom } from './resolve.ts';

interface Made {
  readonly helper: Helper;
  readonly url: string;
}

const madeFor = new WeakMap<object, Made>();
const made = new Map<string, object>();

/** Returns the module that a helper was made for, if `value` is one: a helper is made anew at the next crossing, not copied. */
export function helperOf(value: object): Made | undefined {
  return madeFor.get(value) ?? requireOf(value);
}

/** Node's own `require` functions, by their look: each has the `resolve.paths` of its module. */
function requireOf(value: object): Made | undefined {
  if (typeof value !== 'function' || givenName(value) !== 'require') return undefined;
  const { resolve, cache } = value as Partial<NodeJS.Require>;
  if (typeof resolve?.paths !== 'function' || cache === undefined) return undefined;
  const folder = resolve.paths('./x')?.[0];
  return folder === undefined ? undefined : { helper: 'require', url: new URL(`file://${folder}/`).href };
}

export function makeHelper(helper: Helper, url: string): object {
  const key = `${helper} ${url}`;
  let value = made.get(key);
  if (value === undefined) {
    value = makers[helper](url);
    made.set(key, value);
    madeFor.set(value, { helper, url });
  }
  return value;
}

const makers: Record<Helper, (url: string) => object> = {
  import:
    (url) =>
    (specifier: unknown, options?: ImportCallOptions): Promise<object> =>
      importFrom(url, String(specifier), options),
  meta: (url) => {
    const meta: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    if (url.startsWith('file:')) {
      meta['filename'] = fileURLToPath(url);
      meta['dirname'] = dirname(fileURLToPath(url));
    }
    meta['main'] = false;
    meta['resolve'] = (specifier: unknown): string => resolveFrom(url, String(specifier));
    meta['url'] = url;
    return meta;
  },
  require: (url) => createRequire(url),
};
