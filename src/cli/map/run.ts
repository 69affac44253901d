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
import type { Failure, Job, Target } from './apply.ts';
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
  let index = 0;
  let inputError: { readonly error: unknown } | undefined;

  async function* jobs(): AsyncGenerator<Job> {
    try {
      for await (const items of input.items) {
        for (const item of items) {
          if (order.isFull) await order.room();
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
      }
    } catch (error) {
      // What was read until then still counts; the error is told at the end.
      inputError = { error };
    }
  }

  /** Here and below: a promise only if there is something to wait for, since that is rare and items are many. */
  function settle({ index: at, ok, value }: Outcome): Promise<void> | undefined {
    const job = begun.get(at);
    if (job === undefined) return undefined;
    begun.delete(at);
    if (ok && typeof value === 'string') {
      report.succeeded();
      return write(isUnordered ? [value] : order.put(at, value));
    }
    const written = isUnordered ? undefined : write(order.put(at, null));
    if (!ok && state.isStopped) return written;
    state.failures++;
    const reported = report.failed(job.item, job.number, ok ? (value as Failure).failed : describeError(value));
    return written === undefined ? reported : written.then(() => reported);
  }

  function write(lines: readonly string[], from: number = 0): Promise<void> | undefined {
    for (let i = from; i < lines.length; i++) {
      state.written++;
      const slow = output.write(lines[i]!);
      if (slow !== undefined) return slow.then(() => write(lines, i + 1));
    }
    return undefined;
  }

  const outcomes = engine.outcomes(jobs());
  for (let next = await outcomes.next(); next.done !== true; next = await outcomes.next()) {
    const slow = settle(next.value);
    if (slow !== undefined) await slow;
  }
  await write(order.rest());
  if (inputError !== undefined) throw inputError.error;
}
