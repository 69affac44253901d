export { HeddleError } from './errors.ts';
export { Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, type ExecutorOptions, type Items, type MapOptions, type ShutdownOptions } from './pool/index.ts';
