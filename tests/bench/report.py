"""The benchmark's report: the machine, the versions, every way, and every figure with what it should be."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

Measured = dict[str, list[dict[str, Any]]]

WORDS = {
    "reading": "reading the six columns, once",
    "engine": "the whole job, local engine",
    "texts": "the same where customer ids are text",
    "book": "the same through `Book`, its quality gate apart",
    "gate": "the quality gate by itself, which stands before every number",
    "definitions": "NRR under four policies, and why two of them differ",
    "review": "a whole review, and three rates of 20 segments with their intervals",
    "page": "the same, and its page written with every chart in two themes",
    "duckdb_events": "DuckDB, SQL on changes",
    "pandas_events": "pandas, vectorized on changes",
    "polars": "Polars, on changes",
    "duckdb_playbook": "DuckDB, the way of dbt's MRR playbook",
    "duckdb_dates": "DuckDB, the way of Fight Churn with Data",
    "pandas_wide": "pandas, a table of customers and months",
    "pandas_tutorial": "pandas, the tutorial way",
}
APART = {"gate": "book"}  # timed in the runs of another way
LIBRARIES = ("numpy", "pyarrow", "pandas", "duckdb", "polars")
PEERS = {
    "pandas_tutorial": ("pandas tutorial", 50.0),
    "duckdb_playbook": ("MRR playbook", 16.0),
    "duckdb_dates": ("Fight Churn with Data", 40.0),
    "pandas_events": ("pandas on changes", 4.0),
    "duckdb_events": ("DuckDB on changes", 3.0),
    "polars": ("Polars", 2.2),
}
SAME = 1e-9  # floats of pandas add up in another order
INTRODUCTION = """\
# Benchmarks

Written by `python -m tests.bench --write docs/benchmarks.md`; run it to have the figures of your own machine.

The job: one Parquet file of subscriptions -> MRR movements of every month by segment -> NRR, GRR, customer churn and
quick ratio of every month over a window of twelve -> triangles of customers, net and gross MRR by cohort -> lifetimes
by segment. The data is made up (`tests/bench/data.py`): five years, four segments, 43 % of the lines still running,
gaps, add-ons that overlap, text columns as an export has them, rows in no order, amounts in one currency.

Two rows are another job: a whole review (`sm.board.review`), and NRR, GRR and logo churn by a column of 20 values, with
the intervals of 1,000 resamples; with reading, without the gate. Its charts are drawn when its page is written
(`to_html`), and cost the same at any size.

Another is NRR of every month under four policies (`sm.definitions.compare`), and what each choice and each
customer adds to the difference of the first two (`sm.definitions.explain`), without reading and without the gate.

The peers are written afresh from what is published about them (`tests/bench/duckdb_playbook.py`, `duckdb_dates.py`,
`event_ways.py`, `pandas_tutorial.py`), and all give the same numbers.

Every run is a process of its own and the ways take turns. Seconds are processor time of user and system, the median
of the runs; memory is the peak above an interpreter that has imported its libraries.
"""


def seconds(found: Measured, way: str, of: Callable[..., float] = median) -> float:
    """Return the processor seconds of a way: the median of its runs, or another number of them."""
    if way == "gate":
        return of(run["apart"]["gate"] for run in found["book"])
    return of(run["seconds"] for run in found[way])


def memory(found: Measured, way: str) -> float:
    """Return the median peak memory of a way, in bytes."""
    return median(run["memory"] for run in found[way])


def differences(found: Measured) -> list[str]:
    """Return where the digest of a way is not that of the engine."""
    ours = found["engine"][0]["digest"]
    return [
        f"{way}: {name} is {value!r}, not {ours[name]!r}"
        for way in found
        if way in WORDS and way != "reading"
        for run in found[way]
        for name, value in run["digest"].items()
        if not abs(value - ours[name]) <= SAME * abs(ours[name])
    ]


def figures(found: Measured) -> list[tuple[str, float, str, float, bool]]:
    """Return each figure: what, how much, its unit, the limit, and whether more is better."""
    job, size = seconds(found, "engine"), found["reading"][0]["digest"]["bytes"]
    out = [("job over reading", job / seconds(found, "reading"), "x", 10.0, False)]
    out += [
        (f"{words} over job", seconds(found, way) / job, "x", limit, True)
        for way, (words, limit) in PEERS.items()
        if way in found
    ]
    out += [
        ("peak memory over the columns", memory(found, "engine") / size, "x", 6.0, False),
        *(
            (words, seconds(found, way) / job, "x", 3.0, False)
            for way, words in (
                ("review", "review over job"),
                ("page", "review with its page over job"),
            )
            if way in found
        ),
        ("job with ids that are text over job", seconds(found, "texts") / job, "x", 1.15, False),
        ("quality gate over job", seconds(found, "gate") / job, "x", 1.0, False),
        ("compare and explain over one NRR", _over_nrr(found, median), "x", 20.0, False),
        (
            "`import saasmetrics` over bare Python",
            1000 * (seconds(found, "import") - seconds(found, "python")),
            " ms",
            60.0,
            False,
        ),
    ]
    return out


def ratios(found: Measured) -> dict[str, float]:
    """Return the ratios that are watched, all better when smaller, and how many digests differ.

    They are of the quickest runs: at a small size the medians of a few are too rough to stop a build for.
    """
    job = seconds(found, "engine", min)
    return {
        "job_over_reading": job / seconds(found, "reading", min),
        "job_over_pandas_wide": job / seconds(found, "pandas_wide", min),
        "book_over_job": seconds(found, "book", min) / job,
        "texts_over_job": seconds(found, "texts", min) / job,
        "gate_over_job": seconds(found, "gate", min) / job,
        "definitions_over_nrr": _over_nrr(found, min),
        "review_over_job": seconds(found, "review", min) / job,
        "memory_over_pandas_wide": memory(found, "engine") / memory(found, "pandas_wide"),
        "different": len(differences(found)),
    }


def _over_nrr(found: Measured, of: Callable[..., float]) -> float:
    """Return what comparing and explaining cost over one plain NRR in the same process."""
    return of(run["seconds"] / run["apart"]["nrr"] for run in found["definitions"])


def machine() -> str:
    """Return the machine, the system and the versions in one sentence."""
    info, name = Path("/proc/cpuinfo"), platform.processor() or platform.machine()
    if info.exists():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0].split(":", 1)[1].strip() if models else name
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{name}, {os.cpu_count()} cores, {pages:.0f} GB; {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}."
    )


def text(found: Measured, rows: int) -> str:
    """Return the report as Markdown."""
    size = found["reading"][0]["digest"]["bytes"]
    base = seconds(found, "reading")
    lines = [
        INTRODUCTION,
        f"{machine()} {rows:,} subscriptions, {size / 1e6:.1f} MB in Arrow.",
        "",
    ]
    lines += ["| way | runs | seconds | over reading | memory, MB | over the columns |"]
    lines += ["|---|---|---|---|---|---|"]
    for way, words in WORDS.items():
        measured_by = APART.get(way, way)
        if measured_by not in found:
            continue
        spent, runs = seconds(found, way), len(found[measured_by])
        row = f"| {words} | {runs} | {spent:.2f} | {spent / base:.1f} x |"
        if way in APART:
            lines.append(f"{row} | |")
        else:
            peak = memory(found, way)
            lines.append(f"{row} {peak / 1e6:.0f} | {peak / size:.1f} x |")
    lines += ["", "| figure | here | to reach | |", "|---|---|---|---|"]
    for what, value, unit, limit, more in figures(found):
        good = value >= limit if more else value <= limit
        sign = "at least" if more else "at most"
        lines.append(
            f"| {what} | {value:.{2 if limit < 2 else 1}f}{unit} | {sign} {limit:g}{unit} | {'yes' if good else 'no'} |"
        )
    wrong = differences(found)
    lines += ["", *(wrong or ["All ways give the same numbers (one digest)."]), ""]
    return "\n".join(lines)
