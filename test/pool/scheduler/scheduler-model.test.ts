import { test } from 'node:test';
import fc from 'fast-check';
import { type Task, type Worker, World } from './scheduler-world.ts';

const rounds = process.env['HEDDLE_LONG'] === undefined ? 1000 : 100_000;

const options = fc.record({
  maxWorkers: fc.integer({ min: 1, max: 4 }),
  minWorkers: fc.integer({ min: 0, max: 1 }),
  tasksPerWorker: fc.integer({ min: 1, max: 3 }),
  queueLimit: fc.constantFrom(Infinity, Infinity, 1, 3),
  maxTasksPerChild: fc.constantFrom(Infinity, Infinity, 1, 2, 5),
  maxFailedStarts: fc.constant(3),
});

/** fast-check's model; its real thing is inside. */
interface Model {
  readonly world: World;
}

type Move = fc.Command<Model, undefined>;

/** Something that may happen to one of those it can happen to, or, without `among`, always. */
function move(name: string, play: (world: World) => void): fc.Arbitrary<Move> {
  return fc.constant({ check: () => true, run: ({ world }) => play(world), toString: () => name });
}

function moveOf<T, A>(
  name: string,
  among: (world: World) => readonly T[],
  how: fc.Arbitrary<A>,
  play: (world: World, one: T, how: A) => void,
): fc.Arbitrary<Move> {
  return fc.tuple(fc.nat({ max: 99 }), how).map(([which, given]) => ({
    check: ({ world }) => among(world).length > 0,
    run: ({ world }) => {
      const all = among(world);
      play(world, all[which % all.length]!, given);
    },
    toString: () => `${name}[${which}](${fc.stringify(given)})`,
  }));
}

const nothing = fc.constant(undefined);
const workersIn =
  (...phases: Worker['phase'][]) =>
  (world: World): Worker[] =>
    [...world.workers.values()].filter(({ phase }) => phases.includes(phase));
const anyWorker = workersIn('starting', 'ready', 'retiring', 'ending');
/** A stuck task does not end by itself. */
const canEnd = (world: World): Task[] => world.running().filter(({ isStuck }) => !isStuck);
const overdue = (world: World): Task[] => canEnd(world).filter(({ interrupted }) => interrupted !== 'no');
/** Chunks of maps have no retries and no key; an item of them may take too long without an interruption of them all. */
const chunks = (world: World): Task[] =>
  canEnd(world).filter(({ interrupted, key, retries, group }) => interrupted === 'no' && key === undefined && retries === 0 && !group);

const submission = fc.record(
  {
    isBounded: fc.boolean(),
    priority: fc.constantFrom(0, 0, 1, -1),
    key: fc.constantFrom<(string | number)[]>('a', 'b', 1),
    retries: fc.integer({ min: 0, max: 2 }),
    holdsRetries: fc.boolean(),
    isTaken: fc.constantFrom(false, false, true),
    weight: fc.constantFrom(1, 1, 3),
    goesAhead: fc.constantFrom(true, true, false),
  },
  { requiredKeys: [] },
);

// Further attempts of a map's items: its buffer bounds them.
const bounded = fc.oneof(
  submission,
  submission.map((given) => Object.assign(given, { startsHeld: true, isBounded: true })),
);
const submit = fc.oneof(fc.constant({ goesAhead: true }), bounded).map(
  (given): Move => ({
    check: () => true,
    run: ({ world }) => void world.submit(given),
    toString: () => `submit(${fc.stringify(given)})`,
  }),
);
const started = moveOf('started', workersIn('starting'), nothing, (world, { id }) => world.started(id));
/** Before the pool winds down, those that hear of an end may submit again what has ended, or shut the pool down. */
const again = (world: World): void => void world.submit({ isTaken: true, isBounded: true });
const shutDown = (world: World): void => world.shutdown();
const heard = fc.oneof(
  { weight: 30, arbitrary: fc.constant(() => {}) },
  { weight: 3, arbitrary: fc.constant(again) },
  { weight: 1, arbitrary: fc.constant((world: World) => [shutDown, again].forEach((act) => act(world))) },
);
const ended = moveOf('ended', canEnd, fc.tuple(fc.boolean(), heard), (world, { id }, [mayRetry, told]) =>
  world.telling(() => {
    world.ended(id, mayRetry);
    told(world);
  }),
);
const lost = moveOf(
  'lost',
  anyWorker,
  fc.record({ begun: fc.integer({ min: 0, max: 3 }), start: fc.constantFrom('failed', 'failed', 'byChance', 'hopeless'), told: heard }),
  // The worker begins its tasks in that order.
  (world, { id, tasks, ahead }, { begun, start, told }) => {
    const first = new Set([...tasks, ...ahead].slice(0, begun));
    world.telling(() => {
      world.lost(id, (task) => first.has(task), start);
      told(world);
    });
  },
);

const begins = fc.constantFrom(0, 0, 1, 2);
const balance = moveOf('balance', anyWorker, fc.tuple(fc.constantFrom(0, 0, 1, 2), begins), (world, _, [count, begun]) => {
  world.begins = begun;
  world.balance([...world.workers.keys()].slice(0, count));
});

const moves = [
  {
    arbitrary: moveOf(
      'depth',
      (world) => [world],
      fc.tuple(fc.constantFrom(0, 1, 2, 5), begins),
      (world, _, [depth, begun]) => {
        world.begins = begun;
        world.setDepth(depth);
      },
    ),
    weight: 2,
  },
  { arbitrary: moveOf('takesAhead', anyWorker, nothing, (world, { id }) => world.takesAhead(id)), weight: 4 },
  { arbitrary: balance, weight: 4 },
  { arbitrary: submit, weight: 10 },
  { arbitrary: started, weight: 8 },
  { arbitrary: ended, weight: 10 },
  { arbitrary: lost, weight: 3 },
  {
    arbitrary: moveOf(
      'resume',
      (world) => world.held(),
      nothing,
      (world, { id }) => world.resume(id),
    ),
    weight: 3,
  },
  {
    arbitrary: moveOf(
      'giveUp',
      (world) => world.held(),
      nothing,
      (world, { id }) => world.giveUp(id),
    ),
    weight: 1,
  },
  { arbitrary: move('announce', (world) => world.announce()), weight: 1 },
  { arbitrary: move('broadcast', (world) => void world.broadcast()), weight: 1 },
  {
    arbitrary: moveOf(
      'cancel',
      (world) => [...world.tasks.values()],
      begins,
      (world, { id }, begun) => {
        world.begins = begun;
        world.cancel(id);
      },
    ),
    weight: 1,
  },
  {
    arbitrary: moveOf(
      'abort',
      (world) => [...world.waiting(), ...world.ahead(), ...world.running()],
      begins,
      (w, { id }, begun) => {
        w.begins = begun;
        w.abort(id);
      },
    ),
    weight: 2,
  },
  {
    arbitrary: moveOf(
      'timeOut',
      (world) => world.running(),
      fc.boolean(),
      (world, { id }, again) => world.abort(id, again),
    ),
    weight: 2,
  },
  { arbitrary: moveOf('graceOver', overdue, fc.boolean(), (world, { id }, isResponsive) => world.graceOver(id, isResponsive)), weight: 3 },
  { arbitrary: moveOf('itemStuck', chunks, fc.boolean(), (world, { id }, isResponsive) => world.graceOver(id, isResponsive)), weight: 1 },
  {
    arbitrary: moveOf(
      'movedOn',
      (world) => world.running().filter(({ isStuck }) => isStuck),
      nothing,
      (w, { id }) => w.movedOn(id),
    ),
    weight: 1,
  },
  // The news may come late: it has something to do by now.
  { arbitrary: moveOf('idleOver', workersIn('ready'), nothing, (world, { id }) => world.idleOver(id)), weight: 1 },
  { arbitrary: moveOf('poolsWork', anyWorker, fc.boolean(), (world, { id }, doWork) => world.poolsWork(id, doWork)), weight: 2 },
  { arbitrary: moveOf('retire', anyWorker, nothing, (world, { id }) => world.retire(id)), weight: 1 },
];
/** The end comes late, or not before everything else. */
const ends = fc.constantFrom<((world: World) => void)[]>(
  () => {},
  (world) => world.shutdown(),
  (world) => world.shutdown(true),
  (world) => world.terminate(),
);

function sequence(maxCommands: number): fc.Arbitrary<Iterable<Move>> {
  const weighted = moves.flatMap(({ arbitrary, weight }) => Array.from({ length: weight }, () => arbitrary));
  return fc.commands(weighted, { maxCommands, size: 'max' });
}

test('in any order of events each task settles once, orders hold, no worker is overloaded, and all ends', () => {
  fc.assert(
    fc.property(options, sequence(100), ends, sequence(40), (given, before, end, after) => {
      const world = new World(given);
      if (given.minWorkers > 0) world.open();
      const setup = () => ({ model: { world }, real: undefined });
      fc.modelRun(setup, before);
      end(world);
      fc.modelRun(setup, after);
      world.windUp();
    }),
    { numRuns: rounds },
  );
});
