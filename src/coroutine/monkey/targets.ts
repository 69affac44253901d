/** Which functions block. Node says so in their names: `…Sync`, and there is an asynchronous twin. Looked up when it is asked for. */

export interface Target {
  /** `fs.readFileSync` */
  readonly name: string;
  readonly holder: object;
  readonly key: string;
}

export function findTargets(): Target[] {
  const fs = process.getBuiltinModule('node:fs');
  return [
    ...syncOf('fs', fs),
    ...syncOf('fs.Dir.prototype', fs.Dir.prototype),
    { name: 'fs.realpathSync.native', holder: fs.realpathSync, key: 'native' },
    ...syncOf('child_process', process.getBuiltinModule('node:child_process')),
    ...syncOf('crypto', process.getBuiltinModule('node:crypto')),
    ...syncOf('zlib', process.getBuiltinModule('node:zlib')),
    { name: 'Atomics.wait', holder: Atomics, key: 'wait' },
  ];
}

/** Not what is behind a getter, which would say that it is experimental. */
function syncOf(name: string, holder: object): Target[] {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(holder));
  return properties
    .filter(([key, { value }]) => key.endsWith('Sync') && typeof value === 'function')
    .map(([key]) => ({ name: `${name}.${key}`, holder, key }));
}

/** Returns the name of the function to call instead. */
export function twinOf(name: string): string {
  if (name === 'Atomics.wait') return 'Atomics.waitAsync';
  if (name === 'fs.existsSync') return 'fs.promises.access';
  const twin = name.replace(/Sync\b/, '');
  const [, inFs] = /^fs\.(\w+)$/.exec(twin) ?? [];
  return inFs !== undefined && inFs in process.getBuiltinModule('node:fs').promises ? `fs.promises.${inFs}` : twin;
}
