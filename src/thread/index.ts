/** The thread layer: threads that run a function, and the list of threads. */

/** A thread of its own that runs a function. */
export { type ExceptHook, exitBySignal, insideOf, setExceptHook, Thread, type ThreadInside, type ThreadOptions, Timer } from './thread.ts';
/** An object whose fields each thread has for itself. */
export { ThreadLocal, type ThreadLocalConstructor } from '../thread-local.ts';
/** Which thread this is, and which others the program has. */
export { activeCount, currentThread, enumerateThreads, getIdent, getNativeId, mainThread, type ThreadRecord } from './current.ts';
