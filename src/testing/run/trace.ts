/** The steps of a run, for people. */

import type { Actor } from '../../loop/index.ts';

/** A line that is written when its actor has got to where it waits. */
interface Draft {
  readonly at: number;
  readonly actor: Actor;
  readonly how: string;
}

export class Trace {
  readonly lines: string[] = [];
  #drafts: Draft[] = [];

  stepBegins(actor: Actor, picked: number, count: number): void {
    this.#write(false);
    this.#drafts.push({ at: this.lines.length, actor, how: picked === 0 ? '' : ` (was ${picked + 1}. of ${count} in line)` });
    this.lines.push('');
  }

  /** Only now async functions have got to their next `await`. */
  promisesCalledBack(): void {
    this.#write(true);
  }

  note(line: string): void {
    this.#write(false);
    this.lines.push(line);
  }

  #write(isAll: boolean): void {
    const rest: Draft[] = [];
    for (const draft of this.#drafts) {
      if (draft.actor.isAsync && !isAll) rest.push(draft);
      else this.lines[draft.at] = shortly(draft.actor) + draft.how;
    }
    this.#drafts = rest;
  }
}

/** The first line of what a greenlet says of itself; the second is its place. */
export function shortly(actor: Actor): string {
  return actor.describe().split('\n', 1)[0]!;
}
