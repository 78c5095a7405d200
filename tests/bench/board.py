"""What a board pack costs: `python -m tests.bench.board > docs/benchmarks_board.md`, two minutes.

Every size is a process of its own, and what counts is processor time of it and of the processes that it started: a busy
machine slows all alike.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from saasmetrics.sample import columns
from tests.bench import data
from tests.bench.health import tickets_of
from tests.bench.report import machine

ROOT = Path(__file__).parents[2]
SIZES = (10_000, 100_000, 1_000_000)
FORMATS = ("html", "pdf", "pptx", "xlsx")
COMPUTING, DAY = "computing the pack", np.datetime64("2025-12-31")
WORDS = {"book": "tables to the book, apart", "json": "saving it as JSON"}
INTRODUCTION = """\
# Benchmarks of the board pack

Written by `python -m tests.bench.board > docs/benchmarks_board.md`; run it to have the figures of your own machine.

From the tables of a made-up company to its board pack in four formats, every page but the asks. A company of a million
subscriptions has 660 thousand customers with names, a ticket for every fifth of its subscriptions, an answer to a
survey for every tenth, three rows of usage for each, and months of spend, finance, targets and people
(`tests/bench/board.py`).
Seconds are processor time of user and system, and in parentheses the time on the clock, which is longer where others
use the machine; memory is the most that the process held, tables included.
"""


def company(rows: int, seed: int = 7) -> dict[str, pa.Table]:
    """Return the tables of a company of so many subscriptions, as it has them at its size."""
    rng = np.random.default_rng(seed)
    subscriptions = data.subscriptions(rows, seed, text_ids=True)
    ids = subscriptions["customer_id"].combine_chunks().unique()

    def pick(count: int) -> pa.Array:
        return ids.take(pa.array(rng.integers(0, len(ids), count)))

    def dates(count: int, days: int) -> pa.Array:
        return columns.dates(DAY - rng.integers(0, days, count))

    regions = columns.names(("Americas", "EMEA", "APAC"), rng.integers(0, 3, len(ids)))
    return {
        "subscriptions": subscriptions,
        "customers": pa.table(
            {
                "customer_id": ids,
                "name": columns.identifiers("Customer ", np.arange(len(ids)), 6),
                "region": regions,
                "csm_id": columns.identifiers("csm-", rng.integers(0, 50, len(ids)), 2),
            }
        ),
        "tickets": tickets_of(pick(rows // 5), dates(rows // 5, 900), rng),
        "surveys": pa.table(
            {
                "customer_id": pick(rows // 10),
                "at": dates(rows // 10, 900),
                "instrument": pa.array(["nps"] * (rows // 10)),
                "score": pa.array(rng.integers(3, 11, rows // 10)),
            }
        ),
        "usage": pa.table(
            {
                "customer_id": pick(3 * rows),
                "date": dates(3 * rows, 180),
                "feature": columns.names(("reports", "alerts"), rng.integers(0, 2, 3 * rows)),
                "events": pa.array(rng.integers(1, 50, 3 * rows)),
            }
        ),
        **_by_month(rows),
    }


def _by_month(rows: int) -> dict[str, pa.Table]:
    """Return what a company knows of itself by month, in proportion to its size."""
    months = [f"{year}-{month:02d}" for year in range(2021, 2026) for month in range(1, 13)]
    grown = np.arange(1, len(months) + 1) ** 2.0 * rows / 60
    kinds = [("sales", segment, 0.3) for segment in data.SEGMENTS]
    kinds += [("cs", None, 0.2), ("support", None, 0.1), ("cogs", None, 0.9)]
    spend = {
        "month": pa.array([month for month in months for _ in kinds]),
        "function": pa.array([function for _ in months for function, _, _ in kinds]),
        "segment": pa.array([segment for _ in months for _, segment, _ in kinds]),
        "amount": pa.array(np.outer(grown, [share for _, _, share in kinds]).reshape(-1)),
    }
    finance = {
        "month": pa.array(months),
        "revenue": pa.array(grown * 4.5),
        "cogs": pa.array(grown * 0.9),
        "net_burn": pa.array(grown * 0.4),
        "free_cash_flow": pa.array(grown * -0.4),
        "ebitda": pa.array(grown * -0.5),
        "cash": pa.array(700 * rows - np.cumsum(grown) * 0.4),
        "headcount": pa.array(np.ceil(grown / 2000)),
        "sales_and_marketing": pa.array(grown * 1.2),
    }
    quarters = [f"{year}-Q{quarter}" for year in range(2024, 2026) for quarter in range(1, 5)]
    plans = {
        "arr": np.linspace(1300, 3300, 8) * rows,
        "nrr": np.full(8, 0.85),
        "grr": np.full(8, 0.75),
    }
    targets = {
        "metric": pa.array([name for name in plans for _ in quarters]),
        "period": pa.array([quarter for _ in plans for quarter in quarters]),
        "value": pa.array(np.concatenate([*plans.values()])),
    }
    many = max(6, rows // 5000)
    people = {
        "person_id": columns.identifiers("person-", np.arange(many), 3),
        "role": columns.names(("csm", "agent"), np.arange(many) % 2),
        "start": pa.array(["2023-01-01"] * many),
        "cost_month": pa.array([9000.0] * many),
    }
    tables = {"spend": spend, "finance": finance, "targets": targets, "people": people}
    return {name: pa.table(table) for name, table in tables.items()}


def cpu() -> float:
    """Return the processor seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measured(
    rows: int, pages: tuple[str, ...] = (), formats: tuple[str, ...] = FORMATS
) -> dict[str, Any]:
    """Return the seconds of each step, of the processor and of the clock; the sizes of the files; and memory."""
    import saasmetrics as sm

    tables, steps, sizes = company(rows), {}, {}

    def step(name: str, run: Callable[[], Any]) -> Any:
        before, clock = cpu(), time.perf_counter()
        made = run()
        steps[name] = (cpu() - before, time.perf_counter() - clock)
        return made

    book = step("book", lambda: sm.Book(**tables, as_of=str(DAY), currency="USD"))
    asked = (
        {"company": "Example Ltd", "pages": list(pages)} if pages else {"company": "Example Ltd"}
    )
    pack = step(COMPUTING, lambda: sm.board.pack(book, settings=asked))
    with tempfile.TemporaryDirectory() as folder:
        for form in formats:
            write = partial(getattr(pack, f"to_{form}"), f"{folder}/pack.{form}")
            sizes[form] = step(form, write).stat().st_size
        sizes["json"] = step("json", lambda: pack.save(f"{folder}/pack.json")).stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"steps": steps, "sizes": sizes, "memory": memory / 2**20, "pages": len(pack.pages)}


def whole(found: dict[str, Any]) -> float:
    """Return the processor seconds from the book to the four files."""
    return sum(found["steps"][name][0] for name in (COMPUTING, *FORMATS))


def fresh(rows: int) -> dict[str, Any]:
    """Measure a size in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.board", str(rows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def text(found: dict[int, dict[str, Any]]) -> str:
    """Return the report as Markdown."""
    busy = f"{os.getloadavg()[0]:.0f} processes were waiting for them or running at the end."
    lines = [INTRODUCTION, f"{machine()} {busy}", ""]
    lines += ["| step | " + " | ".join(f"{rows:,} subscriptions" for rows in found) + " |"]
    lines += ["|---" * (len(found) + 1) + "|"]
    for name in ("book", COMPUTING, *FORMATS, "json"):
        cells = []
        for run in found.values():
            spent, clock = run["steps"][name]
            size = f", {run['sizes'][name] / 1e6:.1f} MB" if name in run["sizes"] else ""
            cells.append(f"{spent:.1f} s ({clock:.1f}){size}")
        words = WORDS.get(name, f"writing {name.upper()}" if name in FORMATS else name)
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    sums = [f"**{whole(run):.1f} s**" for run in found.values()]
    lines.append("| **from the book to four files** | " + " | ".join(sums) + " |")
    most = [f"{run['memory']:.1f} GB" for run in found.values()]
    lines.append("| memory | " + " | ".join(most) + " |")
    spent = whole(found[max(found)])
    drawn = spent - found[max(found)]["steps"][COMPUTING][0]
    lines += [
        "",
        "| figure at the largest size | here | to reach | |",
        "|---|---|---|---|",
        f"| from the book to four files | {spent:.0f} s | at most 60 s | {_yes(spent <= 60)} |",
        f"| of it writing files | {drawn / spent:.0%} | less than half | {_yes(drawn < spent / 2)} |",
    ]
    return "\n".join(lines)


def _yes(reached: bool) -> str:
    return "yes" if reached else "no"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(int(sys.argv[1]))))
    else:
        print(text({rows: fresh(rows) for rows in SIZES}))
