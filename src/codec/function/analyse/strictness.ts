/**
 * Tells whether a function's text could mean something else in strict code than in sloppy code.
 *
 * The text alone does not say which of them surrounds it. Ordinary functions show it by their own properties; an arrow
 * function, an async function and a generator do not.
 */

import { vm } from '../../../builtins.ts';
import { whileSet } from '../../../stack-frames.ts';
import type { AnyFunction } from '../../courier.ts';
import type { FunctionSyntax } from './function-syntax.ts';
import { children, hasUseStrict, isClass, isFunction, isNode, type Node, parse } from './syntax.ts';

/** True for strict code, false for sloppy code; `undefined` where the function has to be looked at through the inspector. */
export function strictnessOf(fn: AnyFunction, text: string, { node, isArrow }: FunctionSyntax): boolean | undefined {
  if (!isArrow && node['async'] !== true && node['generator'] !== true) return !showsCaller(fn);
  if (dependsOnStrictness(node, true)) return undefined;
  return parsesStrictly(text);
}

const getCaller = Object.getOwnPropertyDescriptor(Function.prototype, 'caller')?.get;

/**
 * True for an ordinary sloppy function. V8 gives it a property `caller` that nothing can remove; from Node 26 on
 * `Function.prototype` has a getter instead, which throws for every other function.
 */
export function showsCaller(fn: AnyFunction): boolean {
  if (Object.getOwnPropertyDescriptor(fn, 'caller')?.configurable === false) return true;
  hasGetter ??= !Object.hasOwn(vm().runInThisContext('(function () {})') as AnyFunction, 'caller');
  if (!hasGetter) return false;
  return whileSet('stackTraceLimit', 0, () => {
    try {
      getCaller?.call(fn);
      return true;
    } catch {
      return false;
    }
  });
}

/** Before Node 26 the getter throws for all functions. */
let hasGetter: boolean | undefined;

/**
 * An assignment to a property or a `delete` may fail silently or throw. A function binds `this` and `arguments` in two ways.
 * Classes and functions with a directive of their own are strict in any case.
 */
function dependsOnStrictness(node: Node, isOutermost: boolean = false): boolean {
  if (isClass(node)) return false;
  if (isFunction(node)) {
    if (hasUseStrict((node['body'] as Node)['body'])) return false;
    if (node.type !== 'ArrowFunctionExpression' && !isOutermost) return true;
  }
  switch (node.type) {
    case 'AssignmentExpression':
    case 'ForInStatement':
    case 'ForOfStatement':
      if (writesProperty(node['left'])) return true;
      break;
    case 'UpdateExpression':
      if (writesProperty(node['argument'])) return true;
      break;
    case 'UnaryExpression':
      if (node['operator'] === 'delete') return true;
      break;
    case 'ThisExpression':
      return true;
    case 'Identifier':
      if (node['name'] === 'arguments') return true;
      break;
  }
  return children(node).some((child) => dependsOnStrictness(child));
}

/** A property as the target of an assignment, also inside a pattern: `[a.b] = c`. */
function writesProperty(target: unknown): boolean {
  if (!isNode(target)) return false;
  switch (target.type) {
    case 'MemberExpression':
      return true;
    case 'ObjectPattern':
      return (target['properties'] as Node[]).some((property) => writesProperty(property['value'] ?? property['argument']));
    case 'ArrayPattern':
      return (target['elements'] as unknown[]).some(writesProperty);
    case 'AssignmentPattern':
      return writesProperty(target['left']);
    case 'RestElement':
      return writesProperty(target['argument']);
    default:
      return false;
  }
}

function parsesStrictly(text: string): boolean {
  try {
    parse(`'use strict';(${text}\n)`);
    return true;
  } catch {
    return false;
  }
}
