/**
 * Modules of Node that take 1 to 3 ms to load and that most threads do not need: each is loaded at its first use. `node:fs` is always
 * there, but an `import` of it also loads `node:fs/promises`, which takes half a MiB in each worker.
 */

export const childProcess = (): typeof import('node:child_process') => process.getBuiltinModule('node:child_process');
export const crypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto');
export const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs');
export const net = (): typeof import('node:net') => process.getBuiltinModule('node:net');
export const v8 = (): typeof import('node:v8') => process.getBuiltinModule('node:v8');
export const vm = (): typeof import('node:vm') => process.getBuiltinModule('node:vm');
