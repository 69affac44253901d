/**
 * True if a switch must do more than switch: follow contexts, or call a tracer. One flag for both, since every switch reads it; programs
 * that use neither pay nothing.
 */

export let isWatched = false;
const watchers = new Set<string>();

export function watch(what: 'contexts' | 'tracer', isOn: boolean): void {
  if (isOn) watchers.add(what);
  else watchers.delete(what);
  isWatched = watchers.size > 0;
}
