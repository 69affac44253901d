/** A module whose import never ends, but in the thread that has said so before. */

if (!(Symbol.for('heddle.test.may-load') in globalThis)) await new Promise(() => setInterval(() => {}, 1000));

export function neverElsewhere(): string {
  return 'here';
}
