// The least that a lock between threads and processes can be: Ulrich Drepper's "mutex 2" (Futexes Are Tricky) on a page that all have
// mapped. There is no owner, no report of a death, no timeout, no promise form. This file is also the program of its workers.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { pairsFor, together } from './pairs.mjs';

const FD = 4; // of the shared page in a child process: after the four of `fork`
const [FUTEX_WAIT, FUTEX_WAKE] = [0, 1];
const [PROT_READ_WRITE, MAP_SHARED] = [3, 1];
const SYS_FUTEX = process.arch === 'arm64' ? 98 : 202;
const LOCK = 0;
const READY = 16; // in another cache line

const koffi = createRequire(import.meta.url)('koffi');
const libc = koffi.load(null);
const futex = libc.func('syscall', 'long', ['long', 'long', 'long', 'int', 'void *']);
const mmap = libc.func('mmap', 'long', ['long', 'long', 'int', 'int', 'int', 'long']);

class Mutex {
  #words;
  #address;

  constructor(address) {
    this.words = this.#words = new Int32Array(koffi.view(address, 4096));
    this.#address = address;
  }

  lock() {
    const words = this.#words;
    let was = Atomics.compareExchange(words, LOCK, 0, 1);
    if (was === 0) return;
    if (was !== 2) was = Atomics.exchange(words, LOCK, 2);
    while (was !== 0) {
      futex(SYS_FUTEX, this.#address, FUTEX_WAIT, 2, null);
      was = Atomics.exchange(words, LOCK, 2);
    }
  }

  unlock() {
    const words = this.#words;
    if (Atomics.sub(words, LOCK, 1) === 1) return;
    Atomics.store(words, LOCK, 0);
    futex(SYS_FUTEX, this.#address, FUTEX_WAKE, 1, null);
  }
}

const map = (fd) => mmap(0, 4096, PROT_READ_WRITE, MAP_SHARED, fd, 0);

function work(address, ms) {
  const mutex = new Mutex(address);
  Atomics.add(mutex.words, READY, 1);
  while (Atomics.load(mutex.words, READY) < 2);
  return pairsFor(ms, () => {
    mutex.lock();
    mutex.unlock();
  });
}

export function open({ kind }) {
  const fd = libc.func('memfd_create', 'int', ['str', 'uint'])('heddle-bench', 0);
  libc.func('ftruncate', 'int', ['int', 'long'])(fd, 4096);
  const address = map(fd);
  const mutex = new Mutex(address);
  const file = new URL(import.meta.url);
  const start = (ms) =>
    kind === 'threads'
      ? new Worker(file, { workerData: { address, ms } })
      : fork(file, [String(ms)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd] });
  return {
    lock(count) {
      for (let i = 0; i < count; i++) {
        mutex.lock();
        mutex.unlock();
      }
      return count;
    },
    async contended(ms) {
      Atomics.store(mutex.words, READY, 0);
      const results = [start(ms), start(ms)].map(
        (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
      );
      return together(await Promise.all(results));
    },
  };
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of Node has none
if (!isMainThread && workerData?.address) parentPort.postMessage(work(workerData.address, workerData.ms));
else if (isMainThread && import.meta.filename === process.argv[1])
  process.send(work(map(FD), Number(process.argv[2])), () => process.disconnect());
