"""The Python rows: greenlet and gevent with the same scenarios, counts and output line as ../probe.mjs.

    python3 probe.py greenlet|gevent SCENARIO [--quick]
"""

import gc
import json
import resource
import sys
import time

import gevent
from gevent.lock import RLock, Semaphore
from gevent.queue import Queue
from greenlet import greenlet

MARK = "heddle-bench:"
FEW = 10_000  # as in peers/index.mjs
COUNT = 100_000  # what spawn and kill give the time for
AN_HOUR = 3600


def timed(work, clock=time.process_time):
    """In processor time: measure.mjs says why."""
    start = clock()
    result = work()
    return clock() - start, result


def median(samples):
    ordered = sorted(samples)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def rate(work, quick, clock=time.process_time):
    """How many times a second; as in measure.mjs."""

    def seconds_for(count):
        seconds, did = timed(lambda: work(count), clock)
        assert did == count, f"done {did} times of {count}"
        return seconds

    count = 100
    while seconds_for(count) < (0.05 if quick else 0.15):
        count *= 2
    return median([2 * count / seconds_for(2 * count) for _ in range(1 if quick else 3)])


def ping_pong(count):
    done = 0

    def turns(other):
        nonlocal done
        while done < count:
            done += 1
            other().switch()

    ping = greenlet(lambda: turns(lambda: pong))
    pong = greenlet(lambda: turns(lambda: ping))
    ping.switch()
    return done


def from_main(count):
    def loop():
        while True:
            inner.parent.switch()

    inner = greenlet(loop)
    done = 0
    while done < count:
        inner.switch()
        done += 2
    inner.throw()
    return done


def queue_alone(count):
    def body():
        queue = Queue()
        got = 0
        for i in range(count):
            queue.put(i)
            if queue.get() == i:
                got += 1
        return got

    return gevent.spawn(body).get()


def queue_between(bound):
    def work(count):
        queue = Queue(bound)

        def produce():
            for i in range(count):
                queue.put(i)

        def consume():
            got = 0
            for i in range(count):
                if queue.get() == i:
                    got += 1
            return got

        gevent.spawn(produce)
        return gevent.spawn(consume).get()

    return work


def held_often(kind):
    def work(count):
        def body():
            lock = kind()
            for _ in range(count):
                lock.acquire()
                lock.release()
            return count

        return gevent.spawn(body).get()

    return work


def sleep_zero(count):
    done = 0

    def turns():
        nonlocal done
        while done < count:
            done += 1
            gevent.sleep(0)

    gevent.joinall([gevent.spawn(turns), gevent.spawn(turns)])
    return done


def spawn_all(count, waits):
    def one(x):
        if waits:
            gevent.sleep(0)
        return x

    return sum(g.value for g in gevent.joinall([gevent.spawn(one, i) for i in range(count)]))


def sleep_all(count, seconds):
    started = [gevent.spawn(gevent.sleep, seconds) for _ in range(count)]
    gevent.sleep(0)
    return started


def get_all(count):
    queue = Queue()
    started = [gevent.spawn(queue.get) for _ in range(count)]
    gevent.sleep(0)
    return started


def rates(works, quick):
    return {key: rate(work, quick) for key, work in works.items()}


def switch(quick):
    return rates({"pingPong": ping_pong, "fromMain": from_main}, quick)


def queue(quick):
    return rates({"alone": queue_alone, "one": queue_between(1), "hundred": queue_between(100)}, quick)


def sleep0(quick):
    return {"rate": rate(sleep_zero, quick, time.perf_counter), "work": 1e6 / rate(sleep_zero, quick)}


def lock(quick):
    return rates({"semaphore": held_often(Semaphore), "rlock": held_often(RLock)}, quick)


def spawn(quick):
    figures = {}
    for key, waits in (("returns", False), ("waits", True)):
        samples = []
        for turn in range(-1, 1 if quick else 3):
            gc.collect()
            seconds, total = timed(lambda: spawn_all(FEW, waits))
            assert total == FEW * (FEW - 1) // 2
            if turn >= 0:
                samples.append(seconds * 1000 / FEW * COUNT)
        figures[key] = median(samples)
    return figures


def kill(quick):
    figures = {}
    for key, start in (("sleeping", lambda: sleep_all(FEW, AN_HOUR)), ("getting", lambda: get_all(FEW))):
        samples = []
        for turn in range(-1, 1 if quick else 3):
            started = start()
            gc.collect()
            seconds, _ = timed(lambda: gevent.killall(started))
            assert all(g.dead for g in started)
            if turn >= 0:
                samples.append(seconds * 1000 / FEW * COUNT)
        figures[key] = median(samples)
    return figures


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def sleepers(quick):
    nap = 3 if quick else 6
    gc.collect()
    before = resident()
    start, started = timed(lambda: sleep_all(FEW, nap))
    assert len([g for g in started if g.dead]) == 0, "the first woke up before all were started"
    gc.collect()
    figures = {"start": start * 1e6 / FEW, "bytes": (resident() - before) / FEW}
    time.sleep(nap)
    wake, ended = timed(lambda: gevent.joinall(started))
    assert len(ended) == FEW
    figures["wake"] = wake * 1e6 / FEW
    started = sleep_all(FEW, AN_HOUR)
    seconds, _ = timed(lambda: gevent.killall(started))
    assert all(g.dead for g in started)
    figures["kill"] = seconds * 1e6 / FEW
    return figures


SCENARIOS = {"switch": switch, "spawn": spawn, "queue": queue, "sleep0": sleep0, "lock": lock, "kill": kill, "sleepers": sleepers}
IN_PART = ["spawn", "kill", "sleepers"]


def main():
    _, scenario, *flags = sys.argv[1:]
    quick = "--quick" in flags
    result = {"figures": SCENARIOS[scenario](quick)}
    if scenario in IN_PART:
        result["notes"] = [f"timed over {FEW:,}"]
    return result


if __name__ == "__main__":
    print(MARK + json.dumps(main()), flush=True)
