/** Finds the function a user named among the exports of a module. */

/** Returns the export of a module at `path`, such as `default`, `hash` or `tools.hash`. */
export function lookUpExport(module: object, path: string): { found: unknown; owner: unknown } {
  const names = path.split('.');
  let owner: unknown = undefined;
  let found: unknown = startOf(module, names[0]!);
  for (const name of names) {
    owner = found;
    found = readProperty(found, name);
  }
  // A CommonJS module that was compiled from `export default` holds its default one step further in.
  if (path === 'default' && typeof found !== 'function') {
    const inner = readProperty(found, 'default');
    if (typeof inner === 'function') return { found: inner, owner: found };
  }
  return { found, owner };
}

/** Names that some CommonJS modules have only inside of their default export. */
function startOf(module: object, name: string): unknown {
  if (Object.hasOwn(module, name)) return module;
  const inner = readProperty(module, 'default');
  return readProperty(inner, name) === undefined ? module : inner;
}

function readProperty(value: unknown, name: string): unknown {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
  // A member that every object and function has is not an export.
  if (name in Function.prototype && !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The names a user could have meant: exports that are functions. */
export function functionExports(module: object): string[] {
  const names = new Set(Object.keys(module).filter((name) => typeof readProperty(module, name) === 'function'));
  const inner = readProperty(module, 'default');
  if (typeof inner === 'object' && inner !== null) {
    for (const name of Object.keys(inner)) if (typeof readProperty(inner, name) === 'function') names.add(name);
  }
  names.delete('module.exports');
  return [...names].sort();
}
