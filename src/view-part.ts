/** Parts of the caller's memory, for messages of bytes. */

import { checkInteger, expected } from './check.ts';
import { RangeError, TypeError } from './refusals.ts';

/** Bytes from `offset` on of a buffer or a view, without a copy. */
export function partOf(view: unknown, offset: number, size: number | undefined): Uint8Array {
  const bytes = bytesOfView(view);
  checkInteger(offset, 'offset', 0);
  if (offset > bytes.length) throw new RangeError(expected('offset', `an integer up to the length of the view, ${bytes.length}`, offset));
  if (size === undefined) return bytes.subarray(offset);
  checkInteger(size, 'size', 0);
  if (offset + size > bytes.length)
    throw new RangeError(expected('offset + size', `at most the length of the view, ${bytes.length}`, offset + size));
  return bytes.subarray(offset, offset + size);
}

/** Bytes that a message may have. */
export function mostOf(maxLength: number | undefined): number {
  return maxLength === undefined ? Infinity : checkInteger(maxLength, 'maxLength', 0);
}

function bytesOfView(view: unknown): Uint8Array {
  if (ArrayBuffer.isView(view)) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (view instanceof ArrayBuffer || (typeof SharedArrayBuffer === 'function' && view instanceof SharedArrayBuffer))
    return new Uint8Array(view);
  throw new TypeError(expected('view', 'an ArrayBuffer or a view on one', view));
}
