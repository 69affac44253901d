/** The courier in use. The door puts it in; a test may put in another one. */

import type { Courier } from './courier.ts';

let current: Courier | undefined;

export function setCourier(courier: Courier | undefined): void {
  current = courier;
}

export function currentCourier(): Courier | undefined {
  return current;
}
