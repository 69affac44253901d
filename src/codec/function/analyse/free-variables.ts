/**
 * The free variables of a piece of code: the names that it uses and does not declare, those among them that it assigns, and its uses of
 * what the language binds without a name (`this`, `arguments`, `super`, `new.target`, `import.meta`).
 *
 * Scoping as in the language: `var` and functions hoist to the function, `let`, `const` and classes to the block.
 */

import { children, isFunction, isNode, type Node, patternNames } from './syntax.ts';

/** Where a word stands in the source. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A use of a free variable that could change what it holds, or let it be changed. */
export interface FreeVariable {
  assigned: boolean;
  /** The nodes of its uses, each with its ancestors, innermost first: how-used.ts judges them. */
  readonly uses: { readonly node: Node; readonly parents: readonly Node[] }[];
}

export interface FreeVariables {
  readonly names: Map<string, FreeVariable>;
  readonly thisAt: Range[];
  readonly argumentsAt: Range[];
  readonly newTargetAt: Range[];
  readonly importMetaAt: Range[];
  readonly importCallAt: Range[];
  usesSuper: boolean;
  /** `eval(…)` called by that name: it may read any variable around it. */
  directEval: boolean;
  /** `#names` used but not declared inside. */
  readonly privateNames: Set<string>;
}

interface Scope {
  readonly names: Set<string>;
  readonly parent: Scope | undefined;
}

/** The members of `this`, `arguments`, `super` and `new.target` that belong to the code outside, at the point of the walk. */
interface Outer {
  readonly lexical: boolean;
  readonly privates: ReadonlySet<string>;
}

const lexicalKinds = new Set(['let', 'const', 'using', 'await using']);

/** Collects the names that `var` and sloppy function declarations hoist out of nested blocks. */
function hoist(node: Node, names: Set<string>): void {
  for (const child of children(node)) {
    if (child.type === 'FunctionDeclaration') {
      patternNames(child['id'], (name) => names.add(name));
      continue;
    }
    if (isFunction(child) || child.type === 'ClassExpression' || child.type === 'ClassDeclaration') continue;
    if (child.type === 'VariableDeclaration' && child['kind'] === 'var') {
      for (const declarator of child['declarations'] as Node[]) patternNames(declarator['id'], (name) => names.add(name));
    }
    hoist(child, names);
  }
}

/** The names declared directly in a list of statements. */
function lexicalNames(statements: readonly Node[], names: Set<string>): Set<string> {
  for (const statement of statements) {
    if (statement.type === 'ClassDeclaration' || statement.type === 'FunctionDeclaration')
      patternNames(statement['id'], (name) => names.add(name));
    else if (statement.type === 'VariableDeclaration') declaratorNames(statement, names);
  }
  return names;
}

function declaratorNames(declaration: unknown, names: Set<string>): Set<string> {
  if (!isNode(declaration) || declaration.type !== 'VariableDeclaration' || !lexicalKinds.has(declaration['kind'] as string)) return names;
  for (const declarator of declaration['declarations'] as Node[]) patternNames(declarator['id'], (name) => names.add(name));
  return names;
}

class Walk {
  readonly found: FreeVariables = {
    names: new Map(),
    thisAt: [],
    argumentsAt: [],
    newTargetAt: [],
    importMetaAt: [],
    importCallAt: [],
    usesSuper: false,
    directEval: false,
    privateNames: new Set(),
  };
  readonly #parents: Node[] = [];

  visit(node: Node, scope: Scope, outer: Outer): void {
    this.#parents.unshift(node);
    this.#visit(node, scope, outer);
    this.#parents.shift();
  }

  all(nodes: unknown, scope: Scope, outer: Outer): void {
    for (const node of Array.isArray(nodes) ? nodes : [nodes]) if (isNode(node)) this.visit(node, scope, outer);
  }

  #visit(node: Node, scope: Scope, outer: Outer): void {
    const { found } = this;
    switch (node.type) {
      case 'Identifier':
        this.#reference(node, scope, outer);
        return;
      case 'ThisExpression':
        if (outer.lexical) found.thisAt.push(node);
        return;
      case 'Super':
        if (outer.lexical) found.usesSuper = true;
        return;
      case 'MetaProperty':
        if ((node['meta'] as Node)['name'] === 'import') found.importMetaAt.push(node);
        else if (outer.lexical) found.newTargetAt.push(node);
        return;
      case 'ImportExpression':
        found.importCallAt.push({ start: node.start, end: node.start + 'import'.length });
        break;
      case 'PrivateIdentifier':
        if (!outer.privates.has(node['name'] as string)) found.privateNames.add(node['name'] as string);
        return;
      case 'CallExpression': {
        const callee = node['callee'] as Node;
        if (callee.type === 'Identifier' && callee['name'] === 'eval' && !this.#bound('eval', scope)) found.directEval = true;
        break;
      }
      case 'MemberExpression':
        this.visit(node['object'] as Node, scope, outer);
        if (node['computed'] === true || (node['property'] as Node).type === 'PrivateIdentifier')
          this.visit(node['property'] as Node, scope, outer);
        return;
      case 'Property':
        if (node['computed'] === true) this.visit(node['key'] as Node, scope, outer);
        this.visit(node['value'] as Node, scope, outer);
        return;
      case 'LabeledStatement':
        this.visit(node['body'] as Node, scope, outer);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.function(node, scope, outer);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.class(node, scope, outer);
        return;
      case 'BlockStatement':
      case 'StaticBlock':
        this.#block(node, scope, outer);
        return;
      case 'SwitchStatement': {
        this.visit(node['discriminant'] as Node, scope, outer);
        const names = new Set<string>();
        for (const one of node['cases'] as Node[]) lexicalNames(one['consequent'] as Node[], names);
        this.all(node['cases'], { names, parent: scope }, outer);
        return;
      }
      case 'ForStatement':
        this.#children(node, { names: declaratorNames(node['init'], new Set()), parent: scope }, outer);
        return;
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#assigned(node['left'], scope);
        this.#children(node, { names: declaratorNames(node['left'], new Set()), parent: scope }, outer);
        return;
      case 'CatchClause': {
        const names = new Set<string>();
        patternNames(node['param'], (name) => names.add(name));
        this.#children(node, { names, parent: scope }, outer);
        return;
      }
      case 'AssignmentExpression':
        this.#assigned(node['left'], scope);
        break;
      case 'UpdateExpression':
        this.#assigned(node['argument'], scope);
        break;
    }
    this.#children(node, scope, outer);
  }

  #children(node: Node, scope: Scope, outer: Outer): void {
    for (const child of children(node)) this.visit(child, scope, outer);
  }

  #block(node: Node, scope: Scope, outer: Outer): void {
    this.all(node['body'], { names: lexicalNames(node['body'] as Node[], new Set()), parent: scope }, outer);
  }

  function(node: Node, scope: Scope, outer: Outer): void {
    const arrow = node.type === 'ArrowFunctionExpression';
    const names = new Set<string>();
    let around = scope;
    if (node.type === 'FunctionExpression' && isNode(node['id']))
      around = { names: new Set([node['id']['name'] as string]), parent: scope };
    for (const param of node['params'] as Node[]) patternNames(param, (name) => names.add(name));
    const body = node['body'] as Node;
    if (body.type === 'BlockStatement') {
      hoist(body, names);
      lexicalNames(body['body'] as Node[], names);
    }
    if (!arrow) names.add('arguments');
    const inside: Scope = { names, parent: around };
    const inner: Outer = arrow ? outer : { ...outer, lexical: false };
    this.all(node['params'], inside, inner);
    this.#parents.unshift(body);
    if (body.type === 'BlockStatement') this.all(body['body'], inside, inner);
    else this.#visit(body, inside, inner);
    this.#parents.shift();
  }

  class(node: Node, scope: Scope, outer: Outer): void {
    const names = new Set<string>();
    patternNames(node['id'], (name) => names.add(name));
    const inside: Scope = { names, parent: scope };
    const members = (node['body'] as Node)['body'] as Node[];
    const privates = new Set(outer.privates);
    for (const { key } of members as unknown as { key?: Node }[])
      if (key?.type === 'PrivateIdentifier') privates.add(key['name'] as string);
    const around = { ...outer, privates };
    if (isNode(node['superClass'])) this.visit(node['superClass'], inside, around);
    for (const member of members) {
      if (member['computed'] === true) this.visit(member['key'] as Node, inside, around);
      if (member.type === 'StaticBlock') this.#staticBlock(member, inside, { lexical: false, privates });
      else if (isNode(member['value'])) this.visit(member['value'], this.#fieldScope(member, inside), { lexical: false, privates });
    }
  }

  /** A field's initialiser is a function of its own: it has no `arguments`. */
  #fieldScope(member: Node, scope: Scope): Scope {
    return member.type === 'PropertyDefinition' ? { names: new Set(['arguments']), parent: scope } : scope;
  }

  #staticBlock(node: Node, scope: Scope, outer: Outer): void {
    const names = new Set<string>();
    hoist(node, names);
    this.#block(node, { names, parent: scope }, outer);
  }

  #bound(name: string, scope: Scope | undefined): boolean {
    for (let at = scope; at !== undefined; at = at.parent) if (at.names.has(name)) return true;
    return false;
  }

  #free(name: string): FreeVariable {
    let variable = this.found.names.get(name);
    if (variable === undefined) {
      variable = { assigned: false, uses: [] };
      this.found.names.set(name, variable);
    }
    return variable;
  }

  #reference(node: Node, scope: Scope, outer: Outer): void {
    const name = node['name'] as string;
    if (this.#bound(name, scope)) return;
    if (name === 'arguments' && outer.lexical) this.found.argumentsAt.push(node);
    else this.#free(name).uses.push({ node, parents: this.#parents.slice(1) });
  }

  #assigned(target: unknown, scope: Scope): void {
    assignedNames(target, (name) => {
      if (!this.#bound(name, scope)) this.#free(name).assigned = true;
    });
  }
}

/** The variables an assignment target writes; properties (`a.b = 1`) are not variables. */
export function assignedNames(target: unknown, into: (name: string) => void): void {
  if (isNode(target) && target.type !== 'MemberExpression' && target.type !== 'VariableDeclaration') patternNames(target, into);
}

const nothing: Scope = { names: new Set(), parent: undefined };

/** Of a function: what it takes from outside, its own name not counted. */
export function freeVariablesOfFunction(node: Node): FreeVariables {
  const walk = new Walk();
  walk.function(node, nothing, { lexical: node.type === 'ArrowFunctionExpression', privates: new Set() });
  return walk.found;
}

/**
 * Of a method: `super` stays what it is, everything else as for a function.
 * @param node the method's function
 */
export function freeVariablesOfMethod(node: Node): FreeVariables {
  const found = freeVariablesOfFunction(node);
  found.usesSuper = mentionsSuper(node);
  return found;
}

/** Of those parts of a class that run again where it is rebuilt: methods, the constructor, instance fields. */
export function freeVariablesOfMembers(name: string | undefined, members: readonly Node[]): FreeVariables {
  const walk = new Walk();
  const scope: Scope = { names: new Set(name === undefined ? [] : [name]), parent: undefined };
  const privates = new Set<string>();
  for (const { key } of members as unknown as { key?: Node }[]) if (key?.type === 'PrivateIdentifier') privates.add(key['name'] as string);
  for (const member of members) {
    if (member.type === 'StaticBlock' || (member.type === 'PropertyDefinition' && member['static'] === true)) continue;
    const inside = member.type === 'PropertyDefinition' ? { names: new Set(['arguments']), parent: scope } : scope;
    if (isNode(member['value'])) walk.visit(member['value'], inside, { lexical: false, privates });
  }
  return walk.found;
}

function mentionsSuper(node: Node): boolean {
  for (const child of children(node)) {
    if (child.type === 'Super') return true;
    // A function of its own has a home of its own; an arrow shares this one.
    if (child.type === 'FunctionExpression' || child.type === 'FunctionDeclaration') continue;
    if (child.type === 'ClassExpression' || child.type === 'ClassDeclaration') continue;
    if (mentionsSuper(child)) return true;
  }
  return false;
}

/**
 * True if code uses a word that its place gives a meaning to.
 * @param isBoundless `this`, `arguments` and `new.target` are those of the code around, as in an arrow function
 */
export function usesOuterWords(free: FreeVariables, isBoundless: boolean): boolean {
  const anywhere = [free.importMetaAt, free.importCallAt];
  const words = isBoundless ? [free.thisAt, free.argumentsAt, free.newTargetAt, ...anywhere] : anywhere;
  return words.some((ranges) => ranges.length > 0) || free.usesSuper || free.directEval || free.privateNames.size > 0;
}
