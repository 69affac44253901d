// multithreading is written for Node 22: it reads two globals that Node 20 lacks. They are filled in here, so that it can be measured at all.
import { availableParallelism } from 'node:os';

globalThis.navigator ??= { hardwareConcurrency: availableParallelism() };

Promise.withResolvers ??= function withResolvers() {
  let resolve;
  let reject;
  const promise = new this((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
};
