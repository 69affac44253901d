/** The private members of a class, read from its text and by the inspector: for `private-state.ts`. */

import { types } from 'node:util';
import type { AnyFunction } from '../../courier.ts';
import { holdsPrivateState } from '../serialize/capture-variables.ts';
import { functionSyntax } from '../analyse/function-syntax.ts';
import { inspect, inspectorAvailable } from './inspector.ts';
import { nameOfFunction } from '../analyse/names.ts';
import { noSecrets, type Secrets } from './private-state.ts';
import { isNode, type Node } from '../analyse/syntax.ts';

/** @param isLowered the text shows what compilers make of private members */
export function readSecrets(constructor: AnyFunction, text: string, isLowered: boolean): Secrets {
  try {
    const syntax = functionSyntax(text);
    const field = syntax.members.find((member) => member['static'] !== true && isPrivate(member));
    if (field !== undefined) return { field: `#${(field['key'] as Node)['name'] as string}`, weak: [] };
    if (!isLowered || !inspectorAvailable()) return noSecrets;
    const names = [...syntax.free.names].filter(([, use]) => holdsPrivateState(use)).map(([name]) => name);
    return inspect(nameOfFunction(constructor), (inspection) => {
      const { scopes } = inspection.facts(constructor);
      const weak = names.flatMap((name) => {
        const holder = scopes.find(({ object }) => name in object)?.object[name];
        return types.isWeakMap(holder) || types.isWeakSet(holder) ? [{ name, holder }] : [];
      });
      return { field: undefined, weak };
    });
  } catch {
    return noSecrets;
  }
}

const isPrivate = (member: Node): boolean => isNode(member['key']) && member['key'].type === 'PrivateIdentifier';
