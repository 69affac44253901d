/** A module that is not loaded before an item needs it, and takes a turn of the event loop. */

await new Promise((resolve) => setImmediate(resolve));

export function slow(): string {
  return 'slow';
}
