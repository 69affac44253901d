/**
 * The moment when all wait: nothing can go on by itself any more. A clock jumps then; a test without a timeout is in a deadlock.
 *
 *   none is ready  ──▶ two turns of the event loop, in which none becomes ready ──▶ what is under way in the real world?
 *                       (promises, ticks, immediates, I/O that was over)             nothing ──────────────────▶ all wait
 *                                                                                    a file, a name ──▶ its end, however long that takes
 *                                                                                    what may never end ──▶ quiet for a while ──▶ all wait
 *
 * A socket, a worker or a promise of `until()` may stay silent indefinitely, and then time must go on. Silence is measured in turns of the
 * event loop of a millisecond each, so that a machine that is busy with other work does not count as quiet. (trio's MockClock has such a
 * threshold, `autojump_threshold`. It knows of no work under way, and so applies it always or never.)
 */

import { drains, outsideCount, readyCount } from '../../loop/index.ts';

/** The requests that end by themselves, by their names in Node: `FSReqCallback`, `GetAddrInfoReqWrap`, … */
const ENDS = /^FSReq|^FileHandleCloseReq$|^CloseReq$|^Get(?:Addr|Name)Info|^QueryReqWrap$/;

/** Not of the test: our own turns, and servers that listen. */
const IGNORED: ReadonlySet<string> = new Set(['Immediate', 'TCPServerWrap', 'PipeServerWrap']);

/** Waits until the event loop has turned. */
export function turn(): Promise<void> {
  // oxlint-disable-next-line promise/avoid-new -- node:timers/promises would follow contexts
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function tick(): Promise<void> {
  // oxlint-disable-next-line promise/avoid-new -- as above
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) if (!IGNORED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

export class AllWait {
  readonly #quiet: number;
  readonly #before: ReadonlyMap<string, number>;

  /** @param quiet milliseconds, while something is under way that may never end */
  constructor(quiet: number) {
    this.#quiet = quiet;
    // Made when first asked for, they would count as under way.
    void process.stdout;
    void process.stderr;
    this.#before = countResources();
  }

  /** Resolves to true when all wait; to false if a greenlet became ready, or `isOver` returns true. */
  async reached(isOver: () => boolean): Promise<boolean> {
    const begin = drains;
    const isCalm = (): boolean => drains === begin && readyCount() === 0 && !isOver();
    for (let turns = 0; turns < 2; turns += 1) {
      await turn();
      if (!isCalm()) return false;
    }
    for (let quiet = 0; ; ) {
      const underWay = this.#underWay();
      if (underWay === 'nothing' || (underWay === 'may never end' && quiet >= this.#quiet)) return true;
      await tick();
      await turn();
      if (!isCalm()) return false;
      if (underWay === 'may never end') quiet += 1;
    }
  }

  #underWay(): 'nothing' | 'ends' | 'may never end' {
    let isAny = outsideCount() > 0;
    for (const [name, count] of countResources()) {
      if (count <= (this.#before.get(name) ?? 0)) continue;
      if (ENDS.test(name)) return 'ends';
      isAny = true;
    }
    return isAny ? 'may never end' : 'nothing';
  }
}
