/** Types of values and arrays: what each type code takes and gives. */

import { RawArray, RawValue, share, SharedArray, type TypeCode, Value } from 'heddle';

/** Never called: the compiler reads it. */
export async function values(): Promise<void> {
  const int: number = new Value('i', 1).value;
  const big: bigint = new Value('q', 1).value;
  const flag: boolean = new Value('?').value;
  const char: string = new RawValue('c', 'x').value;
  const sum: number = new Value('float64').add(0.5);
  const bigSum: bigint = new Value('L').add(1);
  const next: number = await new Value('i').update((n: number) => n + 1);
  const nextBig: bigint = new Value('Q').updateSync((n) => n + 1n);
  const view: Float64Array = new SharedArray('d', 3).view;
  const bytes: Uint8Array = new RawArray('c', 'text').view;
  const bigView: BigUint64Array = new SharedArray('uint64', [1, 2n]).view;
  const list: boolean[] = new SharedArray('bool', 2).slice();
  const shared: Int16Array = share(new Int16Array(2));
  const buffer: Buffer = share(Buffer.from('x'));
  const any: Value<TypeCode> = new Value('i');
  any.value = 1;
  // @ts-expect-error -- a bigint is not a value of 'i'
  new Value('i', 1n);
  // @ts-expect-error -- this type does not exist
  new Value('int');
  // @ts-expect-error -- a boolean is what '?' takes
  new Value('?', 1);
  // @ts-expect-error -- characters have no sums
  new Value('c').add('x');
  // @ts-expect-error -- fn must be synchronous
  await new Value('i').update(async (n) => n);
  // @ts-expect-error -- the view of 'd' has doubles
  new SharedArray('d', 3).view satisfies Int32Array;
  // @ts-expect-error -- an array is not a typed array
  share([1, 2]);
  void [int, big, flag, char, sum, bigSum, next, nextBig, view, bytes, bigView, list, shared, buffer];
}
