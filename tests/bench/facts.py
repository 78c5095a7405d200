"""Fact tables of customer-months larger than memory: `python -m tests.bench.facts --write docs/benchmarks_facts.md`.

Each size is a made-up Parquet file of its own, each run a fresh process, and reading the three columns takes turns with
what the library does. 100 million rows need 1 GB of disk and some minutes.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bench.report import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SIZES = (10_000_000, 100_000_000)
MONTHS = 60
FIRST = np.datetime64("2021-01")
EACH = 50  # months of a customer, about
LIMITS = {"ratio": 3.0, "memory": 300.0}
COLUMNS = ["customer_id", "month", "mrr"]
NEEDED = (
    *("pandas", "pyarrow.compute", "tqdm.auto", "saasmetrics.book", "saasmetrics.importers.raw"),
    *("saasmetrics.tables.read", "saasmetrics.tables.facts.reading", "saasmetrics.tables.gate"),
    *("saasmetrics.quality", "saasmetrics.engine.local"),
)  # what is measured is the work, not the loading of libraries
INTRODUCTION = """\
# Fact tables of customer-months

Written by `python -m tests.bench.facts --write docs/benchmarks_facts.md`. A Parquet file of customer, month and MRR in
the order of months: {share:.0%} of the customers are there from the first of 60 months on, and one in {each} changes
its price in a month. Processor seconds, medians of {runs} runs that take turns; memory is the peak above an interpreter
that has imported its libraries.
"""
ROWS = {
    "columns": "reading the three columns once, s",
    "read": "`sm.read`, s",
    "gate": "the quality gate, s",
    "job": "movements, NRR pairs, triangle, s",
    "columns_memory": "memory: reading the columns, part by part, MB",
    "read_memory": "memory: `sm.read`, MB",
    "job_memory": "memory: all of it, MB",
    "runs": "runs of months that are kept",
}
_CHANGE, _THERE = 50, 0.75


def parts(rows: int, *, text: bool = False, seed: int = 7) -> Iterator[pa.Table]:
    """Yield the customer-months of a made-up company, a month at a time."""
    rng = np.random.default_rng(seed)
    many = rows // EACH
    start = np.where(rng.random(many) < _THERE, 0, rng.integers(0, MONTHS, many))
    left = start + rng.geometric(1 / 400, many)
    ids = rng.permutation(many) + 1
    price = np.round(rng.lognormal(4.0, 1.0, many), 2)
    for month in range(MONTHS):
        on = np.flatnonzero((start <= month) & (month < left))
        changed = on[rng.random(len(on)) < 1 / _CHANGE]
        price[changed] = np.round(price[changed] * rng.choice([0.9, 1.1, 1.25], len(changed)), 2)
        day = (FIRST + month).astype("datetime64[D]").astype(np.int32)
        days = pa.array(np.full(len(on), day)).cast(pa.date32())
        who = pa.array(ids[on])
        who = pa.array([f"cus_{each:010}" for each in ids[on]]) if text else who
        yield pa.table([who, days, price[on]], COLUMNS)


def write(folder: Path, rows: int, *, text: bool = False) -> Path:
    """Write the file of a size into a folder of its own, where it is not there yet."""
    file = folder / f"facts-{rows}" / "mrr.parquet"
    if not file.exists():
        file.parent.mkdir(parents=True)
        tables = parts(rows, text=text)
        first = next(tables)
        with pq.ParquetWriter(file, first.schema) as out:
            out.write_table(first)
            for each in tables:
                out.write_table(each)
    return file


def columns(file: str) -> int:
    """Read the three columns once, part by part, and return how many rows there are."""
    parquet = pq.ParquetFile(file, pre_buffer=False)
    batches = parquet.iter_batches(1 << 18, columns=COLUMNS, use_threads=False)
    return sum(batch.num_rows for batch in batches)


def job(file: str, least: int | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the steps of a book read in parts, each with what it made."""
    import saasmetrics as sm
    from saasmetrics.tables.facts import parts as how

    how.LEAST = how.LEAST if least is None else least
    book = sm.read(Path(file).parent)
    yield "read", len(book.tables["mrr"].data)
    yield "gate", len(book.checks.under(book.policy))
    yield "job", [len(book.movements()), len(book.pairs(12)), len(book.triangle())]


def steps(file: str, what: str) -> dict[str, float]:
    """Return the processor seconds of each step, and the peak memory after it above what it began with."""
    for name in NEEDED:
        importlib.import_module(name)
    taken: dict[str, float] = {}
    memory, before = _peak(), time.process_time()
    made = iter([("columns", columns(file))]) if what == "columns" else job(file, 0)
    for name, value in made:
        now = time.process_time()
        taken |= {name: now - before, f"{name}_memory": _peak() - memory}
        taken |= {"runs": float(value)} if name == "read" else {}
        before = time.process_time()
    return taken


def _peak() -> float:
    """Return the largest memory so far, in MB."""
    said = Path("/proc/self/status").read_text(encoding="ascii")
    return int(said.split("VmHWM:")[1].split()[0]) / 1e3


def measure(sizes: list[int], runs: int, folder: Path) -> dict[int, dict[str, float]]:
    """Return the medians of every step for every size."""
    found: dict[int, dict[str, float]] = {}
    for size in sizes:
        file = write(folder, size)
        each: list[dict[str, float]] = []
        for _ in range(runs):
            each.append({})
            for what in ("columns", "book"):
                each[-1] |= json.loads(_python("--steps", str(file), "--what", what))
        found[size] = {name: median(run[name] for run in each) for name in each[0]}
        print(f"{size:,}: {found[size]}", file=sys.stderr)
    return found


def _python(*arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench.facts", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def text_of(found: dict[int, dict[str, float]], runs: int) -> str:
    """Return the page as Markdown."""
    out = [
        INTRODUCTION.format(runs=runs, each=_CHANGE, share=_THERE),
        machine(),
        "",
        "| step | " + " | ".join(f"{size:,} rows" for size in found) + " |",
        "|---|" + "---|" * len(found),
    ]
    for name, words in ROWS.items():
        digits = 0 if name == "runs" or name.endswith("memory") else 2
        out.append(
            f"| {words} | " + " | ".join(f"{f[name]:,.{digits}f}" for f in found.values()) + " |"
        )
    read = {size: f["read"] / f["columns"] for size, f in found.items()}
    whole = {size: (f["read"] + f["job"]) / f["columns"] for size, f in found.items()}
    for words, ratios in (("`sm.read`", read), ("the job, its gate apart,", whole)):
        cells = " | ".join(f"{ratio:.2f} x" for ratio in ratios.values())
        out.append(f"| {words} over reading the columns | {cells} |")
    most = max(whole)
    memory = found[most]["job_memory"]
    good = "reached" if whole[most] <= LIMITS["ratio"] else "not reached"
    held = "reached" if memory <= LIMITS["memory"] else "not reached"
    wanted = (
        f"Wanted of the job at {most:,} rows: at most {LIMITS['ratio']:g} x reading ({good}, {whole[most]:.2f} x), at "
        f"most {LIMITS['memory']:g} MB ({held}, {memory:.0f} MB)."
    )
    out += ["", wanted, ""]
    return "\n".join(out)


def main() -> None:
    """Read the options, measure, and print or write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.facts", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the made-up files here")
    parser.add_argument("--write", type=Path, help="write the page to this file as well")
    parser.add_argument("--steps", help="measure one file, and print JSON")
    parser.add_argument("--what", choices=("columns", "book"), default="book")
    options = parser.parse_args()
    if options.steps:
        print(json.dumps(steps(options.steps, options.what)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(options.sizes, options.runs, options.folder or Path(scratch))
    page = text_of(found, options.runs)
    print(page)
    if options.write:
        options.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
