"""How cost grows with rows: `python -m tests.bench.growth --write docs/benchmarks_growth.md`, some minutes.

Each size is a made-up file of its own, each run a fresh process, the sizes take turns. The exponent is the slope of
the logarithm of seconds over that of rows, by least squares: 1 is proportional, 2 quadratic.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tests.bench.data import AS_OF
from tests.bench.report import machine

ROOT = Path(__file__).parents[2]
SIZES = (100_000, 1_000_000, 10_000_000)
LIMIT = 1.1
STEPS = {
    "read": "reading the six columns",
    "spans": "lines to MRR per month",
    "ledger": "sorting and summing the changes",
    "movements": "movements by segment",
    "pairs": "pairs over twelve months",
    "triangle": "triangles by cohort",
    "lifetimes": "lifetimes by segment",
    "terms": "terms that end, and what became of them",
    "job": "the whole job",
}
INTRODUCTION = """\
# How cost grows with rows

Written by `python -m tests.bench.growth --write docs/benchmarks_growth.md`. Processor seconds, medians of {runs} runs
that take turns; memory is the peak above an interpreter that has imported its libraries. The data is that of
[the other benchmarks](benchmarks.md).
"""
Runs = dict[int, list[dict[str, float]]]


def steps(path: str) -> dict[str, float]:
    """Return the processor seconds of each step on one file, and the peak memory above what it began with."""
    import time

    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table
    from tests.bench.ways import read

    for name in ("pandas", "pyarrow.compute", "pyarrow.parquet"):
        importlib.import_module(name)
    taken: dict[str, float] = {}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def lap(name: str, work: Any) -> Any:
        before = time.process_time()
        made = work()
        taken[name] = time.process_time() - before
        return made

    table = lap("read", lambda: read(path))
    given = {"subscriptions": Table("subscriptions", table, {}, ())}
    engine = LocalEngine(given, Policy(), int(AS_OF), "USD")
    lap("spans", lambda: engine.spans)
    lap("ledger", lambda: engine.periodic("M"))
    lap("movements", lambda: engine.movements("M", ["segment"]))
    lap("pairs", lambda: engine.pairs(12))
    lap("triangle", engine.triangle)
    lap("lifetimes", lambda: engine.lifetimes("M", ["segment"]))
    taken["job"] = sum(taken.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    lap("terms", lambda: engine.terms("M", ["segment"]))
    return {**taken, "memory": peak * 1024.0, "bytes": float(table.nbytes)}


def measure(sizes: tuple[int, ...], runs: int, folder: Path) -> Runs:
    """Run every size in turn."""
    found: Runs = {size: [] for size in sizes}
    for _ in range(runs):
        for size in sizes:
            file = folder / f"subscriptions-{size}.parquet"
            if not file.exists():
                _python("tests.bench.data", str(file), str(size))
            found[size].append(json.loads(_python("tests.bench.growth", "--steps", str(file))))
            print(f"{size:,}: {found[size][-1]['job']:.2f} s", file=sys.stderr)
    return found


def _python(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def exponent(found: Runs, step: str) -> float:
    """Return the growth exponent of a step over the sizes."""
    seconds = [median(run[step] for run in found[size]) for size in found]
    return float(np.polyfit(np.log(list(found)), np.log(seconds), 1)[0])


def text(found: Runs) -> str:
    """Return the page as Markdown."""
    out = [
        INTRODUCTION.format(runs=len(next(iter(found.values())))),
        machine(),
        "",
        "| step | " + " | ".join(f"{size:,}" for size in found) + " | exponent |",
        "|---|" + "---|" * (len(found) + 1),
    ]
    for step, words in STEPS.items():
        cells = [_seconds(median(run[step] for run in found[size])) for size in found]
        out.append(f"| {words} | " + " | ".join(cells) + f" | {exponent(found, step):.2f} |")
    for name, of in (("peak memory, MB", "memory"), ("columns in Arrow, MB", "bytes")):
        cells = [f"{median(run[of] for run in found[size]) / 1e6:,.0f}" for size in found]
        out.append(f"| {name} | " + " | ".join(cells) + " | |")
    job = exponent(found, "job")
    verdict = "yes" if job <= LIMIT else "no"
    out += ["", f"Exponent of the whole job: {job:.2f}, at most {LIMIT} wanted: {verdict}.", ""]
    return "\n".join(out)


def main() -> None:
    """Read the options, measure, and print or write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the made-up files here")
    parser.add_argument("--write", type=Path, help="write the page to this file as well")
    parser.add_argument("--json", action="store_true", help="print exponents as JSON")
    parser.add_argument("--steps", help="measure one file, and print JSON")
    options = parser.parse_args()
    if options.steps:
        print(json.dumps(steps(options.steps)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        found = measure(tuple(options.sizes), options.runs, folder)
    if options.json:
        print(json.dumps({step: exponent(found, step) for step in STEPS}))
        return
    page = text(found)
    print(page)
    if options.write:
        options.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
