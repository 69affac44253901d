// Calls of a map, in one process or in two: a thousand keys, and a small number for each.
export const keys = Array.from({ length: 1000 }, (_, n) => `key ${n}`);

export function setAll(map, count, verb) {
  for (let n = 0; n < count; n++) map[verb](keys[n % 1000], n);
  return count;
}

export function getAll(map, count, verb) {
  let last;
  for (let n = 0; n < count; n++) last = map[verb](keys[n % 1000]);
  if (typeof last !== 'number') throw new Error(`wrong answer: ${last}`);
  return count;
}
