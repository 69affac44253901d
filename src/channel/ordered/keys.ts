/**
 * Keys of messages as two words, whose order as numbers is theirs: the first as a signed one, then the second as an unsigned one.
 *
 *    number    its 64 bits, those of a negative one turned round               (as radix sorts do it)
 *    string    its first two code units; the second word is its length, and all but two of its units follow in words of two
 */

const bits = new Int32Array(2);
const double = new Float64Array(bits.buffer);
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const high = isLittleEndian ? 1 : 0;
const low = 1 - high;

const sign = 0x8000_0000 | 0;

export interface KeyWords {
  first: number;
  second: number;
}

/** The key that was made or read last. */
export const keyWords: KeyWords = { first: 0, second: 0 };

export function numberKey(key: number): KeyWords {
  // -0 and 0 are equal.
  double[0] = key === 0 ? 0 : key;
  const isNegative = bits[high]! < 0;
  keyWords.first = isNegative ? ~bits[high]! ^ sign : bits[high]!;
  keyWords.second = isNegative ? ~bits[low]! : bits[low]!;
  return keyWords;
}

export function numberOf(first: number, second: number): number {
  bits[high] = first < 0 ? ~(first ^ sign) : first;
  bits[low] = first < 0 ? ~second : second;
  return double[0]!;
}

/** Words of a string that do not fit the two. */
export function furtherWords(length: number): number {
  return length <= 2 ? 0 : (length - 1) >> 1;
}

/** Two code units, as a number of their order. */
function unitsAt(key: string, at: number): number {
  const first = at < key.length ? key.charCodeAt(at) : 0;
  const second = at + 1 < key.length ? key.charCodeAt(at + 1) : 0;
  return ((first << 16) | second) ^ sign;
}

export function stringKey(key: string): KeyWords {
  keyWords.first = unitsAt(key, 0);
  keyWords.second = key.length;
  return keyWords;
}

export function furtherUnits(key: string): Int32Array {
  return Int32Array.from({ length: furtherWords(key.length) }, (_, i) => unitsAt(key, 2 + i * 2));
}

export function stringOf(first: number, length: number, further: Int32Array): string {
  const units = new Uint16Array(length);
  for (let i = 0; i < length; i += 1) {
    const word = (i < 2 ? first : further[(i - 2) >> 1]!) ^ sign;
    units[i] = i % 2 === 0 ? word >>> 16 : word & 0xffff;
  }
  let text = '';
  for (let i = 0; i < length; i += 4096) text += String.fromCharCode(...units.subarray(i, i + 4096));
  return text;
}
