/** Waiting until everything that was put is done with. */

import { isAborted, type Operation, Pending, readWaitOptions, type WaitList, type WaitOptions, yes } from '../../loop/index.ts';

interface Work {
  readonly name: string;
  readonly unfinished: number;
  readonly joiners: WaitList<Join>;
}

export class Join extends Pending<boolean> {
  readonly #work: Work;

  constructor(work: Work, options: number | WaitOptions | undefined) {
    super();
    this.#work = work;
    this.limit(options);
    if (this.isPending) work.joiners.push(this);
  }

  describe(): string {
    const { name, unfinished } = this.#work;
    return `${name}.join(): ${unfinished === 1 ? '1 task is' : `${unfinished} tasks are`} not done`;
  }

  override expire(): void {
    this.settle(false);
  }
}

export function joinOf(work: Work, options: number | WaitOptions | undefined): Operation<boolean> {
  if (options !== undefined) readWaitOptions(options);
  return work.unfinished === 0 && !isAborted(options) ? yes : new Join(work, options);
}
