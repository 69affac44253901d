/**
 * One run: items in, jobs to the workers, lines out.
 *
 *     input ──items──▶ jobs ──▶ workers ──outcomes──▶ order ──lines──▶ output (standard output or a file)
 *        broken items ──┐                    │ failures
 *                       └────────────────────┴──────▶ report (standard error)
 *
 * The output pulls: a slow reader stops the workers, and they stop the reading. At any time only as many items are in
 * memory as the pool holds at once, and as many results as may wait behind a slow one.
 */

import type { Input, Item } from '../items/source.ts';
import type { Job, Target } from './apply.ts';
import { describeError } from './describe-error.ts';
import type { Engine, Outcome } from './engine.ts';
import { Order } from './order.ts';
import type { Output } from './output.ts';
import type { Report } from './report.ts';

export interface Run {
  readonly input: Input;
  readonly engine: Engine;
  readonly target: Target;
  readonly output: Output;
  readonly report: Report;
  /** Results as they come, not in the order of the items. */
  readonly isUnordered: boolean;
}

/** How the run stands; whoever stops it writes here. */
export interface RunState {
  /** Nothing new is taken; jobs that break off now have not failed. */
  isStopped: boolean;
  taken: number;
  failures: number;
  written: number;
}

interface Begun {
  readonly item: Item;
  readonly number: number;
}

export async function runMap({ input, engine, target, output, report, isUnordered }: Run, state: RunState): Promise<void> {
  const begun = new Map<number, Begun>();
  const order = new Order();
  let inputError: { readonly error: unknown } | undefined;

  async function* jobs(): AsyncGenerator<Job> {
    let index = 0;
    try {
      for await (const item of input.items) {
        await order.room();
        if (state.isStopped) return;
        const number = ++state.taken;
        if (item.broken === undefined) {
          begun.set(index++, { item, number });
          yield { target, item: item.value };
        } else {
          state.failures++;
          await report.failed(item, number, item.broken);
        }
      }
    } catch (error) {
      // What was read until then still counts; the error is told at the end.
      inputError = { error };
    }
  }

  async function write(lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      state.written++;
      await output.write(line);
    }
  }

  async function settle(outcome: Outcome): Promise<void> {
    const job = begun.get(outcome.index);
    if (job === undefined) return;
    begun.delete(outcome.index);
    const result = outcome.ok && typeof outcome.value === 'string' ? outcome.value : null;
    if (result !== null) {
      report.succeeded();
    } else if (outcome.ok || !state.isStopped) {
      state.failures++;
      await report.failed(job.item, job.number, outcome.ok ? (outcome.value as { failed: string }).failed : describeError(outcome.error));
    }
    await write(isUnordered ? (result === null ? [] : [result]) : order.put(outcome.index, result));
  }

  for await (const outcome of engine.outcomes(jobs())) await settle(outcome);
  await write(order.rest());
  if (inputError !== undefined) throw inputError.error;
}
