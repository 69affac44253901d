/**
 * Makes the variants of the shipping programs: the same sources as a user may have them.
 *
 *   native   .ts as they are, types stripped by Node (22.18 or newer)
 *   tsx      .ts as they are, under tsx, as ES modules and as CommonJS
 *   tsc      compiled with source maps, to ES modules and to CommonJS
 *   plain    compiled without source maps and named .mjs and .cjs, as hand-written JavaScript would be
 *
 * They lie below build/ in a folder for each Node version, with a node_modules/heddle that leads to this checkout.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const fixtures = path.join(root, 'test/fixtures/ship');
export const home = path.join(root, 'build/ship', `node-${process.versions.node.split('.')[0]}`);

export interface Variant {
  readonly name: string;
  readonly folder: string;
  /** How a program's file ends. */
  readonly ending: string;
  readonly flags: readonly string[];
  readonly format: 'esm' | 'commonjs';
  /** Where the sources lie to which stack traces should lead, and how they end. */
  readonly originals: { readonly folder: string; readonly ending: string };
  /** Whether enums, decorators and the like run here. */
  readonly emits: boolean;
}

const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
const stripsTypes = major > 22 || (major === 22 && minor >= 18);

export function variants(): Variant[] {
  const sources = { folder: path.join(home, 'src'), ending: '.ts' };
  const make = (name: string, ending: string, format: Variant['format'], more: Partial<Variant> = {}): Variant => ({
    name,
    folder: path.join(home, name),
    ending,
    flags: [],
    format,
    originals: sources,
    emits: true,
    ...more,
  });
  const itself = (name: string, ending: string) => ({ originals: { folder: path.join(home, name), ending } });
  return [
    make('plain-mjs', '.mjs', 'esm', itself('plain-mjs', '.mjs')),
    make('plain-cjs', '.cjs', 'commonjs', itself('plain-cjs', '.cjs')),
    make('tsc-esm', '.js', 'esm'),
    make('tsc-cjs', '.js', 'commonjs'),
    make('tsx-esm', '.ts', 'esm', { folder: sources.folder, flags: ['--import', 'tsx'] }),
    make('tsx-cjs', '.ts', 'commonjs', { ...itself('tsx-cjs', '.ts'), flags: ['--import', 'tsx'] }),
    ...(stripsTypes ? [make('native', '.ts', 'esm', { folder: sources.folder, emits: false })] : []),
  ];
}

/** Writes all variants anew. */
export function prepare(): void {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(path.join(home, 'node_modules'), { recursive: true });
  symlinkSync(root, path.join(home, 'node_modules/heddle'));

  copySources('src', 'module');
  copySources('tsx-cjs', 'commonjs');
  const esm = { module: 'nodenext', moduleResolution: 'nodenext' };
  const commonjs = { module: 'commonjs', moduleResolution: 'bundler', verbatimModuleSyntax: false };
  compile('tsc-esm', 'module', { ...esm, sourceMap: true });
  compile('tsc-cjs', 'commonjs', { ...commonjs, sourceMap: true });
  compile('plain-mjs', 'module', { ...esm, sourceMap: false });
  compile('plain-cjs', 'commonjs', { ...commonjs, sourceMap: false });
  rename('plain-mjs', '.mjs');
  rename('plain-cjs', '.cjs');
}

function copySources(folder: string, type: 'module' | 'commonjs'): void {
  const to = path.join(home, folder);
  cpSync(fixtures, to, { recursive: true });
  writeFileSync(path.join(to, 'package.json'), JSON.stringify({ type }));
  writeFileSync(path.join(to, 'tsconfig.json'), JSON.stringify({ extends: path.join(root, 'tsconfig.base.json') }));
  writeFileSync(path.join(to, 'tsconfig.legacy.json'), JSON.stringify({ extends: './tsconfig.json', compilerOptions: { experimentalDecorators: true } }));
  const costs = readFileSync(path.join(fixtures, 'costs.ts'), 'utf8');
  for (const count of [1_000, 10_000]) {
    const bindings = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? `export const wide${i} = ${i};` : `function wide${i}() { return wide${i - 1}; }`));
    writeFileSync(path.join(to, `costs-${count}.ts`), costs.replace('/* bindings */', () => bindings.join('\n')));
  }
}

/** Programs that only one of the two module systems can run. */
const esmOnly = ['meta.ts'];

function compile(folder: string, type: 'module' | 'commonjs', options: object): void {
  const to = path.join(home, folder);
  mkdirSync(to);
  writeFileSync(path.join(to, 'package.json'), JSON.stringify({ type }));
  const base = { erasableSyntaxOnly: false, composite: false, declaration: false, isolatedDeclarations: false, resolveJsonModule: true, rootDir: '../src', outDir: '.', ...options };
  const write = (name: string, compilerOptions: object, include: string[], exclude: string[]): string => {
    const file = path.join(to, name);
    writeFileSync(file, JSON.stringify({ extends: path.join(root, 'tsconfig.base.json'), compilerOptions, include, exclude }));
    return file;
  };
  const excluded = type === 'commonjs' ? esmOnly : [];
  runCompiler(write('tsconfig.json', base, ['../src/*.ts', '../src/lib/*'], [...excluded, 'legacy.ts'].map((name) => `../src/${name}`)));
  runCompiler(write('tsconfig.legacy.json', { ...base, experimentalDecorators: true }, ['../src/legacy.ts'], []));
  for (const name of readdirSync(path.join(home, 'src/lib'))) {
    if (name.endsWith('.cjs') || name.endsWith('.json')) cpSync(path.join(home, 'src/lib', name), path.join(to, 'lib', name));
  }
  for (const name of readdirSync(path.join(home, 'src'))) if (name.endsWith('.cjs')) cpSync(path.join(home, 'src', name), path.join(to, name));
}

function runCompiler(project: string): void {
  try {
    execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (process.env['SHIP_LAX'] !== undefined) return;
    throw new Error(`the shipping programs do not compile:\n${(error as { stdout: string }).stdout}`);
  }
}

/** Gives every emitted .js another ending, and the imports of it too. */
function rename(folder: string, ending: string): void {
  for (const name of readdirSync(path.join(home, folder), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const file = path.join(home, folder, name);
    const text = readFileSync(file, 'utf8').replace(/((?:from|import|require)\s*\(?\s*)(["'])(\.[^"'\n]*)\.js\2/g, `$1$2$3${ending}$2`);
    writeFileSync(file, text);
    renameSync(file, file.replace(/\.js$/, ending));
  }
}
