/**
 * States as numbers, so that one that was seen before is known again: 53 bits of a hash. Of a million states two are taken for the same with a
 * probability of 1 in 10,000. (Wolper and Leroy, "Reliable hashing without collision detection", 1993)
 */

/** Two hashes of 32 bits that know nothing of each other. */
export class Fingerprint {
  a = 1;
  b = 2;

  /** Order counts. */
  mix(value: number): void {
    this.a = mixed(this.a, value, 0x9e37_79b1);
    this.b = mixed(this.b, value, 0x85eb_ca77);
  }

  mixAll({ a, b }: Fingerprint): void {
    this.mix(a);
    this.mix(b);
  }

  /** A word changes. Of all the words the order in which they did so does not count. */
  replace(index: number, before: number, now: number): void {
    for (const value of [before, now]) {
      this.a ^= mixed(mixed(1, index, 0x9e37_79b1), value, 0xc2b2_ae3d);
      this.b ^= mixed(mixed(2, index, 0x85eb_ca77), value, 0x27d4_eb2f);
    }
  }

  get number(): number {
    return (this.a >>> 0) * 2 ** 21 + (this.b & 0x1f_ffff);
  }
}

function mixed(hash: number, value: number, factor: number): number {
  let h = Math.imul(hash ^ value, factor);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
  return h ^ (h >>> 13);
}
