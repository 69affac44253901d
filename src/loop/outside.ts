/** How many waits are for something outside of the loop, such as a promise of a file's content: while there are any, a test's clock is patient. */

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
