/** Calls that travel together: those of one function that differ in their arguments alone, where they are short. */

import type { RemoteTask } from '../../pool/index.ts';

/** Arguments of more bytes travel alone. */
const smallArgs = 4096;

/** Puts calls of one function together, which differ in their arguments alone. */
export function together(tasks: readonly RemoteTask[], most: number): RemoteTask[][] {
  const bundles: RemoteTask[][] = [];
  let last: RemoteTask[] = [];
  for (const task of tasks) {
    if (last.length > 0 && last.length < most && isLike(last[0]!, task)) last.push(task);
    else bundles.push((last = [task]));
  }
  return bundles;
}

const isPlainCall = ({ kind, timeout, initializer, tellsProgress, args }: RemoteTask): boolean =>
  kind === 'call' &&
  timeout === Infinity &&
  initializer === undefined &&
  !tellsProgress &&
  args.modules.length === 0 &&
  args.bytes.length < smallArgs;

const isLike = (a: RemoteTask, b: RemoteTask): boolean => a.fn === b.fn && a.priority === b.priority && isPlainCall(a) && isPlainCall(b);
