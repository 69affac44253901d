/** How a worker ends when its host wants it to: what it printed leaves first, `exit` listeners run. */

import { isPrinting, whenPrinted } from './output.ts';

// User code may replace process.exit; ending on order must not depend on it.
const exit = process.exit.bind(process);
let isExiting = false;

export function exitInOrder(): void {
  if (isExiting) return;
  isExiting = true;
  if (isPrinting()) whenPrinted(exit);
  else exit();
}
