"""The Python rows: multiprocessing by each start method, and threading, with the same scenarios, counts and output line as ./probe.mjs.

    python3 probe.py fork|forkserver|spawn|thread SCENARIO [--quick]
"""

import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time

MARK = "heddle-bench:"
MIB = 1024 * 1024
IN_A_ROW = 3
CLIENTS = 100
TICKETS = 1
SETTLE = 0.5
THREADS = 4


# What the children do, as in tasks.mjs.


def nothing():
    pass


def stamp(file):
    now = time.monotonic_ns()
    with open(file, "w") as out:
        out.write(str(now))


def idle(file):
    with open(file + ".ready", "w"):
        pass
    while os.path.exists(file):
        time.sleep(0.05)


def buy(lock, database):
    with lock:
        with open(database) as source:
            data = json.load(source)
        if data["tickets"] > 0:
            with open(database, "w") as out:
                json.dump({"tickets": data["tickets"] - 1, "sold": data["sold"] + 1}, out)


# What is measured, as in scenarios/.


def median(samples):
    ordered = sorted(samples)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def start_and_join(peer, quick):
    def once():
        child = peer.prepare(nothing)
        begin = time.perf_counter()
        child.start()
        child.join()
        return (time.perf_counter() - begin) * 1000

    first = once()
    return {"first": first, "further": median([once() for _ in range(3 if quick else 7)])}


def first_line(peer, quick):
    with tempfile.TemporaryDirectory() as folder:
        number = 0

        def prepared():
            nonlocal number
            number += 1
            file = os.path.join(folder, f"stamp-{number}")
            return {"file": file, "child": peer.prepare(stamp, file)}

        def begin(each):
            each["begun"] = time.monotonic_ns()
            each["child"].start()

        def milliseconds(each):
            each["child"].join()
            with open(each["file"]) as source:
                return (int(source.read()) - each["begun"]) / 1e6

        def alone():
            one = prepared()
            begin(one)
            return milliseconds(one)

        warm = peer.prepare(nothing)
        warm.start()
        warm.join()
        ms = median([alone() for _ in range(3 if quick else 7)])
        several = [prepared() for _ in range(IN_A_ROW)]
        for each in several:
            begin(each)
        return {"ms": ms, **{f"row{i + 1}": milliseconds(each) for i, each in enumerate(several)}}


def proportional_memory(pid):
    with open(f"/proc/{pid}/smaps_rollup") as source:
        return next(int(line.split()[1]) * 1024 for line in source if line.startswith("Pss:"))


def descendants_of(parent):
    def parent_of(pid):
        try:
            with open(f"/proc/{pid}/stat") as source:
                return int(source.read().rpartition(")")[2].split()[1])
        except OSError:
            return 0

    parents = {int(name): parent_of(name) for name in os.listdir("/proc") if name.isdigit()}

    def is_ours(pid):
        return pid in parents and (parents[pid] == parent or is_ours(parents[pid]))

    return [pid for pid in parents if is_ours(pid)]


def child_memory(peer, _quick):
    with tempfile.TemporaryDirectory() as folder:
        children = []

        def start_idle():
            file = os.path.join(folder, f"idle-{len(children)}")
            with open(file, "w"):
                pass
            child = peer.prepare(idle, file)
            children.append((file, child))
            child.start()
            while not os.path.exists(file + ".ready"):
                time.sleep(0.01)
            time.sleep(SETTLE)
            return child

        def end_all():
            for file, child in children:
                os.remove(file)
                child.join()

        warm = peer.prepare(nothing)
        warm.start()
        warm.join()
        first = start_idle()
        if peer.kind != "thread":
            child = proportional_memory(first.pid)
            everything = sum(proportional_memory(pid) for pid in descendants_of(os.getpid()))
            end_all()
            return {"child": child / MIB, "helpers": (everything - child) / MIB}
        one = proportional_memory(os.getpid())
        for _ in range(1, THREADS):
            start_idle()
        everything = proportional_memory(os.getpid())
        end_all()
        return {"child": (everything - one) / (THREADS - 1) / MIB, "helpers": 0}


def tickets(peer, _quick):
    with tempfile.TemporaryDirectory() as folder:
        database = os.path.join(folder, "database.json")
        with open(database, "w") as out:
            json.dump({"tickets": TICKETS, "sold": 0}, out)
        lock = peer.make_lock()
        begin = time.perf_counter()
        children = [peer.prepare(buy, lock, database) for _ in range(CLIENTS)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        ms = (time.perf_counter() - begin) * 1000
        with open(database) as source:
            sold = json.load(source)["sold"]
        if sold != TICKETS:
            raise ValueError(f"wrong answer: expected tickets sold to be {TICKETS}, got {sold}")
        return {"ms": ms}


class Processes:
    def __init__(self, kind):
        self.kind = kind
        self.context = multiprocessing.get_context(kind)

    def prepare(self, task, *args):
        return self.context.Process(target=task, args=args)

    def make_lock(self):
        return self.context.Lock()


class Threads:
    kind = "thread"

    def prepare(self, task, *args):
        return threading.Thread(target=task, args=args)


SCENARIOS = {
    "start-process": start_and_join,
    "start-thread": start_and_join,
    "first-line": first_line,
    "child-memory": child_memory,
    "tickets": tickets,
}


def main(kind, scenario, *flags):
    peer = Threads() if kind == "thread" else Processes(kind)
    try:
        result = {"figures": SCENARIOS[scenario](peer, "--quick" in flags)}
    except Exception as error:
        result = {"failed": f"{type(error).__name__}: {error}"}
    print(MARK + json.dumps(result), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
