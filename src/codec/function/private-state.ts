/** Whether an instance has state that nobody outside its class can read: `#private` fields, or what compilers make of them. */

import { types } from 'node:util';
import type { AnyFunction } from '../courier.ts';
import { holdsPrivateState } from './capture-variables.ts';
import { functionSyntax } from './function-syntax.ts';
import { inspect, inspectorAvailable } from './inspector.ts';
import { isNode, type Node } from './syntax.ts';

interface Secrets {
  /** `#name` of a private instance member, if there is one. */
  readonly field: string | undefined;
  /** Variables that hold lowered private state. */
  readonly weak: readonly { readonly name: string; readonly holder: { has(instance: object): boolean } }[];
}

const secretsOf = new WeakMap<AnyFunction, Secrets>();
const lowered = /__classPrivateField|__privateAdd|__privateGet|\.(?:set|add)\(this\b/;

/** The name of the private state, such as `#balance`, or `undefined` if there is none. */
export function privateState(instance: object): string | undefined {
  for (let at: unknown = Object.getPrototypeOf(instance); typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, 'constructor')?.value;
    if (typeof constructor !== 'function') continue;
    const { field, weak } = secrets(constructor as AnyFunction);
    if (field !== undefined) return field;
    const holder = weak.find((one) => one.holder.has(instance));
    if (holder !== undefined) return holder.name;
  }
  return undefined;
}

function secrets(constructor: AnyFunction): Secrets {
  let found = secretsOf.get(constructor);
  if (found === undefined) {
    found = read(constructor, Function.prototype.toString.call(constructor));
    secretsOf.set(constructor, found);
  }
  return found;
}

const none: Secrets = { field: undefined, weak: [] };

function read(constructor: AnyFunction, text: string): Secrets {
  if (!text.includes('#') && !lowered.test(text)) return none;
  try {
    const syntax = functionSyntax(text);
    const field = syntax.members.find((member) => member['static'] !== true && isPrivate(member));
    if (field !== undefined) return { field: `#${(field['key'] as Node)['name'] as string}`, weak: [] };
    if (!lowered.test(text) || !inspectorAvailable()) return none;
    const names = [...syntax.free.names].filter(([, use]) => holdsPrivateState(use)).map(([name]) => name);
    return inspect(constructor.name, (inspection) => {
      const { scopes } = inspection.facts(constructor);
      const weak = names.flatMap((name) => {
        const holder = scopes.find(({ object }) => name in object)?.object[name];
        return types.isWeakMap(holder) || types.isWeakSet(holder) ? [{ name, holder }] : [];
      });
      return { field: undefined, weak };
    });
  } catch {
    return none;
  }
}

const isPrivate = (member: Node): boolean => isNode(member['key']) && member['key'].type === 'PrivateIdentifier';
