"""The Python rows: multiprocessing's Queue, SimpleQueue and Value, and the queues of a manager, with the same scenarios, counts and output line as
../probe.mjs.

    python3 probe.py queue|simplequeue|pipe|manager|value SCENARIO [--quick]
"""

import json
import multiprocessing
import multiprocessing.managers
import os
import queue
import subprocess
import sys
import time

MARK = "heddle-bench:"
MIB = 1024 * 1024
BATCH = 100
LARGE_IN_FLIGHT = 8
COLD = 500
SETTLE = 0.5

# What goes through, as in items.mjs.

LARGE = bytearray(b"\x07" * MIB)
SMALL = bytearray(b"\x07" * 1024)


def large(n):
    LARGE[0] = n % 256
    return bytes(LARGE)


def small(n):
    SMALL[0] = n % 256
    return SMALL


KINDS = {
    "numbers": (lambda n: n, lambda item: item),
    "objects": (
        lambda n: {"id": n, "name": f"item {n}", "ok": n % 2 == 0},
        lambda item: item["id"] if item["ok"] == (item["id"] % 2 == 0) and len(item["name"]) > 5 else -1e9,
    ),
    "mebibytes": (large, lambda item: item[0] if item[-1] == 7 else -1e9),
    "kibibytes": (small, lambda item: item[0] if item[-1] == 7 else -1e9),
}


def sum_of(kind, count):
    return sum(n % 256 for n in range(count)) if kind in ("mebibytes", "kibibytes") else count * (count - 1) // 2


def expect(got, wanted, what):
    if got != wanted:
        raise ValueError(f"wrong answer: expected {what} to be {wanted}, got {got}")


def median(samples):
    ordered = sorted(samples)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


# The other side: it does what it is told.


def send_numbers(items, count):
    put = items.put
    for n in range(count):
        put(n)


def serve(orders, items, there, larges):
    while True:
        verb, count = orders.get()
        if verb == "end":
            return
        if verb == "turns":
            for _ in range(count):
                items.put(there.get())
        elif verb == "wait":
            there.get()
        elif verb == "batches":
            for first in range(0, count, BATCH):
                items.put(list(range(first, first + BATCH)))
        else:
            make = KINDS[verb][0]
            to = larges if verb == "mebibytes" else items
            for n in range(count):
                to.put(make(n))


class Manager(multiprocessing.managers.BaseManager):
    pass


for _class in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
    Manager.register(_class.__name__, _class)


class ManagedPair:
    """Numbers through a queue of a manager, which is what Python has for other orders."""

    CLASSES = {"numbers": "Queue", "lifo": "LifoQueue", "priority": "PriorityQueue"}

    def __init__(self, scenario):
        self.manager = Manager()
        self.manager.start()
        self.orders, self.items = multiprocessing.Queue(), getattr(self.manager, self.CLASSES[scenario])()
        self.child = multiprocessing.Process(target=serve, args=(self.orders, self.items, None, None))
        self.child.start()

    def send(self, _what, count):
        self.orders.put(("numbers", count))
        get, total = self.items.get, 0
        for _ in range(count):
            total += get()
        expect(total, sum_of("numbers", count), "the sum of what came")

    def close(self):
        self.orders.put(("end", 0))
        self.child.join()
        self.manager.shutdown()


def serve_pipe(end):
    while True:
        verb, count = end.recv()
        if verb == "end":
            return
        if verb == "turns":
            for _ in range(count):
                end.send(end.recv())
        elif verb in ("mebibytes", "kibibytes"):
            make = KINDS[verb][0]
            for n in range(count):
                end.send_bytes(make(n))
        else:
            make = KINDS[verb][0]
            for n in range(count):
                end.send(make(n))


class PipePair:
    """The two ends of a Pipe; bytes go without pickling, into memory that is there."""

    MEMORY = {"mebibytes": bytearray(MIB), "kibibytes": bytearray(1024)}

    def __init__(self):
        self.here, there = multiprocessing.Pipe()
        self.child = multiprocessing.Process(target=serve_pipe, args=(there,))
        self.child.start()

    def send(self, what, count):
        self.here.send((what, count))
        read, into, total = KINDS[what][1], self.MEMORY.get(what), 0
        for _ in range(count):
            if into is None:
                total += read(self.here.recv())
            else:
                self.here.recv_bytes_into(into)
                total += read(into)
        expect(total, sum_of(what, count), "the sum of what came")

    def turns(self, rounds):
        self.here.send(("turns", rounds))
        for n in range(rounds):
            self.here.send(n)
            self.here.recv()

    def close(self):
        self.here.send(("end", 0))
        self.child.join()


class Pair:
    def __init__(self, kind):
        make = multiprocessing.Queue if kind == "queue" else multiprocessing.SimpleQueue
        self.new = make
        self.orders, self.items, self.there = make(), make(), make()
        # A SimpleQueue has the bound of its pipe.
        self.larges = multiprocessing.Queue(LARGE_IN_FLIGHT) if kind == "queue" else make()
        queues = (self.orders, self.items, self.there, self.larges)
        self.child = multiprocessing.Process(target=serve, args=queues)
        self.child.start()

    def order(self, verb, count=0):
        self.orders.put((verb, count))

    def send(self, what, count):
        self.order(what, count)
        read = KINDS[what][1]
        get = (self.larges if what == "mebibytes" else self.items).get
        total = 0
        for _ in range(count):
            total += read(get())
        expect(total, sum_of(what, count), "the sum of what came")

    def send_batches(self, count):
        self.order("batches", count)
        get = self.items.get
        total = 0
        for _ in range(0, count, BATCH):
            for number in get():
                total += number
        expect(total, sum_of("numbers", count), "the sum of what came")

    def turns(self, rounds):
        self.order("turns", rounds)
        put, get = self.there.put, self.items.get
        for n in range(rounds):
            put(n)
            get()

    def close(self):
        self.order("end")
        self.child.join()


# What is measured, as in scenarios/.


def seconds_of(work, count):
    begin = time.perf_counter()
    work(count)
    return time.perf_counter() - begin


def rate(work, quick, first=20_000):
    """As in ../coroutines/measure.mjs, by the clock."""
    work(first)
    count = 100
    while seconds_of(work, count) < (0.05 if quick else 0.15):
        count *= 2
    return median([2 * count / seconds_of(work, 2 * count) for _ in range(1 if quick else 3)])


def one_way(what):
    return lambda pair, quick: {"rate": rate(lambda count: pair.send(what, count), quick)}


def batches(pair, quick):
    return {"rate": rate(pair.send_batches, quick, 200_000)}


def mebibytes(pair, quick):
    return {"rate": rate(lambda count: pair.send("mebibytes", count), quick, 250 if quick else 1000) * MIB / 1e9}


def microseconds(turns, quick):
    turns(5000)
    rounds = 100
    while seconds_of(turns, rounds) < (0.05 if quick else 0.2):
        rounds *= 2
    return median([seconds_of(turns, rounds) / rounds * 1e6 for _ in range(1 if quick else 5)])


def turns_blocking(pair, quick):
    free = microseconds(pair.turns, quick)
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(max(1, len(os.sched_getaffinity(0)) - 1))
    ]
    try:
        return {"free": free, "taken": microseconds(pair.turns, quick)}
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def cpu_of(pid):
    """Seconds, all threads."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as source:
            total += int(source.read().split()[0])
    return total / 1e9


def waiting(pair, quick):
    pair.order("wait")
    time.sleep(SETTLE / 2 if quick else SETTLE)

    def spent():
        return time.process_time() + cpu_of(pair.child.pid)

    before, begin = spent(), time.perf_counter()
    time.sleep(0.5 if quick else 4)
    share = (spent() - before) / (time.perf_counter() - begin) * 100
    pair.there.put(0)
    return {"share": share}


def cold(pair, _quick):
    items = pair.new()
    begin = time.perf_counter()
    child = multiprocessing.Process(target=send_numbers, args=(items, COLD))
    child.start()
    items.get()
    came = time.perf_counter()
    for _ in range(1, COLD):
        items.get()
    end = time.perf_counter()
    child.join()
    return {"first": (came - begin) * 1000, "next": (end - came) * 1000}


def increment(seconds, value, start, reports):
    start.wait()
    lock = value.get_lock()
    begin = now = time.perf_counter()
    pairs = 0
    while now - begin < seconds:
        for _ in range(200):
            with lock:
                value.value += 1
        pairs += 200
        now = time.perf_counter()
    reports.put((pairs, now - begin))


def increments(_pair, quick):
    def once(seconds):
        value, start, reports = multiprocessing.Value("i", 0), multiprocessing.Barrier(2), multiprocessing.SimpleQueue()
        children = [multiprocessing.Process(target=increment, args=(seconds, value, start, reports)) for _ in range(2)]
        for child in children:
            child.start()
        results = [reports.get() for _ in children]
        for child in children:
            child.join()
        pairs = sum(number for number, _ in results)
        expect(value.value, pairs, "the number")
        return max(seconds for _, seconds in results) / pairs * 1e9

    once(0.05)
    return {"ns": median([once(0.1 if quick else 0.4) for _ in range(1 if quick else 3)])}


SCENARIOS = {
    "numbers": one_way("numbers"),
    "objects": one_way("objects"),
    "lifo": one_way("numbers"),
    "priority": one_way("numbers"),
    "batches": batches,
    "mebibytes": mebibytes,
    "kibibytes": one_way("kibibytes"),
    "turns-blocking": turns_blocking,
    "increments": increments,
    "waiting": waiting,
    "cold": cold,
}


def main():
    kind, scenario, *flags = sys.argv[1:]
    makers = {"value": lambda: None, "manager": lambda: ManagedPair(scenario), "pipe": PipePair}
    pair = makers.get(kind, lambda: Pair(kind))()
    try:
        result = {"figures": SCENARIOS[scenario](pair, "--quick" in flags)}
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(MARK + json.dumps(result), flush=True)
    if pair is not None:
        pair.close()


if __name__ == "__main__":
    main()
