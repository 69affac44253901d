/** Random scripts of switches, throws, ends and contexts, followed by greenlets and by a model of them, go the same way. */

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import fc from 'fast-check';
import { GreenletExit, getcurrent, greenlet, type RawGreenlet, settrace } from 'heddle/coroutine';
import { canLeave, Model, type Move, type Script, show } from './switch-model.ts';

const runs = process.env['HEDDLE_LONG'] === '1' ? 100_000 : 3_000;
const main = getcurrent();
const storage = new AsyncLocalStorage<string>();

/** Follows the scripts with greenlets. What it logs is what the model logs. */
function follow(scripts: readonly Script[], isFollowed: boolean, isTraced: boolean): string[] {
  const log: string[] = [];
  let count = 0;
  const store = (): string => (isFollowed ? storage.getStore()! : 'none');
  const say = (i: number, what: string): void => void log.push(`${i} ${what} in ${store()}`);
  const text = (value: unknown): string => (Array.isArray(value) ? `[${value.map(text).join()}]` : show(value));
  const fail = (isExit: boolean): Error => (isExit ? new GreenletExit(`e${count}`) : new Error(`e${count}`));
  const attempt = (work: () => void): string => {
    try {
      work();
      return 'done';
    } catch (error) {
      return String(error);
    }
  };
  const leave = (move: Extract<Move, { to: number; depth: number }>): any => {
    const to = all[move.to]!;
    if (move.do === 'throw') return to.throw(fail(move.isExit));
    return to.switch(...Array.from({ length: move.values }, (_, n) => `v${count}.${n}`));
  };
  function* leaveDeep(move: Extract<Move, { to: number; depth: number }>, depth: number): Generator<unknown, unknown, unknown> {
    return depth === 0 ? yield* leave(move) : yield* leaveDeep(move, depth - 1);
  }
  /** Performs a move without a yield. True if the greenlet returns. */
  const act = (i: number, move: Move): boolean => {
    if (move.do === 'dispose') {
      const done = attempt(() => all[move.of]![Symbol.dispose]());
      say(i, `disposes of ${move.of}: ${done}`);
    } else if (move.do === 'parent') {
      const done = attempt(() => (all[move.of]!.parent = all[move.to]!));
      say(i, `gives ${move.of} the parent ${move.to}: ${done}`);
    } else if (move.do === 'enter' && isFollowed) storage.enterWith(`s${count}`);
    else if (move.do === 'fail' && i !== 0) throw fail(move.isExit);
    return move.do === 'return' && i !== 0;
  };
  const make = (script: Script, i: number): RawGreenlet => {
    if (i === 0) return main;
    if (script.kind === 'empty') return greenlet();
    const moves = script.moves.filter((move) => canLeave(script, move));
    if (script.kind === 'plain')
      return greenlet((...args: unknown[]) => {
        say(i, `begins with ${text(args)}`);
        for (const move of moves) {
          count++;
          if (act(i, move)) return `r${count}`;
        }
        return `end of ${i}`;
      });
    return greenlet(function* (...args: unknown[]) {
      say(i, `begins with ${text(args)}`);
      for (const move of moves) {
        count++;
        if (move.do !== 'switch' && move.do !== 'throw') {
          if (act(i, move)) return `r${count}`;
          continue;
        }
        try {
          say(i, `gets ${text(yield* leaveDeep(move, move.depth))}`);
        } catch (error) {
          say(i, `${move.isCaught ? 'catches' : 'lets pass'} ${String(error)}`);
          if (!move.isCaught) throw error;
        }
      }
      return `end of ${i}`;
    });
  };
  const all: RawGreenlet[] = scripts.map(make);
  if (isTraced) settrace((event, pair) => log.push([event, ...pair.map((each) => all.indexOf(each))].join(' ')));
  try {
    for (const move of scripts[0]!.moves) {
      count++;
      if (move.do !== 'switch' && move.do !== 'throw') act(0, move);
      else {
        try {
          say(0, `gets ${text(leave(move))}`);
        } catch (error) {
          say(0, `catches ${String(error)}`);
        }
      }
    }
  } finally {
    settrace(undefined);
  }
  for (const [i, each] of all.entries()) log.push(`${i} is ${each.dead ? 'dead' : each.active ? 'alive' : 'new'}`);
  return log;
}

const isTrace = (line: string): boolean => /^(switch|throw) /.test(line);

function scriptsOf(count: number): fc.Arbitrary<Script[]> {
  const who = fc.nat(count - 1);
  const isCaught = fc.boolean();
  const depth = fc.nat(3);
  const move = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('switch' as const), to: who, values: fc.nat(2), isCaught, depth }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('throw' as const), to: who, isExit: fc.boolean(), isCaught, depth }) },
    fc.record({ do: fc.constant('dispose' as const), of: who }),
    fc.record({ do: fc.constant('parent' as const), of: who, to: who }),
    fc.constant<Move>({ do: 'enter' }),
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), isExit: fc.boolean() }) },
    fc.constant<Move>({ do: 'return' }),
  );
  const moves = fc.array(move, { maxLength: 12, size: 'max' });
  const kind = fc.oneof(
    { weight: 8, arbitrary: fc.constant('generator' as const) },
    fc.constant('plain' as const),
    fc.constant('empty' as const),
  );
  const other = fc.record({ kind, moves });
  const first = fc.record({ kind: fc.constant('generator' as const), moves });
  return fc.tuple(first, ...Array.from({ length: count - 1 }, () => other));
}

const scripts = fc.integer({ min: 2, max: 6 }).chain(scriptsOf);

const withoutContexts = (script: Script): Script => ({ ...script, moves: script.moves.filter((move) => move.do !== 'enter') });

test('greenlets do what their scripts say', () => {
  let switches = 0;
  fc.assert(
    fc.property(scripts, (each) => {
      const plain = each.map(withoutContexts);
      const told = new Model(plain, 'none').run();
      const expected = told.filter((line) => !isTrace(line));
      switches += told.length - expected.length;
      assert.deepEqual(follow(plain, false, false), expected);
    }),
    { numRuns: runs },
  );
  assert.ok(switches > runs * 5, `only ${switches} switches in ${runs} runs`);
});

test('a tracer sees every switch, and changes none', () => {
  fc.assert(
    fc.property(scripts, (each) => {
      const plain = each.map(withoutContexts);
      assert.deepEqual(follow(plain, false, true), new Model(plain, 'none').run());
    }),
    { numRuns: runs },
  );
});

test('greenlets that enter contexts keep them, and leave none behind', () => {
  fc.assert(
    fc.property(scripts, (each) => {
      const log = storage.run('first', () => follow(each, true, true));
      assert.deepEqual(log, new Model(each, 'first').run());
    }),
    { numRuns: runs },
  );
});
