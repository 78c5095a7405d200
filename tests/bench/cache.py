"""What a cache saves: `python -m tests.bench.cache --write docs/benchmarks_cache.md`, two minutes.

A cube of 36 monthly files, and a file of subscriptions. Each step is a process of its own that has imported the library
before it is measured; what counts are the ratios of processor time in one run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from tests.bench.report import machine

ROOT = Path(__file__).parents[2]
CUSTOMERS, MONTHS, SUBSCRIPTIONS = 50_000, 36, 1_000_000
LIMIT = 0.25
STEPS = {
    "without": "without a cache",
    "first": "the first time, which keeps what it makes",
    "again": "the second time",
    "month": "after a month was added",
    "fresh": "all months without a cache",
}
INTRODUCTION = """\
# What a cache saves

Written by `python -m tests.bench.cache --write docs/benchmarks_cache.md`; run it to have the figures of your machine.

`sm.read(folder, cache=...)` and NRR over twelve months, the quality gate included. The data are made up: a cube of
{months} monthly CSV files of about {customers:,} customers each, and one Parquet file of {subscriptions:,}
subscriptions. Processor seconds of user and system, medians of {runs} runs, each in a process that has imported the
library; the checksums of all files are in them.
"""


def panel(folder: Path, customers: int, months: int) -> list[Path]:
    """Write the monthly files of a made-up cube, and return them."""
    import pyarrow as pa
    from pyarrow import csv

    rng = np.random.default_rng(7)
    every = 3 * customers
    born = rng.integers(-40, months, every)
    until = born + rng.geometric(1 / 30, every)
    paid = rng.integers(20, 900, every)
    files = []
    for month in range(months):
        live = np.flatnonzero((born <= month) & (month < until))[: customers * 2]
        paid[live[rng.random(len(live)) < 0.03]] += 10
        name = str(np.datetime64("2023-01") + month)
        ids = [f"cus_{number:07d}" for number in live]
        rows = {"customer_id": ids, "month": [name] * len(live), "mrr": paid[live].astype(float)}
        files.append(folder / f"mrr-{name}.csv")
        csv.write_csv(pa.table(rows), files[-1])
    return files


def seconds(folder: Path, cache: Path | None) -> float:
    """Return the processor time of reading a folder and of its NRR."""
    import saasmetrics as sm

    for name in ("pandas", "pyarrow.csv", "pyarrow.parquet", "saasmetrics.metrics.all"):
        importlib.import_module(name)
    for name in ("importers.folder", "engine.kept", "checks.replay", "cache.shelf"):
        importlib.import_module(f"saasmetrics.{name}")
    begin = time.process_time()
    sm.retention.nrr(sm.read(folder, cache=cache))
    return time.process_time() - begin


def _apart(folder: Path, cache: Path | None) -> float:
    """Measure in a process of its own."""
    words = ["--folder", str(folder), *([] if cache is None else ["--cache", str(cache)])]
    command = [sys.executable, "-m", "tests.bench.cache", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


def of_months(
    place: Path, files: list[Path], measured: Callable[[Path, Path | None], float] = _apart
) -> dict[str, float]:
    """Return the seconds of every step on a cube whose last month comes later."""
    folder, cache = place / "exports", place / "kept"
    for path in (folder, cache):
        shutil.rmtree(path, ignore_errors=True)
    folder.mkdir()
    for file in files[:-1]:
        shutil.copy(file, folder)
    found = {"without": measured(folder, None)}
    found |= {"first": measured(folder, cache), "again": measured(folder, cache)}
    shutil.copy(files[-1], folder)
    return {**found, "month": measured(folder, cache), "fresh": measured(folder, None)}


def of_subscriptions(place: Path, rows: int) -> dict[str, float]:
    """Return the seconds of the steps on a file of subscriptions."""
    import pyarrow.parquet as pq

    from tests.bench.data import subscriptions

    folder, cache = place / "subscriptions", place / "kept"
    shutil.rmtree(cache, ignore_errors=True)
    if not folder.exists():
        folder.mkdir()
        pq.write_table(subscriptions(rows), folder / "subscriptions.parquet")
    found = {"without": _apart(folder, None)}
    return {**found, "first": _apart(folder, cache), "again": _apart(folder, cache)}


def text(cube: list[dict[str, float]], lines: list[dict[str, float]], sizes: list[int]) -> str:
    """Return the page as Markdown."""

    def of(runs: list[dict[str, float]], step: str) -> str:
        return f"{median(run[step] for run in runs):.2f}" if step in runs[0] else ""

    def ratio(runs: list[dict[str, float]], step: str, over: str) -> float:
        return median(run[step] / run[over] for run in runs)

    customers, months, rows = sizes
    out = [
        INTRODUCTION.format(customers=customers, months=months, subscriptions=rows, runs=len(cube)),
        machine(),
        "",
        "| seconds | monthly files | subscriptions |",
        "|---|---|---|",
        *(f"| {words} | {of(cube, step)} | {of(lines, step)} |" for step, words in STEPS.items()),
        "",
        "| ratio | here | to reach | |",
        "|---|---|---|---|",
    ]
    for words, value in (
        ("the second time over the first, monthly files", ratio(cube, "again", "first")),
        ("the second time over without, monthly files", ratio(cube, "again", "without")),
        ("a new month over all months without a cache", ratio(cube, "month", "fresh")),
        ("the second time over the first, subscriptions", ratio(lines, "again", "first")),
        ("the second time over without, subscriptions", ratio(lines, "again", "without")),
    ):
        verdict = "yes" if value <= LIMIT else "no"
        out.append(f"| {words} | {value:.0%} | at most {LIMIT:.0%} | {verdict} |")
    cost = ratio(cube, "first", "without") - 1
    out += ["", f"Keeping what was made adds {cost:.0%} to the first time.", ""]
    return "\n".join(out)


def main() -> None:
    """Read the options, measure, and print or write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cache", description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", type=Path, help="write the page to this file as well")
    parser.add_argument("--json", action="store_true", help="print the seconds as JSON")
    parser.add_argument("--folder", type=Path, help="measure one reading, and print its seconds")
    parser.add_argument("--cache", type=Path, help="the cache of that reading")
    options = parser.parse_args()
    if options.folder:
        print(seconds(options.folder, options.cache))
        return
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "months").mkdir()
        files = panel(place / "months", options.customers, options.months + 1)
        cube = [of_months(place, files) for _ in range(options.runs)]
        lines = [of_subscriptions(place, options.subscriptions) for _ in range(options.runs)]
    if options.json:
        print(json.dumps({"months": cube, "subscriptions": lines}))
        return
    page = text(cube, lines, [options.customers, options.months, options.subscriptions])
    print(page)
    if options.write:
        options.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
