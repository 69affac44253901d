"""The Python rows: a dictionary of multiprocessing.Manager, and a connection of multiprocessing.connection, with the same scenarios, counts and output
line as ../probe.mjs.

    python3 probe.py manager|client|named SCENARIO [--quick]
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from multiprocessing.connection import Client, Listener
from multiprocessing.shared_memory import SharedMemory

MARK = "heddle-bench:"
KEY = "key"
FIRST = 20_000
AUTHKEY = b"a secret of both ends"


def expect(got, wanted, what):
    if got != wanted:
        raise ValueError(f"wrong answer: expected {what} to be {wanted}, got {got}")


def median(samples):
    ordered = sorted(samples)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def seconds_of(work, count):
    begin = time.perf_counter()
    work(count)
    return time.perf_counter() - begin


def rate(work, quick):
    """As in ../coroutines/measure.mjs, by the clock."""
    work(FIRST)
    count = 100
    while seconds_of(work, count) < (0.05 if quick else 0.15):
        count *= 2
    return median([2 * count / seconds_of(work, 2 * count) for _ in range(1 if quick else 3)])


def microseconds(turns, quick):
    turns(5000)
    rounds = 100
    while seconds_of(turns, rounds) < (0.05 if quick else 0.2):
        rounds *= 2
    return median([seconds_of(turns, rounds) / rounds * 1e6 for _ in range(1 if quick else 5)])


class Dict:
    def __init__(self):
        self.manager = multiprocessing.Manager()
        self.dict = self.manager.dict()
        self.last = None

    def set(self, count):
        shared = self.dict
        for n in range(count):
            shared[KEY] = n
        self.last = count - 1
        expect(shared[KEY], self.last, "what was set")

    def get(self, count):
        shared, last = self.dict, None
        for _ in range(count):
            last = shared[KEY]
        expect(last, self.last, "what was got")

    def close(self):
        self.manager.shutdown()


def echo(address):
    with Client(address, authkey=AUTHKEY) as end:
        try:
            while True:
                end.send(end.recv())
        except EOFError:
            pass


class Echo:
    def __init__(self):
        self.listener = Listener(family="AF_UNIX", authkey=AUTHKEY)
        self.child = multiprocessing.Process(target=echo, args=(self.listener.address,))
        self.child.start()
        self.end = self.listener.accept()

    def turns(self, rounds):
        end = self.end
        for n in range(rounds):
            end.send(n)
            expect(end.recv(), n, "what came back")

    def close(self):
        self.end.close()
        self.child.join()
        self.listener.close()


class Named:
    def __init__(self):
        self.held = None

    def first(self):
        begin = time.perf_counter()
        self.held = SharedMemory(create=True, size=4096)
        return (time.perf_counter() - begin) * 1e6

    def turns(self, rounds):
        for _ in range(rounds):
            block = SharedMemory(create=True, size=4096)
            block.close()
            block.unlink()

    def attach(self, rounds):
        name = self.held.name
        for _ in range(rounds):
            block = SharedMemory(name)
            expect(block.size, 4096, "the size")
            block.close()

    def close(self):
        self.held.close()
        self.held.unlink()


def named_memory(named, quick):
    first = named.first()
    return {"block": microseconds(named.turns, quick), "attach": microseconds(named.attach, quick), "first": first}


def calls_per_second(shared, quick):
    return {verb: rate(getattr(shared, verb), quick) for verb in ("set", "get")}


def with_cores_taken(shared, quick):
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(max(1, len(os.sched_getaffinity(0)) - 1))
    ]
    try:
        return calls_per_second(shared, quick)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


SCENARIOS = {
    "dict": calls_per_second,
    "dict-taken": with_cores_taken,
    "shared-map": calls_per_second,
    "named-memory": named_memory,
    "client": lambda pair, quick: {"turn": microseconds(pair.turns, quick)},
}


def main():
    kind, scenario, *flags = sys.argv[1:]
    peer = {"manager": Dict, "client": Echo, "named": Named}[kind]()
    try:
        result = {"figures": SCENARIOS[scenario](peer, "--quick" in flags)}
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(MARK + json.dumps(result), flush=True)
    peer.close()


if __name__ == "__main__":
    main()
