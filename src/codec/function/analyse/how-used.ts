/**
 * Decides whether a function only reads its captures. Then a worker needs one copy for all calls. Otherwise every call gets its own copy,
 * so that no task sees the changes of another.
 *
 * Conservative: it follows plain reads of flat data (`table[i]`, `config.limit`, `set.has(x)`) and takes everything else
 * for a change.
 */

import { types } from 'node:util';
import type { FreeVariable } from './free-variables.ts';
import { isFunction, type Node } from './syntax.ts';

/** Methods of the built-in containers that neither change them nor give away what could. */
const readers = new Set(
  (
    'at concat entries getUTCDate has get includes indexOf join keys lastIndexOf slice toString toISOString getTime toJSON values flat ' +
    'toSorted toReversed with readUInt8 readInt32LE readUInt32LE readDoubleLE test equals compare'
  ).split(' '),
);

/** These also show the container to their callback, as its last parameter. */
const callers = new Map([
  ...'every find findIndex findLast findLastIndex filter flatMap forEach map some'.split(' ').map((name) => [name, 2] as const),
  ['reduce', 3] as const,
  ['reduceRight', 3] as const,
]);

export function isReadOnly(use: FreeVariable, value: object): boolean {
  return isFlat(value) && use.uses.every(({ node, parents }) => isRead(node, parents, value));
}

/** Holds nothing but primitives, so that what is read out of it cannot be changed in it. */
function isFlat(value: object): boolean {
  if (types.isTypedArray(value) || types.isDate(value)) return true;
  if (types.isRegExp(value)) return !value.global && !value.sticky;
  if (types.isMap(value)) return [...value].every(([key, item]) => isPrimitive(key) && isPrimitive(item));
  if (types.isSet(value)) return [...value].every(isPrimitive);
  if (Array.isArray(value)) return value.every(isPrimitive);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.values(Object.getOwnPropertyDescriptors(value)).every((one) => 'value' in one && isPrimitive(one.value));
}

const isPrimitive = (value: unknown): boolean => value === null || (typeof value !== 'object' && typeof value !== 'function');

function isRead(node: Node, parents: readonly Node[], value: object): boolean {
  const [parent] = parents;
  switch (parent?.type) {
    case 'MemberExpression':
      return parent['object'] !== node || isMemberRead(parent, parents.slice(1), value);
    case 'SpreadElement':
    case 'UnaryExpression':
    case 'BinaryExpression':
    case 'TemplateLiteral':
      return true;
    case 'ForOfStatement':
    case 'ForInStatement':
      return parent['right'] === node;
    case 'VariableDeclarator':
      // Taken apart into primitives: `const { limit } = config`.
      return (parent['id'] as Node).type !== 'Identifier';
    default:
      return false;
  }
}

function isMemberRead(member: Node, [parent, grandparent]: readonly Node[], value: object): boolean {
  const name = member['computed'] === true ? '' : ((member['property'] as Node)['name'] as string);
  // The memory of a typed array can be written through another view.
  if (name === 'buffer') return false;
  switch (parent?.type) {
    case 'AssignmentExpression':
    case 'ForOfStatement':
    case 'ForInStatement':
      return parent['left'] !== member;
    case 'UpdateExpression':
    case 'ArrayPattern':
    case 'AssignmentPattern':
    case 'RestElement':
      return false;
    case 'UnaryExpression':
      return parent['operator'] !== 'delete';
    case 'Property':
      return grandparent?.type !== 'ObjectPattern';
    case 'CallExpression':
      return parent['callee'] !== member || isReader(name, parent['arguments'] as Node[], value);
    case 'NewExpression':
    case 'TaggedTemplateExpression':
    case 'ChainExpression':
      return false;
    default:
      return true;
  }
}

function isReader(name: string, args: readonly Node[], value: object): boolean {
  // A Buffer's slice is a window on the same memory.
  if (name === 'slice' && Buffer.isBuffer(value)) return false;
  const most = callers.get(name);
  if (most === undefined) return readers.has(name);
  const [callback] = args;
  if (callback === undefined || !isFunction(callback)) return false;
  const params = callback['params'] as Node[];
  const usesArguments = callback.type !== 'ArrowFunctionExpression' || params.some(({ type }) => type === 'RestElement');
  return params.length <= most && !usesArguments;
}
