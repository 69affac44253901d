"""The Python rows: concurrent.futures with the same tasks and counts as the scenarios and the output line of ../probe.mjs.

    python3 probe.py threads|processes SCENARIO [--quick]

Only the scenarios whose figure means the same here: peers/index.mjs names them.
"""

import json
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


def payload(pool, quick):
    figures = {}
    for key, size, full, limit in (("kib", 1024, 10_000, 64), ("mib", 1024 * 1024, 100, 8)):
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
    return {"plain": few / plain, "chunked": items / chunked}


SCENARIOS = {"burst": burst, "one": one, "payload": payload, "map": map_}


def main():
    kind, scenario, *flags = sys.argv[1:]
    quick = "--quick" in flags
    pool_class = ProcessPoolExecutor if kind == "processes" else ThreadPoolExecutor
    with pool_class(WORKERS) as pool:
        warm_up(pool)
        result = {"figures": SCENARIOS[scenario](pool, quick)}
    if scenario == "map":
        result["notes"] = ["plain: chunksize=1, Python's default, timed over fewer items"]
    return result


if __name__ == "__main__":
    print(MARK + json.dumps(main()), flush=True)
