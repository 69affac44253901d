"""The Python rows: threading and multiprocessing with the same scenarios, counts and output line as ../probe.mjs.

    python3 probe.py processes|threads SCENARIO [--quick]
"""

import json
import multiprocessing
import sys
import threading
import time

MARK = "heddle-bench:"


def median(samples):
    ordered = sorted(samples)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def alone(lock, count):
    acquire, release = lock.acquire, lock.release
    for _ in range(count):
        acquire()
        release()


def rate(make, quick):
    """As in ../coroutines/measure.mjs: processor time, growing counts, the middle of three."""
    lock = make()

    def seconds_for(count):
        start = time.process_time()
        alone(lock, count)
        return time.process_time() - start

    count = 100
    while seconds_for(count) < (0.05 if quick else 0.15):
        count *= 2
    return median([2 * count / seconds_for(2 * count) for _ in range(1 if quick else 3)])


def uncontended(of, _start_two, quick):
    return {"lock": rate(of.Lock, quick), "rlock": rate(of.RLock, quick), "semaphore": rate(of.Semaphore, quick)}


def take(seconds, lock, start, _is_first, report):
    acquire, release = lock.acquire, lock.release
    start.wait()
    begin = now = time.perf_counter()
    pairs = 0
    while now - begin < seconds:
        for _ in range(200):
            acquire()
            release()
        pairs += 200
        now = time.perf_counter()
    report(pairs, now - begin)


def contended(of, start_two, quick):
    results = []
    for turn in range(-1, 1 if quick else 3):
        reports = start_two(take, 0.1 if turn < 0 else 0.3 if quick else 0.7, of.Lock())
        if turn >= 0:
            results.append(sum(pairs for pairs, _ in reports) / max(seconds for _, seconds in reports))
    return {"blocking": median(results)}


def event_turns(rounds, events, start, is_first, report):
    mine, other = events if is_first else reversed(events)
    start.wait()
    begin = time.perf_counter()
    if is_first:
        other.set()
    for _ in range(rounds):
        mine.wait()
        mine.clear()
        other.set()
    report(rounds, time.perf_counter() - begin)


def condition_turns(rounds, shared, start, is_first, report):
    condition, turn = shared
    start.wait()
    begin = time.perf_counter()
    with condition:
        for _ in range(rounds):
            while turn.is_set() == is_first:
                condition.wait()
            if is_first:
                turn.set()
            else:
                turn.clear()
            condition.notify()
    report(rounds, time.perf_counter() - begin)


def barrier_rounds(rounds, barrier, start, _is_first, report):
    start.wait()
    begin = time.perf_counter()
    for _ in range(rounds):
        barrier.wait()
    report(rounds, time.perf_counter() - begin)


def turns(task, make):
    def measure(of, start_two, quick):
        rounds = 1000 if quick else 4000
        results = []
        for turn in range(-1, 1 if quick else 3):
            number = rounds // 4 if turn < 0 else rounds
            reports = start_two(task, number, make(of))
            if turn >= 0:
                results.append(max(seconds for _, seconds in reports) / number * 1e6)
        return {"blocking": median(results)}

    return measure


SCENARIOS = {
    "uncontended": uncontended,
    "contended": contended,
    "event": turns(event_turns, lambda of: (of.Event(), of.Event())),
    "condition": turns(condition_turns, lambda of: (of.Condition(), of.Event())),
    "barrier": turns(barrier_rounds, lambda of: of.Barrier(2)),
}


def in_processes(task, number, shared):
    start, queue = multiprocessing.Barrier(2), multiprocessing.SimpleQueue()
    workers = [multiprocessing.Process(target=report_to, args=(queue, task, number, shared, start, first)) for first in (True, False)]
    return finish(workers, queue.get)


def report_to(queue, task, number, shared, start, first):
    task(number, shared, start, first, lambda *result: queue.put(result))


def in_threads(task, number, shared):
    start, results = threading.Barrier(2), []
    workers = [
        threading.Thread(target=task, args=(number, shared, start, first, lambda *result: results.append(result)))
        for first in (True, False)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return results


def finish(workers, get):
    for worker in workers:
        worker.start()
    results = [get() for _ in workers]
    for worker in workers:
        worker.join()
    return results


def main():
    kind, scenario, *flags = sys.argv[1:]
    quick = "--quick" in flags
    of, start_two = (multiprocessing, in_processes) if kind == "processes" else (threading, in_threads)
    return {"figures": SCENARIOS[scenario](of, start_two, quick)}


if __name__ == "__main__":
    print(MARK + json.dumps(main()), flush=True)
