/**
 * Whether a function only reads what it captured. Then a worker needs one copy for all calls; otherwise every call
 * gets a copy of its own, so that no task sees what another did to it.
 *
 * Conservative: it follows reads (`table[i]`, `config.limit`, `set.has(x)`) and takes everything else for a change.
 */

import { types } from 'node:util';
import type { FreeVariable } from './free-variables.ts';
import type { Node } from './syntax.ts';

/** Methods of the built-in containers that do not change them. */
const readers = new Set(
  ('at concat entries every findIndex findLastIndex forEach get getUTCDate has includes indexOf join keys lastIndexOf slice some toString ' +
    'toISOString getTime toJSON values size length map filter reduce reduceRight find findLast flat flatMap toSorted toReversed with ' +
    'getInt8 getUint8 getInt16 getUint16 getInt32 getUint32 getFloat32 getFloat64 getBigInt64 getBigUint64 readUInt8 readInt32LE ' +
    'readUInt32LE readDoubleLE subarray test codePointAt equals compare').split(' '),
);

export function isReadOnly(use: FreeVariable, value: object): boolean {
  return isFlat(value) && use.uses.every(({ node, parents }) => isRead(node, parents));
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

function isRead(node: Node, parents: readonly Node[]): boolean {
  const [parent, grandparent] = parents;
  switch (parent?.type) {
    case 'MemberExpression':
      if (parent['object'] !== node) return true;
      return isMemberRead(parent, grandparent);
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

function isMemberRead(member: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case 'AssignmentExpression':
      return parent['left'] !== member;
    case 'UpdateExpression':
      return false;
    case 'UnaryExpression':
      return parent['operator'] !== 'delete';
    case 'CallExpression':
    case 'NewExpression':
      if (parent['callee'] !== member) return true;
      return member['computed'] !== true && readers.has((member['property'] as Node)['name'] as string);
    case 'ForOfStatement':
    case 'ForInStatement':
      return parent['left'] !== member;
    case 'ArrayPattern':
    case 'AssignmentPattern':
    case 'RestElement':
      return false;
    case 'Property':
      return true;
    default:
      return true;
  }
}
