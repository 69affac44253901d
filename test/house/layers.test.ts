/**
 * The house stands: `src/` is drawn as a graph of imports and no arrow may run up, pass by a folder's door, or touch
 * native code outside `platform/`.
 *
 *     floor of the importing file  >=  floor of the imported one
 *     another folder is entered through its index.ts only
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

/** Each room and its floor. A new folder must be entered here (DESIGN.md, "The house"). */
const FLOORS: Record<string, number> = {
  errors: 0,
  events: 0,
  check: 0,
  'class-names': 0,
  scope: 0,
  handles: 0,
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
  'codec/function': 3.5, // the codec's basement: only the codec and what lies below may be seen from here
  channel: 5,
  connection: 5,
  shared: 5,
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
  lowlevel: 98, // the other door, for what is behind
  index: 99, // the front door sees everything
};

/** Files through which a basement and the folder above it know each other: types, and the words and numbers that both use. */
const SEAMS = new Set(['codec/courier.ts', 'codec/packet.ts', 'codec/property-flags.ts', 'codec/realm.ts', 'codec/remedies.ts']);

/**
 * Arrows that run up all the same, when the program asks for what is there: they must be an `import()` inside of a function, so that
 * nothing above is loaded with the file. `toThread` needs a pool of threads, and nobody else in the coroutines' room does.
 */
const LAZY: Record<string, string> = { 'coroutine/to-thread.ts': 'pool/index.ts' };

/**
 * Further entries of folders, so that a thread loads no more than it needs: hosts need more of the codec than workers, and a map that shows its
 * progress more than one that counts. What a worker of the command line prints steps past a bar, which is not drawn there.
 */
const FURTHER_ENTRIES = new Set([
  'codec/host.ts',
  'codec/function/serialize.ts',
  'progress/display.ts',
  'progress/foreign-writes.ts',
  'worker/ground.ts',
  'worker/serve.ts',
]);

/** Packages that one folder alone may import. */
const ONLY_IN: Record<string, string> = { koffi: 'platform', acorn: 'codec/function' };

const root = fileURLToPath(new URL('../../../', import.meta.url));
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));

function roomOf(file: string): string {
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

/** Arrows to other places than files of `src/`, such as `../package.json` or a folder's own path, say nothing about floors. */
const inside = arrows.filter(({ to }) => files.includes(to));

function show(list: readonly Arrow[]): string {
  return list.map(({ from, to }) => `${from} → ${to}`).join('\n');
}

test('a folder has no floor', () => {
  const rooms = new Set(files.map(roomOf));
  assert.deepEqual(
    [...rooms].filter((room) => FLOORS[room] === undefined),
    [],
  );
});

test('an import runs up the house', () => {
  const up = inside.filter(({ from, to }) => {
    if (SEAMS.has(to) && roomOf(from).startsWith('codec')) return false;
    if (LAZY[from] === to) return false;
    return (FLOORS[roomOf(from)] ?? 0) < (FLOORS[roomOf(to)] ?? 0);
  });
  assert.equal(show(up), '');
});

test('what is loaded when it is asked for is loaded with the file', () => {
  for (const [from, to] of Object.entries(LAZY)) {
    const calls = codeOf(from).match(/^ +.*\bawait import\('([^']+)'\)/gm) ?? [];
    const all = importsOf(from).filter((specifier) => relative(src, resolve(src, dirname(from), specifier)) === to);
    assert.deepEqual([calls.length, all.length], [1, 1], `${from} → ${to} must be one import() inside of a function`);
  }
});

test('neighbours on one floor know each other', () => {
  const across = inside.filter(({ from, to }) => {
    const [a, b] = [roomOf(from), roomOf(to)];
    return a !== b && FLOORS[a] === FLOORS[b] && FLOORS[a] !== 0;
  });
  assert.equal(show(across), '');
});

test('a folder is entered past its door', () => {
  const past = inside.filter(({ from, to }) => {
    const room = roomOf(to);
    return (
      room !== roomOf(from) &&
      to !== `${room}.ts` &&
      to !== `${room}/index.ts` &&
      !FURTHER_ENTRIES.has(to) &&
      !(SEAMS.has(to) && roomOf(from) === 'codec/function')
    );
  });
  assert.equal(show(past), '');
});

test('a folder has no door', () => {
  const rooms = [...new Set(files.filter((file) => file.includes('/')).map(roomOf))];
  assert.deepEqual(
    rooms.filter((room) => !existsSync(join(src, room, 'index.ts'))),
    [],
  );
});

test('the front door or another one exports with a star or by default', () => {
  const doors = files.filter((file) => file.endsWith('index.ts'));
  const careless = doors.filter((file) => /^export (\*|default)/m.test(readFileSync(join(src, file), 'utf8')));
  assert.deepEqual(careless, []);
});

test('a package is imported outside the folder that owns it', () => {
  const elsewhere = packages.filter(({ from, to }) => ONLY_IN[to] !== roomOf(from));
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
