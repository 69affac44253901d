// Generators and a loop: the limit of coroutines made of generators. There are no errors, timeouts or kills, and the running one is not
// known.

const ready = [];

/** Runs all that can go on, until none can. */
function runAll() {
  for (let i = 0; i < ready.length; i++) ready[i].next();
  ready.length = 0;
}

const start = (generator) => ready.push(generator);

/** Each yields the one that goes on. */
function trampoline(first) {
  let next = first;
  while (next !== undefined) next = next.next().value;
}

export function pingPong(count) {
  let done = 0;
  const both = [];
  function* turns(other) {
    while (done < count) {
      done++;
      yield both[other];
    }
  }
  both.push(turns(1), turns(0));
  trampoline(both[0]);
  return done;
}

export function fromMain(count) {
  const inner = (function* () {
    for (;;) yield;
  })();
  let done = 0;
  for (; done < count; done += 2) inner.next();
  return done;
}

class Queue {
  #items = [];
  #getters = [];
  #putters = [];
  #bound;

  constructor(bound = Infinity) {
    this.#bound = bound;
  }

  *put(me, item) {
    while (this.#items.length >= this.#bound) {
      this.#putters.push(me);
      yield;
    }
    this.#items.push(item);
    if (this.#getters.length > 0) start(this.#getters.shift());
  }

  *get(me) {
    while (this.#items.length === 0) {
      this.#getters.push(me);
      yield;
    }
    const item = this.#items.shift();
    if (this.#putters.length > 0) start(this.#putters.shift());
    return item;
  }
}

export function queueAlone(count) {
  const queue = new Queue();
  let got = 0;
  const body = function* () {
    for (let i = 0; i < count; i++) {
      yield* queue.put(me, i);
      if ((yield* queue.get(me)) === i) got++;
    }
  };
  const me = body();
  start(me);
  runAll();
  return got;
}

export function queueBetween(count, bound) {
  const queue = new Queue(bound);
  let got = 0;
  const produce = function* () {
    for (let i = 0; i < count; i++) yield* queue.put(producer, i);
  };
  const consume = function* () {
    for (let i = 0; i < count; i++) if ((yield* queue.get(consumer)) === i) got++;
  };
  const producer = produce();
  const consumer = consume();
  start(producer);
  start(consumer);
  runAll();
  return got;
}

export function sleepZero(count) {
  let done = 0;
  function* turns(me) {
    while (done < count) {
      done++;
      start(both[me]);
      yield;
    }
  }
  const both = [turns(0), turns(1)];
  both.forEach(start);
  runAll();
  return done;
}

export function spawnAll(count, waits) {
  let sum = 0;
  function* one(x) {
    if (waits) yield;
    sum += x;
  }
  const all = Array.from({ length: count }, (_, i) => one(i));
  for (let turn = 0; turn < (waits ? 2 : 1); turn++) {
    all.forEach(start);
    runAll();
  }
  return sum;
}
