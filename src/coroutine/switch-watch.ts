/**
 * Whether a switch has more to do than to switch: contexts to follow, or a tracer to call. One flag, since every switch looks at
 * it; who asks for nothing pays for nothing.
 */

export let isWatched = false;
const watchers = new Set<string>();

export function watch(what: 'contexts' | 'tracer', isOn: boolean): void {
  if (isOn) watchers.add(what);
  else watchers.delete(what);
  isWatched = watchers.size > 0;
}
