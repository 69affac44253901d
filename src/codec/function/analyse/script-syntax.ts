/**
 * The facts in the script around a function: its imports, its direct exports, the names that are ever assigned, where it is strict. Each
 * script is read once; the facts are kept, not the source.
 */

import { assignedNames } from './free-variables.ts';
import type { FunctionSyntax } from './function-syntax.ts';
import type { FunctionFacts, Inspection } from '../inspect/inspector.ts';
import { Lru } from '../inspect/lru.ts';
import { lineStartsOf } from './place.ts';
import { readScript, type Script } from '../inspect/scripts.ts';
import { scriptOnDisk } from '../inspect/scripts-on-disk.ts';
import { children, hasUseStrict, isClass, isFunction, isNode, type Node, parse, patternNames } from './syntax.ts';
import { isModuleScope } from './variables.ts';

/** An imported binding: `imported` is the export's name, `default`, or `*` for the namespace. */
export interface ImportedName {
  readonly specifier: string;
  readonly imported: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ScriptSyntax {
  readonly id: string;
  readonly url: string;
  readonly sourceMapURL: string;
  readonly isModule: boolean;
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** Functions and classes that stand directly in an export, by their place in the source. */
  readonly directExports: readonly (Span & { readonly name: string })[];
  /** Functions and classes that stand at the top level, exported or not. */
  readonly topLevel: readonly Span[];
  /** Names assigned anywhere after their declaration; a name not in here never changes. */
  readonly assigned: ReadonlySet<string>;
  /** Names that functions assign: while two of them live, they may share such a variable. */
  readonly assignedInFunctions: ReadonlySet<string>;
  /** Names declared with `let`, `const` or `class` anywhere: they have a dead zone. */
  readonly lexical: ReadonlySet<string>;
  /** Where function declarations start: their name is a variable of the scope around. */
  readonly declarationsAt: ReadonlySet<number>;
  /** Code that may change variables without naming them. */
  readonly hasEval: boolean;
  readonly strict: boolean;
  readonly strictSpans: readonly Span[];
  /** Where each line starts, to turn line and column into an offset and back. */
  readonly lineStarts: readonly number[];
  readonly startLine: number;
  readonly startColumn: number;
}

const cache = new Lru<string, ScriptSyntax>(200);

/** The script of a function; `undefined` for one that has no place, such as a bound function. */
export function scriptOf(inspection: Inspection, facts: FunctionFacts, text: string, syntax: FunctionSyntax): ScriptSyntax | undefined {
  const { location } = facts;
  if (location === undefined) return undefined;
  const { scriptId } = location;
  const isInModule = (): boolean => facts.scopes.some(isModuleScope);
  const read = (): Script => scriptOnDisk(inspection, scriptId, { text, syntax, location, isInModule }) ?? readScript(inspection, scriptId);
  return cache.get(scriptId) ?? cache.set(scriptId, analyse(read()));
}

function analyse(script: Script): ScriptSyntax {
  const { source, isModule, id, url, sourceMapURL, startLine, startColumn } = script;
  const base = { id, url, sourceMapURL, isModule, lineStarts: lineStartsOf(source), startLine, startColumn };
  let program: Node;
  try {
    program = parse(source, isModule);
  } catch {
    // Not JavaScript as acorn knows it: nothing is known, so every name counts as changing and nothing as exported.
    const none = {
      imports: new Map(),
      directExports: [],
      topLevel: [],
      assigned: new Set<string>(),
      lexical: new Set<string>(),
      strictSpans: [],
      assignedInFunctions: new Set<string>(),
      declarationsAt: new Set<number>(),
    };
    return { ...base, ...none, hasEval: true, strict: isModule };
  }
  const statements = program['body'] as Node[];
  const top = new Map<string, Span>();
  const topLevel: Span[] = [];
  const naming = namingOf(statements);
  for (const statement of statements) collectTopLevel(statement, top, topLevel, naming);
  const facts: Facts = {
    assigned: new Set(),
    assignedInFunctions: new Set(),
    lexical: new Set(),
    strictSpans: [],
    declarationsAt: new Set(),
    hasEval: false,
  };
  collectFacts(program, facts, false);
  return {
    ...base,
    ...facts,
    imports: importsOf(statements),
    directExports: exportsOf(statements, top, naming),
    topLevel,
    strict: isModule || hasUseStrict(statements),
  };
}

const nameOf = (node: unknown): string => {
  const { name, value } = node as { name?: string; value?: string };
  return name ?? value ?? '';
};

function importsOf(statements: readonly Node[]): Map<string, ImportedName> {
  const imports = new Map<string, ImportedName>();
  for (const statement of statements) {
    if (statement.type !== 'ImportDeclaration') continue;
    // An import with attributes (JSON) is data, and travels by value.
    if ((statement['attributes'] as unknown[] | undefined)?.length) continue;
    const specifier = (statement['source'] as Node)['value'] as string;
    for (const one of statement['specifiers'] as Node[]) {
      const imported = one.type === 'ImportSpecifier' ? nameOf(one['imported']) : one.type === 'ImportDefaultSpecifier' ? 'default' : '*';
      imports.set(nameOf(one['local']), { specifier, imported });
    }
  }
  return imports;
}

/** `function f() {}`, `class C {}` and `const f = () => {}` at the top level, inside an export or not. */
function collectTopLevel(statement: Node, byName: Map<string, Span>, all: Span[], naming: Naming): void {
  const declaration =
    statement.type === 'ExportNamedDeclaration' && isNode(statement['declaration']) ? statement['declaration'] : statement;
  const add = (name: string | undefined, node: Node): void => {
    all.push(node);
    if (name !== undefined) byName.set(name, node);
  };
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') add(nameOf(declaration['id']), declaration);
  if (declaration.type === 'VariableDeclaration') {
    for (const { id, init } of declaration['declarations'] as { id: Node; init: unknown }[]) {
      const made = unwrapped(init, naming);
      if (made !== undefined && id.type === 'Identifier') add(nameOf(id), made);
    }
  }
  if (declaration.type !== 'ExpressionStatement') return;
  const expression = declaration['expression'] as Node;
  collectCommonJsExports(expression, all, naming);
  // `(() => { … })()`: compilers put a whole module into one call.
  const callee = expression.type === 'CallExpression' && isNode(expression['callee']) ? expression['callee'] : undefined;
  const body = callee !== undefined && isFunction(callee) ? (callee['body'] as Node)['body'] : undefined;
  if (Array.isArray(body)) for (const inner of body as Node[]) collectTopLevel(inner, byName, all, naming);
}

/** `exports.f = function () {}`, `module.exports = { f() {} }`: these too stand at the top level. */
function collectCommonJsExports(expression: Node, all: Span[], naming: Naming): void {
  if (expression.type !== 'AssignmentExpression') return;
  const right = expression['right'] as Node;
  const made = unwrapped(right, naming);
  if (made !== undefined) all.push(made);
  if (right.type === 'AssignmentExpression') collectCommonJsExports(right, all, naming);
  if (right.type !== 'ObjectExpression') return;
  for (const property of right['properties'] as Node[]) {
    const value = unwrapped(property['value'], naming);
    if (value !== undefined) all.push(property['method'] === true ? property : value);
  }
}

/** A function or class expression, also inside esbuild's `__name(…, 'name')`; `undefined` for anything else. */
function unwrapped(node: unknown, naming: Naming): Node | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'CallExpression') {
    const callee = nameOf(node['callee']);
    // In a chunk of a bundle it is imported.
    if (naming.has(callee) || /^__name\d*$/.test(callee)) return unwrapped((node['arguments'] as Node[])[0], naming);
  }
  return isFunction(node) || isClass(node) ? node : undefined;
}

/** Variables of the script that hold esbuild's `__name`. */
type Naming = ReadonlySet<string>;

/** Finds `(target, value) => define(target, 'name', { value, … })`, whatever a minifier calls it. */
function namingOf(statements: readonly Node[]): Naming {
  const found = new Set<string>();
  for (const statement of statements) {
    if (statement.type !== 'VariableDeclaration') continue;
    for (const { id, init } of statement['declarations'] as { id: Node; init: unknown }[]) {
      if (!isNode(init) || init.type !== 'ArrowFunctionExpression' || (init['params'] as Node[]).length !== 2) continue;
      const body = init['body'] as Node;
      const [, key, descriptor] = body.type === 'CallExpression' ? (body['arguments'] as Node[]) : [];
      if (key?.['value'] === 'name' && descriptor?.type === 'ObjectExpression') found.add(nameOf(id));
    }
  }
  return found;
}

function exportsOf(statements: readonly Node[], top: ReadonlyMap<string, Span>, naming: Naming): (Span & { name: string })[] {
  const found: (Span & { name: string })[] = [];
  const add = (name: string, span: Span | undefined): void => {
    if (span !== undefined) found.push({ name, start: span.start, end: span.end });
  };
  for (const statement of statements) {
    if (statement.type === 'ExportDefaultDeclaration') {
      const declaration = statement['declaration'] as Node;
      add('default', declaration.type === 'Identifier' ? top.get(nameOf(declaration)) : unwrapped(declaration, naming));
    }
    if (statement.type !== 'ExportNamedDeclaration' || isNode(statement['source'])) continue;
    const declaration = statement['declaration'];
    if (isNode(declaration)) {
      if (declaration.type === 'VariableDeclaration') {
        for (const declarator of declaration['declarations'] as Node[]) patternNames(declarator['id'], (name) => add(name, top.get(name)));
      } else add(nameOf(declaration['id']), top.get(nameOf(declaration['id'])));
    }
    for (const one of statement['specifiers'] as Node[]) add(nameOf(one['exported']), top.get(nameOf(one['local'])));
  }
  return found;
}

interface Facts {
  readonly assigned: Set<string>;
  readonly assignedInFunctions: Set<string>;
  readonly lexical: Set<string>;
  readonly strictSpans: Span[];
  readonly declarationsAt: Set<number>;
  hasEval: boolean;
}

function collectFacts(node: Node, facts: Facts, inFunction: boolean): void {
  const assign = (name: string): void => {
    facts.assigned.add(name);
    if (inFunction) facts.assignedInFunctions.add(name);
  };
  switch (node.type) {
    case 'AssignmentExpression':
      // The one assignment that fills in what rebuilt code captured: compile.ts.
      if (nameOf(node['right']) !== '$hdlset') assignedNames(node['left'], assign);
      break;
    case 'ForInStatement':
    case 'ForOfStatement':
      assignedNames(node['left'], assign);
      break;
    case 'UpdateExpression':
      assignedNames(node['argument'], assign);
      break;
    case 'VariableDeclaration':
      for (const { id, init } of node['declarations'] as { id: Node; init: unknown }[]) {
        // `let x;` gets its value later; `var x = 1` may do so again and again. `for (const x of xs)` makes a new one each time.
        if (node['kind'] === 'var' || (init === null && node['kind'] === 'let')) patternNames(id, (name) => facts.assigned.add(name));
        if (node['kind'] !== 'var') patternNames(id, (name) => facts.lexical.add(name));
      }
      break;
    case 'FunctionDeclaration':
      facts.declarationsAt.add(node.start);
      break;
    case 'ClassDeclaration':
      facts.lexical.add(nameOf(node['id']));
      facts.strictSpans.push(node);
      break;
    case 'ClassExpression':
      facts.strictSpans.push(node);
      break;
    case 'CallExpression':
      if (nameOf(node['callee']) === 'eval') facts.hasEval = true;
      break;
    case 'WithStatement':
      facts.hasEval = true;
      break;
  }
  if (isFunction(node) && hasUseStrict((node['body'] as Node)['body'])) facts.strictSpans.push(node);
  for (const child of children(node)) collectFacts(child, facts, inFunction || isFunction(node));
}
