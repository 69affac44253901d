// The items that go through the channels, and the receiver's use of them: each item is read, so that a lost or wrong one is found.

const MIB = 1024 * 1024;
/** Numbers of a batch. */
export const BATCH = 100;
/** Items of 1 MiB that may be on their way where a channel has a bound. */
export const LARGE_IN_FLIGHT = 8;

const large = new Uint8Array(MIB).fill(7);
const KIB = 1024;
const small = new Uint8Array(KIB).fill(7);

/** Kinds of items: how the nth is made, and what the receiver reads of it. */
export const kinds = {
  numbers: { make: (n) => n, read: (item) => item },
  objects: {
    make: (n) => ({ id: n, name: `item ${n}`, ok: n % 2 === 0 }),
    read: ({ id, name, ok }) => (ok === (id % 2 === 0) && name.length > 5 ? id : NaN),
  },
  mebibytes: {
    make(n) {
      large[0] = n;
      return large;
    },
    // The first byte and the last: further reads cost the same with any library.
    read: (item) => item[0] + (item[MIB - 1] === 7 ? 0 : NaN),
  },
  kibibytes: {
    make(n) {
      small[0] = n;
      return small;
    },
    read: (item) => item[0] + (item[KIB - 1] === 7 ? 0 : NaN),
  },
};

/** The expected sum of the receiver's reads. */
export function sumOf(kind, count) {
  if (kind !== 'mebibytes' && kind !== 'kibibytes') return (count * (count - 1)) / 2;
  let sum = 0;
  for (let n = 0; n < count; n++) sum += n % 256;
  return sum;
}

/** Numbers from `from` on, of one batch. */
export const batchFrom = (from) => Array.from({ length: BATCH }, (_, i) => from + i);
