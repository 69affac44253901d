/**
 * A class by value. Its text is compiled again, but code that ran at its definition does not run again. The parent comes from the prototype
 * chain, static values are those of this moment, static blocks are blanked, computed keys are looked up.
 */

import { SerializationError } from '../../../errors.ts';
import type { AnyFunction, Dismantled } from '../../courier.ts';
import { type Captured, captureVariables, type Source } from './capture-variables.ts';
import { codeOf } from './dismantle-code.ts';
import { addProperty, isGiven, isUntouchedMember, lengthOf } from '../inspect/function-properties.ts';
import { realmId } from '../../packet/realm.ts';
import { functionRemedies } from '../../packet/remedies.ts';
import { remember } from '../inspect/remembered.ts';
import type { ClassRecipe } from './recipe.ts';
import { type Edit, hasComputedKey, wordEdits } from '../analyse/rewrite.ts';
import { isNode, type Node } from '../analyse/syntax.ts';

export function dismantleClass(source: Source, id: string): Dismantled {
  const { fn, syntax, facts, script, place, text, path, capture } = source;
  capture.identity();
  if (script !== undefined && place !== undefined)
    capture.addClass({ fn, scriptId: script.id, start: place.start, end: place.start + text.length });
  const captured = captureVariables(source);
  const edits: Edit[] = wordEdits(syntax);
  const { node, offset, members } = syntax;
  const at = (part: Node, by: string): Edit => ({ start: part.start - offset, end: part.end - offset, text: by });
  const heritage = node['superClass'];
  const extendsNull = isNode(heritage) && heritage.type === 'Literal';
  if (isNode(heritage) && !extendsNull) edits.push(at(heritage, '$hdlS'));
  const keys: PropertyKey[] = [];
  const methods: ClassRecipe['methods'][number][] = [];
  members.forEach((member, index) => {
    if (member.type === 'StaticBlock') edits.push(at(member, ''));
    else if (member.type === 'PropertyDefinition' && member['static'] === true) edits.push(staticField(member, at));
    else if (hasComputedKey(member)) {
      edits.push(at(member['key'] as Node, `$hdlK[${keys.length}]`));
      keys.push(keyOf(source, member, keys));
    }
    const kind = member['kind'] as 'method' | 'get' | 'set' | 'constructor' | undefined;
    const name = plainKey(member);
    if (member.type === 'MethodDefinition' && kind !== undefined && kind !== 'constructor' && name !== undefined) {
      methods.push({ index, key: name, isStatic: member['static'] === true, kind });
    }
  });
  addOwn(source, captured);
  const hasStatics = captured.parts.some((part) => 'property' in part);
  if (hasStatics) capture.unstable();
  const recipe: ClassRecipe = {
    kind: 'class',
    id,
    from: realmId,
    parent: !isNode(heritage) ? undefined : extendsNull ? null : (Object.getPrototypeOf(fn) as AnyFunction),
    keys,
    privateStatics: Object.fromEntries(Object.entries(facts.privateStatics).filter(([name]) => hasPrivateStatic(members, name))),
    methods,
    ...codeOf(source, captured, edits),
  };
  const dismantled = { early: recipe, late: captured.late, modules: captured.modules };
  if (captured.isFixed && !hasStatics && Object.keys(facts.privateStatics).length === 0)
    remember(fn, path, dismantled, captured.objects, true);
  return dismantled;
}

/** The key of a member, if it is written out. */
function plainKey(member: Node): string | undefined {
  const key = member['key'];
  if (!isNode(key) || member['computed'] === true || key.type === 'PrivateIdentifier') return undefined;
  return (key['name'] ?? String(key['value'])) as string;
}

const privateName = (member: Node): string | undefined => {
  const key = member['key'];
  return isNode(key) && key.type === 'PrivateIdentifier' ? (key['name'] as string) : undefined;
};

const hasPrivateStatic = (members: readonly Node[], name: string): boolean =>
  members.some((member) => member.type === 'PropertyDefinition' && member['static'] === true && `#${privateName(member)}` === name);

/** A public static field is set later, as the property it is; a private one can only be set where it stands. */
function staticField(member: Node, at: (node: Node, text: string) => Edit): Edit {
  const name = privateName(member);
  return at(member, name === undefined ? '' : `static #${name} = $hdlP['#${name}'];`);
}

/** The key a computed member got: that of the property whose function has the member's text. */
function keyOf({ fn, text, syntax, path }: Source, member: Node, taken: readonly PropertyKey[]): PropertyKey {
  const on = member['static'] === true ? fn : (fn as unknown as { prototype: object }).prototype;
  const itsText = memberText(member, text, syntax.offset);
  for (const key of Reflect.ownKeys(on)) {
    const { value, get, set } = Object.getOwnPropertyDescriptor(on, key) as PropertyDescriptor;
    const isIt = [value, get, set].some((one) => typeof one === 'function' && Function.prototype.toString.call(one) === itsText);
    if (isIt && !taken.includes(key)) return key;
  }
  throw new SerializationError(`${path}: the computed key ${itsText.slice(0, 40)} of the class cannot be read: ${functionRemedies.class}`);
}

/** A member as `toString` of its function gives it. */
export const memberText = (member: Node, text: string, offset: number): string =>
  text.slice(member.start - offset, member.end - offset).replace(/^static\s+/, '');

/** Adds what stands on the class and its prototype but not in its text: static values, patched and decorated members. */
function addOwn({ fn, text, syntax, path }: Source, captured: Captured): void {
  const texts = new Set(
    syntax.members.filter(({ type }) => type === 'MethodDefinition').map((member) => memberText(member, text, syntax.offset)),
  );
  const stands = (key: PropertyKey, descriptor: PropertyDescriptor): boolean => {
    const kinds = (['value', 'get', 'set'] as const).filter((kind) => typeof descriptor[kind] === 'function');
    return (
      kinds.length > 0 &&
      kinds.every((kind) => {
        const member = descriptor[kind] as AnyFunction;
        return texts.has(Function.prototype.toString.call(member)) && isUntouchedMember(member, key, kind);
      })
    );
  };
  const constructor = syntax.members.find((member) => member['kind'] === 'constructor')?.['value'] as Node | undefined;
  const given = { name: undefined, length: constructor === undefined ? 0 : lengthOf(constructor['params'] as Node[]) };
  const { prototype } = fn as unknown as { prototype: object };
  for (const [on, of, skip] of [
    [fn, 'self', []],
    [prototype, 'prototype', ['constructor']],
  ] as [object, 'self' | 'prototype', PropertyKey[]][]) {
    for (const key of Reflect.ownKeys(on)) {
      const descriptor = Object.getOwnPropertyDescriptor(on, key) as PropertyDescriptor;
      if (skip.includes(key) || (on === fn && isGiven(key, descriptor, given)) || stands(key, descriptor)) continue;
      addProperty(captured, on, key, of, of === 'self' ? `${path}.${String(key)}` : `${path}.prototype.${String(key)}`);
    }
  }
}
