/** The context layer: processes and pools, bound to one start method. */

export {
  Context,
  type ContextOptions,
  getAllStartMethods,
  getContext,
  getStartMethod,
  setForkserverPreload,
  setStartMethod,
  type StartMethodOptions,
} from './context.ts';
/** The classes of contexts: they travel by these names. */
export { ForkServerExecutor, ForkServerPool, SpawnExecutor, SpawnPool, ThreadExecutor } from './context.ts';
