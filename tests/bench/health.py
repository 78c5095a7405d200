"""How long it takes to score 100,000 customers with 10 million rows of usage and 1 million tickets.

python -m tests.bench.health [customers] [usage rows] [tickets]
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pyarrow as pa

import saasmetrics as sm
from saasmetrics.sample import columns


def tables(customers: int, usage: int, tickets: int, seed: int = 7) -> dict[str, pa.Table]:
    """Give a company whose tables are made of random rows of one year."""
    rng = np.random.default_rng(seed)
    ids = columns.identifiers("C", np.arange(customers), 7)
    last = np.datetime64("2026-10-31", "D")

    def pick(count: int) -> pa.Array:
        return ids.take(pa.array(rng.integers(0, customers, count)))

    def dates(count: int, days: int = 365) -> pa.Array:
        return columns.dates(last - rng.integers(0, days, count))

    used = np.sort(rng.integers(0, 365, usage))[::-1]
    features = [f"feature {n}" for n in range(12)]
    return {
        "subscriptions": pa.table(
            {
                "subscription_id": ids,
                "customer_id": ids,
                "start": dates(customers, 1500),
                "amount": pa.array(rng.integers(50, 5000, customers).astype(float)),
                "interval": pa.array(["month"] * customers),
            }
        ),
        "customers": pa.table(
            {
                "customer_id": ids,
                "segment": columns.names(
                    ("SMB", "Mid", "Enterprise"), rng.integers(0, 3, customers)
                ),
            }
        ),
        "usage": pa.table(
            {
                "customer_id": pick(usage),
                "date": columns.dates(last - used),
                "feature": columns.names(features, rng.integers(0, 12, usage)),
                "events": pa.array(rng.integers(1, 50, usage)),
            }
        ),
        "tickets": pa.table(
            {
                "ticket_id": columns.identifiers("T", np.arange(tickets), 8),
                "customer_id": pick(tickets),
                "created_at": dates(tickets),
                "handle_seconds": pa.array(rng.integers(60, 7200, tickets).astype(float)),
            }
        ),
    }


def main(customers: int = 100_000, usage: int = 10_000_000, tickets: int = 1_000_000) -> None:
    """Print the seconds of each step and the most memory used."""
    made = tables(customers, usage, tickets)
    start = time.perf_counter()
    book = sm.Book(as_of="2026-10-31", **made)
    _ = book.engine
    read = time.perf_counter()
    found = sm.success.health(book)
    scored = time.perf_counter()
    print(f"tables checked {read - start:.1f} s, {len(found.df):,} scored {scored - read:.1f} s")
    sm.success.health_history(book, last=12)
    past = time.perf_counter()
    print(f"twelve months of history {past - scored:.1f} s")
    sm.success.alerts(book, ["usage_drop", "silence", "ticket_burst"])
    print(f"alerts of three rules {time.perf_counter() - past:.1f} s")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
