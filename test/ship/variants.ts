/**
 * Makes the variants of the shipping programs: the same sources as a user may have them.
 *
 *   native   .ts as they are, types stripped by Node (22.18 or newer)
 *   tsx      .ts as they are, under tsx, as ES modules and as CommonJS
 *   tsc      compiled with source maps, to ES modules and to CommonJS
 *   esbuild  compiled by esbuild, which shortens names (`min`), sets the names of functions again (`names`), or both
 *   plain    compiled without source maps and named .mjs and .cjs, as hand-written JavaScript would be
 *
 * They lie below build/ in a place for each Node and each test file, beside a node_modules/heddle that leads to this checkout.
 */

import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const fixtures = path.join(root, 'test/fixtures/ship');
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
const stripsTypes = major > 22 || (major === 22 && minor >= 18);

type Format = 'module' | 'commonjs';

export type VariantName =
  | 'plain-mjs'
  | 'plain-cjs'
  | 'tsc-esm'
  | 'tsc-cjs'
  | 'tsx-esm'
  | 'tsx-cjs'
  | 'native'
  | 'esbuild-min-esm'
  | 'esbuild-names-esm'
  | 'esbuild-min-names-esm'
  | 'esbuild-min-cjs'
  | 'esbuild-names-cjs'
  | 'esbuild-min-names-cjs';

export interface Variant {
  readonly name: VariantName;
  readonly folder: string;
  /** How a program's file ends. */
  readonly ending: string;
  readonly flags: readonly string[];
  readonly format: Format;
  /** Where the sources lie to which stack traces should lead, and how they end. */
  readonly originals: { readonly folder: string; readonly ending: string };
  /** True if enums, decorators and the like run here. */
  readonly emits: boolean;
}

/** Programs that CommonJS cannot run. */
export const modulesOnly = ['meta'];
/** Modules beside the programs, of which the same is true. */
const awaitAtTop = ['lib/waits'];

/** Writes those variants anew into the place of that name, and says where it is. */
export function prepare(name: string, names: readonly VariantName[]): { place: string; variants: Variant[] } {
  const place = path.join(root, 'build/ship', `node-${major}`, name);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(path.join(place, 'node_modules'), { recursive: true });
  writeJson(path.join(place, 'package.json'), { private: true });
  symlinkSync(root, path.join(place, 'node_modules/heddle'));

  copySources(path.join(place, 'src'), 'module');
  copySources(path.join(place, 'tsx-cjs'), 'commonjs');
  if (names.includes('tsc-esm')) compile(place, 'tsc-esm', 'module', true);
  if (names.includes('tsc-cjs')) compile(place, 'tsc-cjs', 'commonjs', true);
  for (const name of names) if (name.startsWith('esbuild-')) compileWithEsbuild(place, name);
  if (names.includes('plain-mjs')) {
    compile(place, 'plain-mjs', 'module', false);
    rename(path.join(place, 'plain-mjs'), '.mjs');
  }
  if (names.includes('plain-cjs')) {
    compile(place, 'plain-cjs', 'commonjs', false);
    rename(path.join(place, 'plain-cjs'), '.cjs');
  }
  return { place, variants: variantsIn(place).filter((variant) => names.includes(variant.name)) };
}

function variantsIn(place: string): Variant[] {
  const at = (name: string): string => path.join(place, name);
  const sources = { folder: at('src'), ending: '.ts' };
  const base = { flags: [] as string[], originals: sources, emits: true };
  const tsx = { flags: ['--import', 'tsx'] };
  const plainMjs = { folder: at('plain-mjs'), ending: '.mjs' };
  const plainCjs = { folder: at('plain-cjs'), ending: '.cjs' };
  const tsxCjs = { folder: at('tsx-cjs'), ending: '.ts' };
  const all: Variant[] = [
    { ...base, name: 'plain-mjs', format: 'module', ...plainMjs, originals: plainMjs },
    { ...base, name: 'plain-cjs', format: 'commonjs', ...plainCjs, originals: plainCjs },
    { ...base, name: 'tsc-esm', format: 'module', folder: at('tsc-esm'), ending: '.js' },
    { ...base, name: 'tsc-cjs', format: 'commonjs', folder: at('tsc-cjs'), ending: '.js' },
    { ...base, name: 'tsx-esm', format: 'module', ...sources, ...tsx },
    { ...base, name: 'tsx-cjs', format: 'commonjs', ...tsxCjs, ...tsx, originals: tsxCjs },
  ];
  for (const how of ['min', 'names', 'min-names'] as const) {
    all.push({ ...base, name: `esbuild-${how}-esm`, format: 'module', folder: at(`esbuild-${how}-esm`), ending: '.js' });
    all.push({
      ...base,
      name: `esbuild-${how}-cjs`,
      format: 'commonjs',
      folder: at(`esbuild-${how}-cjs`),
      ending: '.js',
      originals: tsxCjs,
    });
  }
  if (stripsTypes) all.push({ ...base, name: 'native', format: 'module', ...sources, emits: false });
  return all;
}

function copySources(to: string, type: Format): void {
  cpSync(fixtures, to, { recursive: true });
  writeJson(path.join(to, 'package.json'), { type });
  const config = { extends: path.join(root, 'tsconfig.base.json') };
  writeJson(path.join(to, 'tsconfig.json'), config);
  writeJson(path.join(to, 'tsconfig.legacy.json'), { ...config, compilerOptions: { experimentalDecorators: true } });
  const costs = readFileSync(path.join(fixtures, 'costs.ts'), 'utf8');
  for (const count of [1_000, 10_000]) {
    const bindings = Array.from({ length: count }, (_, i) =>
      i % 2 === 0 ? `export const wide${i} = ${i};` : `function wide${i}() { return wide${i - 1}; }`,
    );
    writeFileSync(
      path.join(to, `costs-${count}.ts`),
      costs.replace('/* bindings */', () => bindings.join('\n')),
    );
  }
}

function compile(place: string, folder: string, format: Format, sourceMap: boolean): void {
  const to = path.join(place, folder);
  mkdirSync(to);
  writeJson(path.join(to, 'package.json'), { type: format });
  const system =
    format === 'module'
      ? { module: 'nodenext', moduleResolution: 'nodenext' }
      : { module: 'commonjs', moduleResolution: 'bundler', verbatimModuleSyntax: false };
  const relaxed = { erasableSyntaxOnly: false, composite: false, declaration: false, isolatedDeclarations: false };
  // The same sources are compiled several times; their types are checked with the tsc variants, once for each format.
  const noCheck = !folder.startsWith('tsc');
  const options = { ...system, ...relaxed, sourceMap, noCheck, resolveJsonModule: true, rootDir: '../src', outDir: '.' };
  const build = (name: string, compilerOptions: object, include: string[], exclude: string[]): void => {
    const project = path.join(to, name);
    writeJson(project, { extends: path.join(root, 'tsconfig.base.json'), compilerOptions, include, exclude });
    runCompiler(project);
  };
  const excluded = format === 'commonjs' ? [...modulesOnly, ...awaitAtTop] : [];
  build(
    'tsconfig.json',
    options,
    ['../src/*.ts', '../src/lib/*'],
    [...excluded, 'legacy'].map((name) => `../src/${name}.ts`),
  );
  build('tsconfig.legacy.json', { ...options, experimentalDecorators: true }, ['../src/legacy.ts'], []);
  for (const name of readdirSync(path.join(place, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (/\.cjs$|data\.json$/.test(name)) cpSync(path.join(place, 'src', name), path.join(to, name));
  }
}

interface Esbuild {
  buildSync(options: object): unknown;
}

/** The one that tsx brings. */
const esbuild = (): Esbuild => {
  // Otherwise it keeps a thread.
  process.env['ESBUILD_WORKER_THREADS'] = '0';
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve('tsx/package.json'))('esbuild') as Esbuild;
};

/** Names of variables are shortened, so what a program says of them is not what its source says. */
export const isShortened = (variant: string): boolean => variant.startsWith('esbuild-min');

/** Each file by itself, so that what a program imports is a module of its own. */
function compileWithEsbuild(place: string, folder: string): void {
  const to = path.join(place, folder);
  const format: Format = folder.endsWith('esm') ? 'module' : 'commonjs';
  // The default import of a CommonJS module depends on the package of the source.
  const src = path.join(place, format === 'module' ? 'src' : 'tsx-cjs');
  mkdirSync(to);
  writeJson(path.join(to, 'package.json'), { type: format });
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const excluded = format === 'commonjs' ? [...modulesOnly, ...awaitAtTop] : [];
  const sources = files.filter((name) => name.endsWith('.ts') && !excluded.includes(name.replace(/\.ts$/, '')));
  const options = {
    format: format === 'module' ? 'esm' : 'cjs',
    platform: 'node',
    target: `node${major}.${minor}`,
    sourcemap: true,
    minify: isShortened(folder),
    keepNames: folder.includes('names'),
    absWorkingDir: src,
    outbase: src,
    outdir: to,
    logLevel: 'silent',
  };
  const isLegacy = (name: string): boolean => name === 'legacy.ts';
  const build = (entryPoints: string[], experimentalDecorators: boolean): void => {
    const tsconfigRaw = { compilerOptions: { experimentalDecorators } };
    esbuild().buildSync({ ...options, entryPoints, tsconfigRaw });
  };
  build(
    sources.filter((name) => !isLegacy(name)),
    false,
  );
  build(sources.filter(isLegacy), true);
  for (const name of files.filter((one) => /\.cjs$|data\.json$/.test(one))) cpSync(path.join(src, name), path.join(to, name));
  rename(to, '.js', '.ts');
}

function runCompiler(project: string): void {
  try {
    execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', project], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    throw new Error(`the shipping programs do not compile:\n${(error as { stdout: string }).stdout}`, { cause: error });
  }
}

/** Gives every emitted .js another ending, and the imports of it too. */
function rename(folder: string, ending: string, before: string = '.js'): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8').replace(
      /((?:from|import|require)\s*\(?\s*)(["'])(\.[^"'\n]*)(\.[jt]s)\2/g,
      (whole, head: string, quote: string, file: string, old: string) =>
        old === before ? `${head}${quote}${file}${ending}${quote}` : whole,
    );
    writeFileSync(file, text);
    renameSync(file, file.replace(/\.js$/, ending));
  }
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, JSON.stringify(value));
}
