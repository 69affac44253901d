// The least that two threads or processes need in order to wake each other: one word for whose turn it is, and the system's futex. By `Atomics.wait`
// between threads; by native calls on a page that all have mapped between processes, and between threads, too, so that both can be compared. This
// file is also the program of the other side.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const FD = 4; // of the shared page in a child process: after the four of `fork`
const [FUTEX_WAIT, FUTEX_WAKE] = [0, 1];
const [PROT_READ_WRITE, MAP_SHARED] = [3, 1];
const SYS_FUTEX = process.arch === 'arm64' ? 98 : 202;
const TURN = 0;
const END = -1;

function native() {
  const koffi = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  const futex = libc.func('syscall', 'long', ['long', 'long', 'long', 'int', 'void *']);
  const mmap = libc.func('mmap', 'long', ['long', 'long', 'int', 'int', 'int', 'long']);
  return {
    newFile() {
      const fd = libc.func('memfd_create', 'int', ['str', 'uint'])('heddle-bench', 0);
      libc.func('ftruncate', 'int', ['int', 'long'])(fd, 4096);
      return fd;
    },
    map: (fd) => mmap(0, 4096, PROT_READ_WRITE, MAP_SHARED, fd, 0),
    at: (address) => ({
      words: new Int32Array(koffi.view(address, 4096)),
      wait: (value) => futex(SYS_FUTEX, address, FUTEX_WAIT, value, null),
      wake: () => futex(SYS_FUTEX, address, FUTEX_WAKE, 1, null),
    }),
  };
}

const shared = (buffer) => {
  const words = new Int32Array(buffer);
  return { words, wait: (value) => Atomics.wait(words, TURN, value), wake: () => Atomics.notify(words, TURN, 1) };
};

/** Waits until it is not `mine` any more; returns what the word holds. */
function turnAfter({ words, wait }, mine) {
  let turn = Atomics.load(words, TURN);
  while (turn === mine) {
    wait(mine);
    turn = Atomics.load(words, TURN);
  }
  return turn;
}

function give({ words, wake }, turn) {
  Atomics.store(words, TURN, turn);
  wake();
}

/** The word is 1 when the other side must answer, 0 when it has. */
function answer(ground) {
  while (turnAfter(ground, 0) !== END) give(ground, 0);
}

export function open({ kind }) {
  const file = new URL(import.meta.url);
  let ground;
  let other;
  if (kind === 'atomics') {
    const buffer = new SharedArrayBuffer(64);
    ground = shared(buffer);
    other = new Worker(file, { workerData: { futexBuffer: buffer } });
  } else {
    const { newFile, map, at } = native();
    const fd = newFile();
    const address = map(fd);
    ground = at(address);
    other =
      kind === 'threads'
        ? new Worker(file, { workerData: { futexAddress: address } })
        : fork(file, ['answer'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc', fd] });
  }
  const exit = new Promise((resolve) => other.once('exit', resolve));
  return {
    turns(rounds) {
      for (let n = 0; n < rounds; n++) {
        give(ground, 1);
        turnAfter(ground, 1);
      }
    },
    async close() {
      give(ground, END);
      await exit;
    },
  };
}

if (!isMainThread && workerData?.futexBuffer) answer(shared(workerData.futexBuffer));
else if (!isMainThread && workerData?.futexAddress) answer(native().at(workerData.futexAddress));
else if (isMainThread && import.meta.filename === process.argv[1]) {
  const { map, at } = native();
  answer(at(map(FD)));
  process.disconnect();
}
