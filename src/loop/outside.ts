/**
 * Counts the waits for something outside of the loop, such as a promise for a file's content. A test's clock does not advance while there
 * are any.
 */

let count = 0;

export function outsideCount(): number {
  return count;
}

export function enterOutside(): void {
  count += 1;
}

export function leaveOutside(): void {
  count -= 1;
}
