/**
 * Names of shared memory, as Python and the C library read them: `/dev/shm/NAME`, where slashes at the beginning do not count.
 */

import { expected } from '../../check.ts';
import { RangeError, TypeError } from '../../refusals.ts';
import { folder } from './entry.ts';

/** Bytes of a name at most. */
const longestName = 255;

const encoder = new TextEncoder();

/**
 * Reads a name. Returns its path as C takes it, with the 0 behind it.
 *
 * @throws TypeError if it is no string; RangeError if no object can have that name
 */
export function pathOfName(name: unknown): { readonly path: string; readonly bytes: Uint8Array } {
  if (typeof name !== 'string') throw new TypeError(expected('name', 'a string', name));
  const plain = name.replace(/^\/+/, '');
  const refuse = (rule: string): never => {
    throw new RangeError(expected('name', rule, name));
  };
  if (plain === '') refuse('a name of at least one character');
  if (plain.includes('/')) refuse('a name without slashes, except at its beginning');
  if (plain.includes('\0')) refuse('a name without NUL');
  if (plain === '.' || plain === '..') refuse('the name of a file');
  if (/\p{Surrogate}/u.test(plain)) refuse('well-formed text');
  const path = folder + plain;
  const bytes = encoder.encode(`${path}\0`);
  if (bytes.length - folder.length - 1 > longestName) refuse(`a name of up to ${longestName} bytes`);
  return { path, bytes };
}
