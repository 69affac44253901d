/** The courier in use: `codec/function`, unless a test puts in another one. */

import type { Courier } from './courier.ts';
import { courier } from './function/index.ts';

let current: Courier = courier;

export function setCourier(other: Courier): void {
  current = other;
}

export function currentCourier(): Courier {
  return current;
}
