/**
 * Text of a few one-byte characters. V8 makes it at once from numbers, in a third of the time of concatenating characters or copying
 * memory.
 */

/** Longer text is copied. */
export const shortText = 16;

const text = String.fromCharCode as (...codes: (number | undefined)[]) => string;

/** Text of up to `shortText` characters, from place `i` of `b` on. */
export function readShortText(b: Uint8Array, i: number, length: number): string {
  if (length > 8) return readLonger(b, i, length);
  switch (length) {
    case 0:
      return '';
    case 1:
      return text(b[i]);
    case 2:
      return text(b[i], b[i + 1]);
    case 3:
      return text(b[i], b[i + 1], b[i + 2]);
    case 4:
      return text(b[i], b[i + 1], b[i + 2], b[i + 3]);
    case 5:
      return text(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4]);
    case 6:
      return text(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5]);
    case 7:
      return text(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6]);
    default:
      return text(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7]);
  }
}

function readLonger(b: Uint8Array, i: number, length: number): string {
  const [c, d, e, f, g, h, j, k] = [b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7]];
  const n = i + 8;
  switch (length) {
    case 9:
      return text(c, d, e, f, g, h, j, k, b[n]);
    case 10:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1]);
    case 11:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1], b[n + 2]);
    case 12:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1], b[n + 2], b[n + 3]);
    case 13:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1], b[n + 2], b[n + 3], b[n + 4]);
    case 14:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1], b[n + 2], b[n + 3], b[n + 4], b[n + 5]);
    case 15:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1], b[n + 2], b[n + 3], b[n + 4], b[n + 5], b[n + 6]);
    default:
      return text(c, d, e, f, g, h, j, k, b[n], b[n + 1], b[n + 2], b[n + 3], b[n + 4], b[n + 5], b[n + 6], b[n + 7]);
  }
}
