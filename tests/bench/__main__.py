"""Measure the whole job: `python -m tests.bench`, two minutes at a million subscriptions.

Every run is a fresh process, the ways take turns, and what counts is processor time: a busy machine slows all alike.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.report import Measured, ratios, text
from tests.bench.ways import with_texts

ROOT = Path(__file__).parents[2]
EVERY = ("reading", "engine", "texts", "book", "definitions", "review")
PEERS = ("pandas_events", "polars", "duckdb_events", "duckdb_playbook", "duckdb_dates")
RARE = ("pandas_wide", *PEERS)
SLOWEST = ("page", "pandas_tutorial")
IMPORTS = {"python": "", "import": "import saasmetrics"}


def _python(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def measure(rows: int, runs: int, rare: tuple[str, ...], folder: Path) -> Measured:
    """Run every way in turn, the slow ones once."""
    file = folder / f"subscriptions-{rows}.parquet"
    if not file.exists():
        _python("-m", "tests.bench.data", str(file), str(rows))
        _python("-m", "tests.bench.data", with_texts(str(file)), str(rows), "text")
    found: Measured = {}
    for number in range(runs):
        for way in (*EVERY, *(rare if number == 0 else ())):
            run = json.loads(_python("-m", "tests.bench.ways", way, str(file)))
            found.setdefault(way, []).append(run)
            print(f"{way}: {run['seconds']:.2f} s", file=sys.stderr)
        for name, code in IMPORTS.items():
            seconds = float(_python("-c", f"{code}\nimport time; print(time.process_time())"))
            found.setdefault(name, []).append({"seconds": seconds})
    return found


def main() -> None:
    """Read the options, measure, and print or write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="subscriptions (1000000)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each way (5)")
    parser.add_argument(
        "--without-slowest", action="store_true", help="leave out what takes longest"
    )
    parser.add_argument("--json", action="store_true", help="print ratios and runs as JSON")
    parser.add_argument("--write", type=Path, help="write the report to this file as well")
    parser.add_argument("--folder", type=Path, help="keep the made-up file here")
    options = parser.parse_args()
    rare = RARE if options.without_slowest else (*RARE, *SLOWEST)
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(options.rows, options.runs, rare, options.folder or Path(scratch))
    if options.json:
        print(json.dumps({"ratios": ratios(found), "runs": found}))
        return
    report = text(found, options.rows)
    print(report)
    if options.write:
        options.write.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
