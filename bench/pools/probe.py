"""The Python rows: concurrent.futures with the same tasks and counts as the scenarios and the output line of ../probe.mjs.

    python3 probe.py threads|processes SCENARIO [--quick]

Only the scenarios whose figure means the same here: peers/index.mjs names them.
"""

import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait

MARK = "heddle-bench:"
WORKERS = 2  # as in index.mjs


def noop(x):
    return x


def double(x):
    return x * 2


def warm_up(pool, count=500):
    wait([pool.submit(noop, i) for i in range(count)])


def quantile(samples, share):
    ordered = sorted(samples)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def burst(pool, quick):
    count = 10_000
    rates = []
    for _ in range(1 if quick else 3):
        seconds, last = timed(lambda: [f.result() for f in [pool.submit(noop, i) for i in range(count)]][-1])
        assert last == count - 1
        rates.append(count / seconds)
    return {"rate": quantile(rates, 0.5)}


def one(pool, quick):
    trips = [timed(lambda i=i: pool.submit(noop, i).result())[0] * 1e6 for i in range(2000 if quick else 5000)]
    return {"median": quantile(trips, 0.5), "p99": quantile(trips, 0.99)}


def cold(pool, quick):
    figures, done = {}, 0
    for last in (10, 100, 1000):
        seconds, _ = timed(lambda done=done, last=last: [pool.submit(noop, i).result() for i in range(done, last)])
        figures[f"to{last}"] = seconds * 1e6 / (last - done)
        done = last
    return figures


def payload(pool, quick):
    figures = {}
    for key, size, full, limit in (("kib", 1024, 10_000, 64), ("kib64", 64 * 1024, 1600, 16), ("mib", 1024 * 1024, 100, 8)):
        count = full // 4 if quick else full
        sent = bytes(size)

        def echo_all(count=count, limit=limit, sent=sent):
            pending, started = set(), 0
            while started < count or pending:
                while started < count and len(pending) < limit:
                    pending.add(pool.submit(noop, sent))
                    started += 1
                done, pending = wait(pending, return_when="FIRST_COMPLETED")
                assert all(len(f.result()) == len(sent) for f in done)

        seconds, _ = timed(echo_all)
        figures[key] = 2 * size * count / 1e6 / seconds
    return figures


def map_(pool, quick):
    items = 200_000 if quick else 1_000_000
    few = 10_000 if quick else 30_000
    plain, total = timed(lambda: sum(pool.map(double, range(few))))
    assert total == few * (few - 1)
    chunked, total = timed(lambda: sum(pool.map(double, range(items), chunksize=1000)))
    assert total == items * (items - 1)
    return {"plain": few / plain, "chunked": items / chunked, "list": listed(items)}


def listed(items):
    """multiprocessing.Pool.map: it chooses its chunks itself."""
    numbers = list(range(items))
    with multiprocessing.Pool(WORKERS) as pool:
        pool.map(double, numbers[:1000])
        rates = []
        for _ in range(3):
            seconds, results = timed(lambda: pool.map(double, numbers))
            assert sum(results) == items * (items - 1)
            rates.append(items / seconds)
    return quantile(rates, 0.5)


SCENARIOS = {"burst": burst, "one": one, "cold": cold, "payload": payload, "map": map_}


def main():
    kind, scenario, *flags = sys.argv[1:]
    quick = "--quick" in flags
    pool_class = ProcessPoolExecutor if kind == "processes" else ThreadPoolExecutor
    with pool_class(WORKERS) as pool:
        # Both workers have started; what is measured cold begins with the next call.
        warm_up(pool, WORKERS if scenario == "cold" else 500)
        result = {"figures": SCENARIOS[scenario](pool, quick)}
    if scenario == "map":
        result["notes"] = ["plain: chunksize=1, Python's default, timed over fewer items; a list to a list: multiprocessing.Pool.map"]
    return result


if __name__ == "__main__":
    print(MARK + json.dumps(main()), flush=True)
