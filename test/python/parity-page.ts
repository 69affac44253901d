/**
 * Tables of docs/python-parity.md, and their faults.
 *
 *     ## `threading`                                        the Python module of the tables below
 *     | `Event.is_set`, `.isSet` | `Event.isSet` | |        a name that begins with a dot belongs to the class of the name before
 *     | `Queue` | `heddle/coroutine`: `Queue` | … |         of another entry point
 *     | `Pipe` | not yet | why |                            or `no`
 *     | `wait` | not yet: `waitReady` | why |               its name here, once it is there
 */

export type EntryPoint = 'heddle' | 'heddle/coroutine';

/** Exports of heddle: `path` is a name, `Class.member` or `Class[Symbol.x]`. */
export type IsExported = (entryPoint: EntryPoint, path: string) => boolean;

export interface Row {
  readonly line: number;
  readonly module: string;
  readonly names: readonly string[];
  /** The middle column. */
  readonly here: string;
  readonly remark: string;
}

const MISSING = /^(?:no|not yet)(?:$|:)/;

const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

/** The rows of the tables below a heading that names a module. */
export function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let module: string | undefined;
  for (const [at, text] of page.split('\n').entries()) {
    if (text.startsWith('## ')) module = codeIn(text)[0];
    if (module === undefined || !text.startsWith('| `')) continue;
    const [names = '', here = '', ...remarks] = text.slice(1, text.lastIndexOf('|')).split('|');
    rows.push({ line: at + 1, module, names: namesIn(names), here: here.trim(), remark: remarks.join('|').trim() });
  }
  return rows;
}

function namesIn(cell: string): string[] {
  const names: string[] = [];
  for (const code of codeIn(cell)) names.push(code.startsWith('.') ? `${names.at(-1)?.split('.')[0] ?? ''}${code}` : code);
  return names;
}

/** Faults of the page, one line each. */
export function faultsOf(page: string, pythonNames: Readonly<Record<string, readonly string[]>>, isExported: IsExported): string[] {
  const rows = rowsOf(page);
  return [...faultsOfNames(rows, pythonNames), ...rows.flatMap((row) => faultsOfRow(row, isExported))];
}

/** Every name of Python has one row, and every row has names of Python. */
function faultsOfNames(rows: readonly Row[], pythonNames: Readonly<Record<string, readonly string[]>>): string[] {
  const lines = new Map<string, number[]>();
  for (const { module, names, line } of rows) {
    for (const name of names) lines.set(`${module} ${name}`, [...(lines.get(`${module} ${name}`) ?? []), line]);
  }
  const known = new Set(Object.entries(pythonNames).flatMap(([module, names]) => names.map((name) => `${module} ${name}`)));
  return [
    ...[...known].filter((name) => !lines.has(name)).map((name) => `${name}: no row`),
    ...[...lines].filter(([name]) => !known.has(name)).map(([name, at]) => `${name}: Python has no such name (line ${at.join(', ')})`),
    ...[...lines].filter(([, at]) => at.length > 1).map(([name, at]) => `${name}: several rows (lines ${at.join(', ')})`),
  ];
}

function faultsOfRow({ line, names, here, remark }: Row, isExported: IsExported): string[] {
  if (MISSING.test(here)) {
    const expected = codeIn(here).length > 0 ? codeIn(here) : names.flatMap(inCamelCase);
    return [
      ...(remark === '' ? [`line ${line}: ${names[0]} is said to be missing, without a reason`] : []),
      ...expected
        .filter((path) => isExported('heddle', path))
        .map((path) => `line ${line}: ${path} is said to be missing, and is exported`),
    ];
  }
  const [first, ...others] = codeIn(here);
  if (first === undefined) return [`line ${line}: ${names[0]} names nothing`];
  if (first !== 'heddle/coroutine')
    return [first, ...others].filter((path) => !isExported('heddle', path)).map((path) => `line ${line}: heddle does not export ${path}`);
  return others.flatMap((path) => {
    if (!isExported(first, path)) return [`line ${line}: ${first} does not export ${path}`];
    return isExported('heddle', path) ? [`line ${line}: heddle itself exports ${path}`] : [];
  });
}

/** A name of Python as it would be called here: `Queue.get_nowait` is `Queue.getNowait`. A name that begins with an underscore has none. */
function inCamelCase(name: string): string[] {
  if (/(?:^|\.)_/.test(name)) return [];
  return [name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
}

interface Declaration {
  readonly bases: readonly string[];
  readonly members: ReadonlySet<string>;
}

/** The exports of an API report (`api/*.md`), each with its members and those of what it extends. */
export function reportedExports(report: string): (path: string) => boolean {
  const declarations = new Map<string, Declaration>();
  const exported = new Map<string, string>();
  const statement = /^(export )?(?:abstract )?(class|interface|function|const|type) (\w+)(.*)((?:\n {4,}.*|\n)*)/gm;
  for (const [, isExported, , name = '', head = '', body = ''] of report.matchAll(statement)) {
    if (isExported !== undefined) exported.set(name, name);
    const members = body.matchAll(/^ {4}(?:(?:static|abstract|readonly|get|set) )*(\w+)\??[(:<]/gm);
    const bases = /\bextends ([^{]*)/.exec(head)?.[1]?.replaceAll(/<.*>/g, '').split(', ') ?? [];
    const before = declarations.get(name);
    declarations.set(name, {
      bases: [...(before?.bases ?? []), ...bases.map((base) => base.split(/ |</)[0]!)],
      members: new Set([...(before?.members ?? []), ...[...members].map((member) => member[1]!)]),
    });
  }
  for (const [, name = '', alias] of report.matchAll(/^export \{ (\w+)(?: as (\w+))? \}/gm)) exported.set(alias ?? name, name);

  const has = (name: string, member: string): boolean => {
    const declaration = declarations.get(name);
    return declaration !== undefined && (declaration.members.has(member) || declaration.bases.some((base) => has(base, member)));
  };
  return (path) => {
    const [name = '', member] = path.split('.');
    const declared = exported.get(name);
    return declared !== undefined && (member === undefined || has(declared, member));
  };
}

/** The exports of a module that is loaded: values, and the members that their prototypes and the classes themselves have. */
export function loadedExports(loaded: object): (path: string) => boolean {
  return (path) => {
    const [, name = '', member, symbol] = /^(\w+)(?:\.(\w+)|\[Symbol\.(\w+)\])?$/.exec(path) ?? [];
    if (!Object.hasOwn(loaded, name)) return false;
    const key = symbol === undefined ? member : (Symbol as unknown as Record<string, symbol>)[symbol];
    if (key === undefined) return symbol === undefined;
    const value: unknown = Reflect.get(loaded, name);
    if (typeof value !== 'function') return false;
    if (Object.hasOwn(value, key) && !Object.hasOwn(Function.prototype, key)) return true;
    for (let at: object | null = value.prototype ?? null; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
      if (Object.hasOwn(at, key)) return true;
    }
    return false;
  };
}
