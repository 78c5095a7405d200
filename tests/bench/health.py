"""How long it takes to score 100,000 customers with 10 million rows of usage and 1 million tickets.

python -m tests.bench.health [customers] [usage rows] [tickets]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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
        "tickets": tickets_of(pick(tickets), dates(tickets), rng),
    }


def tickets_of(customer: pa.Array, created: pa.Array, rng: np.random.Generator) -> pa.Table:
    """Give tickets with all that the measures of support read."""
    size = len(customer)
    at = np.asarray(created.cast(pa.timestamp("s"))).astype("datetime64[s]")
    reply = at + rng.exponential(3600, size).astype("timedelta64[s]")
    solved = reply + rng.exponential(86_400, size).astype("timedelta64[s]")
    still = rng.random(size) < 0.01
    ended = pa.array(np.where(still, np.datetime64("NaT", "s"), solved))
    return pa.table(
        {
            "ticket_id": columns.identifiers("T", np.arange(size), 8),
            "customer_id": customer,
            "created_at": pa.array(at),
            "first_reply_at": pa.array(reply),
            "first_solved_at": ended,
            "solved_at": ended,
            "channel": columns.names(("chat", "email", "phone"), rng.integers(0, 3, size)),
            "tier": columns.names(("1", "2", "3"), rng.integers(0, 3, size)),
            "priority": columns.names(("low", "normal", "urgent"), rng.integers(0, 3, size)),
            "tag": columns.names([f"tag {n}" for n in range(20)], rng.integers(0, 20, size)),
            "team_id": columns.names(("north", "south"), rng.integers(0, 2, size)),
            "touches": pa.array(rng.integers(1, 6, size)),
            "reopens": pa.array((rng.random(size) < 0.05).astype(np.int64)),
            "handle_seconds": pa.array(rng.integers(60, 7200, size).astype(float)),
            "csat": pa.array(rng.integers(1, 6, size).astype(float)),
            "csat_scale": pa.array(np.full(size, 5)),
            "sla_target_seconds": pa.array(np.full(size, 7200.0)),
        }
    )


KPIS = (
    "scorecard",
    "load",
    "times",
    "answered",
    "sla",
    "backlog",
    "reopens",
    "touches",
    "tiers",
    "tank_tickets",
    "mix",
)


def measured(customers: int, usage: int, tickets: int) -> dict[str, float]:
    """Return the processor seconds of reading the files, of the gate, of health and of all measures of support."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables(customers, usage, tickets).items():
            pq.write_table(table, f"{folder}/{name}.parquet")
        start = time.process_time()
        for name in ("subscriptions", "customers", "usage", "tickets"):
            pq.read_table(f"{folder}/{name}.parquet")
        marks = {"reading the files": time.process_time() - start}
        start = time.process_time()
        book = sm.read(folder, as_of="2026-10-31")
        _ = book.engine
        marks["reading, checking, engine"] = time.process_time() - start
    for words, run in (
        ("health of all customers", lambda: sm.success.health(book)),
        ("twelve months of history", lambda: sm.success.health_history(book, last=12)),
        ("measures of support", lambda: [getattr(sm.support, name)(book) for name in KPIS]),
    ):
        start = time.process_time()
        run()
        marks[words] = time.process_time() - start
    return marks


def main(customers: int = 100_000, usage: int = 10_000_000, tickets: int = 1_000_000) -> None:
    """Print processor seconds, and times the seconds of reading the files, as a table of Markdown."""
    found = measured(customers, usage, tickets)
    read = found["reading the files"]
    print("# Customer success and support at scale\n")
    print(
        f"{customers:,} customers, {usage:,} rows of usage, {tickets:,} tickets; processor time, two cores."
    )
    print("Written by `python -m tests.bench.health > docs/benchmarks_success.md`.\n")
    print("| step | seconds | times reading the files |\n|---|---|---|")
    for words, seconds in found.items():
        print(f"| {words} | {seconds:.1f} | {seconds / read:.1f} |")
    whole = sum(found.values()) - read
    print(f"| **all of it** | **{whole:.1f}** | **{whole / read:.1f}** |\n")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"Most memory: {memory:.1f} GB, the making of the tables included. Measures of support: {', '.join(KPIS)}."
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
