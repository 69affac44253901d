/**
 * The plain data that travels instead of a function (with the parent class, or the parts of a bound function, as ordinary values). The
 * captured variables follow as the message's late parts, in the order of `parts`.
 */

import type { AnyFunction } from '../../courier.ts';
import type { Form } from '../analyse/function-syntax.ts';
import type { Reference } from '../analyse/references.ts';

export type Recipe = NamedRecipe | ReferenceRecipe | HomeRecipe | BoundRecipe | HelperRecipe | MemberRecipe | CodeRecipe | ClassRecipe;

/** Every Node has it under this name. */
export interface NamedRecipe {
  readonly kind: 'name';
  readonly path: string;
}

/** A module exports it. */
export interface ReferenceRecipe {
  readonly kind: 'reference';
  readonly reference: Reference;
}

/** The receiver made it, and still has it. */
export interface HomeRecipe {
  readonly kind: 'home';
  readonly id: string;
}

export interface BoundRecipe {
  readonly kind: 'bound';
  /** Or the name of a method that `self` has there. */
  readonly target: AnyFunction | string;
  readonly self: unknown;
  readonly args: readonly unknown[];
  /** The properties that were added. */
  readonly parts: readonly PartKind[];
}

/** A module helper of the language: made anew for the module at `url`. */
export interface HelperRecipe {
  readonly kind: 'helper';
  readonly helper: Helper;
  readonly url: string;
}

export type Helper = 'import' | 'meta' | 'require';

/** A method of a class of the same message, as the class's text has it: a decorator put another in its place. */
export interface MemberRecipe {
  readonly kind: 'member';
  readonly of: AnyFunction;
  /** The index among the members in the text. */
  readonly index: number;
  /** The properties that were added. */
  readonly parts: readonly PartKind[];
}

/** Text to compile, and what its free names stand for. */
export interface Code {
  readonly text: string;
  /** The script's name for stack traces, and where the text stands in it (zero-based). */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly strict: boolean;
  readonly name: string;
  /** Free names and what they stand for where it is not a late part. */
  readonly references: Readonly<Record<string, Reference>>;
  readonly named: Readonly<Record<string, string>>;
  readonly helpers: Readonly<Record<string, Helper>>;
  readonly url: string;
  /** Names whose variable other functions share and change: late parts hold their cells. */
  readonly cells: readonly string[];
  /** Names of WeakMaps and WeakSets that hold private state for compilers without `#`: made anew. */
  readonly weak: readonly string[];
  /** The kind of each late part. */
  readonly parts: readonly PartKind[];
}

/** `variable`: a captured one. The others say which property of what is set. */
export type PartKind =
  | { readonly variable: string }
  | { readonly cell: string }
  | { readonly lexical: 'this' | 'arguments' | 'newTarget' }
  | { readonly home: true }
  | { readonly inherits: 'self' | 'prototype' }
  | { readonly property: PropertyKey; readonly of: 'self' | 'prototype'; readonly flags: number; readonly accessor?: 'get' | 'set' };

export interface CodeRecipe extends Code {
  readonly kind: 'code';
  readonly form: Exclude<Form, 'class'>;
  /** Of a function that is used as a class: it is made once, and comes home as itself. */
  readonly id?: string;
  /** The realm that sends it. */
  readonly from: string;
  /** Wrapped in a method, because an arrow uses `super`; `self` is its `this`. */
  readonly inMethod: boolean;
  readonly self?: unknown;
}

export interface ClassRecipe extends Code {
  readonly kind: 'class';
  readonly id: string;
  /** The realm that sends it. */
  readonly from: string;
  /** The parent class; `null` if it extends null, `undefined` if it extends nothing. */
  readonly parent: AnyFunction | null | undefined;
  readonly keys: readonly PropertyKey[];
  readonly privateStatics: Readonly<Record<string, unknown>>;
  /** Keys and kinds of the methods in the text, to find them before decorated ones take their place. */
  readonly methods: readonly {
    readonly index: number;
    readonly key: PropertyKey;
    readonly isStatic: boolean;
    readonly kind: 'method' | 'get' | 'set';
  }[];
}

/** Captured names that stand in for words which mean something only at their old place, each as long as its word. */
export const standIn = {
  this: '$hdl',
  arguments: '$hdlargs_',
  newTarget: '$hdltarget',
  importMeta: '$hdlmeta___',
  importCall: '$hdlim',
} as const;
