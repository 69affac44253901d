/** Runs a test of the model, one run after the other in the same memory. */

import { load } from '#atomics';
import { InvalidStateError } from '../../../errors.ts';
import { become, replaceStepper, type Stepper } from '../../../memory/index.ts';
import { ModelAgent } from './agent.ts';
import { ModelHeap } from './heap.ts';
import { ModelMemory } from './memory.ts';
import { Names, slotId } from '../names.ts';
import type { CheckedTest } from '../options.ts';
import { type Outcome, Run } from './run.ts';
import type { Strategy } from '../order/strategy.ts';
import { ModelThread } from './thread.ts';
import { Trace } from './trace.ts';
import { World } from './world.ts';

/** The run that is under way. */
let running: Run | undefined;

export function theRun(): Run {
  if (running === undefined) throw new InvalidStateError('no thread of the model runs here');
  return running;
}

export class Host {
  readonly #test: CheckedTest;
  readonly #memory: ModelMemory;

  constructor(test: CheckedTest) {
    checkCondition();
    this.#test = test;
    this.#memory = new ModelMemory(test.words);
  }

  /** @param trace gets the run's steps */
  run(strategy: Strategy, trace?: { lines: readonly string[] }): Outcome {
    const { threads: bodies, setup, after, always, deaths, timeouts, delays, slices, pauses, maxSteps, mayDie } = this.#test;
    const memory = this.#memory;
    memory.clear();
    // A new one for each run: what the heap knows of an agent is as old as that.
    const outsider = new ModelAgent(slotId(bodies.length + 1), memory);
    let context: unknown;
    const threads = bodies.map((body, number) => new ModelThread(number, nameOf(bodies, number), slotId(number + 1), () => body(context)));
    const names = new Names(memory.segment(0), new Map(threads.map(({ id, name }) => [id, name])));
    const world = new World(threads, { timeouts, deaths, delays });
    const table = trace === undefined ? undefined : new Trace(names);
    const run = new Run(
      world,
      memory,
      {
        maxSteps,
        pauses: pauses === 'wait',
        always: always === undefined ? undefined : () => always(context),
        slices: slices === 'always' ? 1 : slices,
        alwaysSlices: slices === 'always',
        mayDie: new Set(mayDie),
        describe: (thread) => describe(thread, names),
      },
      strategy,
      outsider,
      table,
    );
    memory.caller = run;
    const stepper: Stepper = (operation, words, index, a, b) => run.atomic(operation, words, index, a, b);
    const stepperBefore = replaceStepper(stepper);
    const runBefore = running;
    running = run;
    try {
      become(outsider);
      context = setup(new ModelHeap(memory, names, bodies.length + 1));
      const outcome = run.of(() => after?.(context, { dead: world.dead.map(({ number }) => number), now: world.clock }));
      if (trace !== undefined && table !== undefined) trace.lines = table.lines;
      return outcome;
    } finally {
      running = runBefore;
      replaceStepper(stepperBefore);
    }
  }
}

function checkCondition(): void {
  let isModel = false;
  const before = replaceStepper(() => Number((isModel = true)));
  load(new Int32Array(1), 0);
  replaceStepper(before);
  if (!isModel) throw new InvalidStateError('the model needs `node --conditions=model`');
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Returns the function's name; a letter where it has none, or shares it. */
function nameOf(bodies: CheckedTest['threads'], number: number): string {
  const name = bodies[number]!.name;
  const isOwn = name !== '' && bodies.every((other, at) => at === number || other.name !== name);
  return isOwn ? name : (LETTERS[number] ?? `thread ${number}`);
}

function describe({ name, status, operation, words, index, a, b }: ModelThread, names: Names): string {
  if (status === 'sleeps')
    return `  ${name} sleeps at ${names.of(words, index)}, which was ${a} and is ${words[index]}${b === Infinity ? '' : `, for ${b} ms`}`;
  return operation === 'listen' ? `  ${name} waits for its bell` : `  ${name} waits`;
}
