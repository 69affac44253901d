/** A module whose import never ends, but in the thread that has said so before. It sets an event when it has begun. */

const known = globalThis as { readonly [name: symbol]: { set(): void } | undefined };
known[Symbol.for('heddle.test.loading')]?.set();
if (known[Symbol.for('heddle.test.may-load')] === undefined) await new Promise(() => setInterval(() => {}, 1000));

export function neverElsewhere(): string {
  return 'here';
}
