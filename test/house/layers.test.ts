/**
 * The layers of `src/`. In the graph of imports no arrow may run up, bypass a folder's entry point, or touch native code outside
 * `platform/`.
 *
 *     layer of the importing file  >=  layer of the imported one
 *     another folder is entered through its index.ts only
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

/** Each folder and its layer. A new folder must be entered here (DESIGN.md, "Folders and layers"). */
const LAYERS: Record<string, number> = {
  errors: 0,
  events: 0,
  check: 0,
  'class-names': 0,
  scope: 0,
  handles: 0,
  'held-lists': 0,
  builtins: 0,
  iteration: 0,
  'local-fields': 0,
  look: 0,
  'no-context': 0,
  'own-work': 0,
  places: 0,
  copies: 0,
  readiness: 0,
  'before-block': 0,
  fifo: 0,
  refusals: 0,
  'real-timers': 0,
  repr: 0,
  'stack-frames': 0,
  'thread-local': 0,
  thenable: 0,
  undisturbed: 0,
  untransferable: 0,
  'view-part': 0,
  platform: 1,
  loop: 1,
  memory: 2,
  sync: 3,
  progress: 3,
  coroutine: 3,
  codec: 4,
  'codec/function': 3.5, // below the codec: this folder may import only from it and from lower layers
  channel: 5,
  connection: 5,
  shared: 5,
  'shared-map': 5.5,
  proxy: 5.5,
  worker: 6,
  process: 7.5, // may run a Process on a thread
  thread: 7,
  pool: 7,
  context: 8,
  manager: 8,
  distributed: 8,
  observe: 9,
  testing: 9,
  cli: 10,
  lowlevel: 98, // the entry point for the inside
  index: 99, // the main entry point imports from all
};

/** Files that a subfolder in a lower layer and its parent share: types, and the words and numbers that both use. */
const SEAMS = new Set([
  'codec/courier.ts',
  'codec/packet/packet.ts',
  'codec/objects/property-flags.ts',
  'codec/packet/realm.ts',
  'codec/packet/remedies.ts',
]);

/**
 * Arrows that run up, when the program calls for it. Such an import must be an `import()` inside of a function, so that no higher layer
 * is loaded with the file. Only `toThread` needs a pool of threads among the coroutines.
 */
const LAZY: Record<string, string> = {
  'coroutine/wait/to-thread.ts': 'pool/index.ts',
  'pool/remote/backend.ts': 'distributed/environment.ts',
};

/**
 * Further entries of folders, so that a thread loads no more than it needs: hosts need more of the codec than workers, and a map that shows its
 * progress more than one that counts. The output of a worker of the command line clears a bar, which is not drawn there.
 */
const FURTHER_ENTRIES = new Set([
  'codec/host.ts',
  'codec/function/serialize.ts',
  'distributed/environment.ts',
  'progress/display.ts',
  'progress/foreign-writes.ts',
  'worker/ground.ts',
  'worker/serve.ts',
]);

/** Packages that one folder alone may import. */
const ONLY_IN: Record<string, string> = { koffi: 'platform', acorn: 'codec/function', bullmq: 'distributed', ioredis: 'distributed' };

const root = fileURLToPath(new URL('../../../', import.meta.url));
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

function folderOf(file: string): string {
  const folder = dirname(file);
  if (folder === '.') return file.replace(/\.ts$/, '');
  if (folder === 'codec/function' || folder.startsWith('codec/function/')) return 'codec/function';
  return folder.split('/')[0] ?? folder;
}

interface Arrow {
  from: string;
  to: string;
}

/** Comments are taken out first, so that an example in a doc comment draws no arrow. */
function codeOf(file: string): string {
  return readFileSync(join(src, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '');
}

function importsOf(file: string): string[] {
  const text = codeOf(file);
  const found = [
    ...text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*(['"])([^'"\n]+)\1/g),
    ...text.matchAll(/\bnew URL\((['"])([^'"\n]+)\1, import\.meta\.url\)/g), // a worker's entry
  ];
  return found.map((match) => match[2] as string);
}

const arrows: Arrow[] = [];
const packages: Arrow[] = [];
for (const file of files) {
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('.'))
      arrows.push({ from: file, to: relative(src, resolve(src, dirname(file), specifier)).replace(/\.js$/, '.ts') });
    else if (/^[a-z@]/.test(specifier) && !specifier.startsWith('node:')) packages.push({ from: file, to: specifier });
  }
}

/** Arrows to other places than files of `src/`, such as `../package.json` or a folder's own path, say nothing about layers. */
const inside = arrows.filter(({ to }) => files.includes(to));

function show(list: readonly Arrow[]): string {
  return list.map(({ from, to }) => `${from} → ${to}`).join('\n');
}

test('every folder has a layer', () => {
  const folders = new Set(files.map(folderOf));
  assert.deepEqual(
    [...folders].filter((folder) => LAYERS[folder] === undefined),
    [],
  );
});

test('no import runs up to a higher layer', () => {
  const up = inside.filter(({ from, to }) => {
    if (SEAMS.has(to) && folderOf(from).startsWith('codec')) return false;
    if (LAZY[from] === to) return false;
    return (LAYERS[folderOf(from)] ?? 0) < (LAYERS[folderOf(to)] ?? 0);
  });
  assert.equal(show(up), '');
});

test('a lazy import is a single import() inside of a function', () => {
  for (const [from, to] of Object.entries(LAZY)) {
    const calls = codeOf(from).match(/^ +.*\bawait import\('([^']+)'\)/gm) ?? [];
    const all = importsOf(from).filter((specifier) => relative(src, resolve(src, dirname(from), specifier)) === to);
    assert.deepEqual([calls.length, all.length], [1, 1], `${from} → ${to} must be one import() inside of a function`);
  }
});

test('folders of one layer do not import each other', () => {
  const across = inside.filter(({ from, to }) => {
    const [a, b] = [folderOf(from), folderOf(to)];
    return a !== b && LAYERS[a] === LAYERS[b] && LAYERS[a] !== 0;
  });
  assert.equal(show(across), '');
});

test('a folder is imported through its entry points only', () => {
  const past = inside.filter(({ from, to }) => {
    const folder = folderOf(to);
    return (
      folder !== folderOf(from) &&
      to !== `${folder}.ts` &&
      to !== `${folder}/index.ts` &&
      !FURTHER_ENTRIES.has(to) &&
      !(SEAMS.has(to) && folderOf(from) === 'codec/function')
    );
  });
  assert.equal(show(past), '');
});

test('every folder has an index.ts', () => {
  const folders = [...new Set(files.filter((file) => file.includes('/')).map(folderOf))];
  assert.deepEqual(
    folders.filter((folder) => !existsSync(join(src, folder, 'index.ts'))),
    [],
  );
});

test('no index.ts exports with a star or by default', () => {
  const entryPoints = files.filter((file) => file.endsWith('index.ts'));
  const careless = entryPoints.filter((file) => /^export (\*|default)/m.test(readFileSync(join(src, file), 'utf8')));
  assert.deepEqual(careless, []);
});

test('a package is imported only by the folder that owns it', () => {
  const elsewhere = packages.filter(({ from, to }) => ONLY_IN[to] !== folderOf(from));
  assert.equal(show(elsewhere), '');
});

test('a file that refuses something by a TypeError or RangeError takes it from refusals.ts, whose stacks begin with the caller', () => {
  const without = files.filter((file) => {
    if (file === 'refusals.ts') return false;
    const code = codeOf(file);
    const imported = /import \{([^}]*)\} from '[./]+\/refusals\.ts';/.exec(code)?.[1] ?? '';
    return ['TypeError', 'RangeError'].some((name) => code.includes(`new ${name}(`) && !imported.includes(name));
  });
  assert.deepEqual(without, []);
});
