"""The whole job in several ways, one process each: `python -m tests.bench.ways WAY FILE` prints JSON.

From the Parquet file to monthly movements by segment; NRR, GRR, churn of customers and the quick ratio of each month
over a window of 12; triangles of customers, net and gross MRR by cohort; lifetimes by segment. Every way computes the
same numbers, and says them in the same digest.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.bench.data import AS_OF

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    import pyarrow as pa

USED = ["customer_id", "segment", "start", "end", "amount", "interval"]
WINDOW = 12
POLICIES = ("default", "stripe", "chartmogul_b2b", "profitwell")
SEGMENTS = 20
RESIDUAL = 1e-12  # of a sum of some hundred thousand floats that is below 1
APART: dict[str, float] = {}  # seconds of what is measured by itself
Digest = dict[str, float]


def read(path: str, columns: list[str] = USED) -> pa.Table:
    """Read columns of the file as they are."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(path).read(columns=columns)


def as_read(path: str, columns: list[str] = USED) -> pa.Table:
    """Read columns of the file as `sm.read` does: words that it holds as numbers stay numbered."""
    from pathlib import Path

    import pyarrow.parquet as pq

    from saasmetrics.tables.files import read_parquet
    from saasmetrics.tables.texts import numbered_in

    return read_parquet(Path(path), columns, texts=numbered_in([pq.read_metadata(path)]))[0]


def reading(path: str) -> Digest:
    """Read the used columns once, and nothing else."""
    return {"bytes": read(path).nbytes}


def engine(path: str) -> Digest:
    """Ask the local engine for its cubes and divide."""
    from saasmetrics.engine.local import LocalEngine
    from saasmetrics.policy import Policy
    from saasmetrics.tables import Table

    tables = {"subscriptions": Table("subscriptions", as_read(path), {}, ())}
    local = LocalEngine(tables, Policy(), int(AS_OF), "USD")
    moves = local.movements("M", ["segment"]).measures
    pairs = {name: value[0] for name, value in local.pairs(WINDOW).measures.items()}
    triangle = {name: value[0] for name, value in local.triangle().measures.items()}
    lives = local.lifetimes("M", ["segment"])
    company = {name: value.sum(axis=0) for name, value in moves.items()}
    return digest(company, pairs, triangle, lives)


def texts(path: str) -> Digest:
    """Do the same where customer ids are text."""
    return engine(with_texts(path))


def with_texts(path: str) -> str:
    """Return the place of the same subscriptions with customer ids that are text."""
    return f"{path}.texts"


def book(path: str) -> Digest:
    """Ask the public Book for the same; the quality gate is timed apart."""
    import saasmetrics as sm

    table = as_read(path, ["subscription_id", *USED])
    asked = sm.Book(subscriptions=table, as_of="2025-12-31", currency="USD")
    before = spent()
    asked.checks.under(asked.policy)
    APART["gate"] = spent() - before
    moves = asked.movements("M", by="segment").groupby("period").sum(numeric_only=True)
    pairs = asked.pairs(WINDOW)
    triangle = asked.triangle()
    lives = asked.lifetimes("M", by="segment")
    born = triangle["cohort"].to_numpy("datetime64[M]").astype(int)
    cohort, age = born - born.min(), triangle["age"].to_numpy()
    square = {}
    for name in ("customers", "mrr", "floor"):
        square[name] = np.zeros((cohort.max() + 1, age.max() + 1), np.int64)
        square[name][cohort, age] = triangle[name]
    return digest(_arrays(moves), _arrays(pairs), square, lives)


def definitions(path: str) -> Digest:
    """Ask for NRR under four policies, and for the way from one to another; one plain NRR is timed apart."""
    import saasmetrics as sm

    table = as_read(path, ["subscription_id", *USED])

    def fresh() -> sm.Book:
        asked = sm.Book(subscriptions=table, as_of="2025-12-31", currency="USD")
        before = spent()
        asked.checks.under(asked.policy)
        APART["gate"] = APART.get("gate", 0.0) + spent() - before
        return asked

    plain = fresh()
    before = spent()
    sm.retention.nrr(plain, window=WINDOW, interval=None)
    APART["nrr"] = spent() - before
    del plain
    asked = fresh()
    compared = sm.definitions.compare(asked, "nrr", POLICIES, window=WINDOW).df
    explained = sm.definitions.explain(asked, "nrr", *POLICIES[:2], window=WINDOW)
    told = explained.df["value"].sum(), explained.extra["steps"]["value"].sum()
    if max(abs(explained.extra["difference"] - part) for part in told) > RESIDUAL:
        msg = f"The parts {told} do not sum to the difference {explained.extra['difference']}."
        raise ValueError(msg)
    ours = compared[compared["policy"] == POLICIES[0]]["value"].to_numpy()
    return {"nrr": explained.extra["from"], "nrr_sum": _weighted(ours[WINDOW:])}


def page(path: str) -> Digest:
    """Make a whole review and write its page, with every chart in two themes; the gate is timed apart."""
    made = reviewed(path)
    with TemporaryDirectory() as folder:
        made.to_html(f"{folder}/review.html")
    return said(made)


def review(path: str) -> Digest:
    """Make a whole review, and rates with their intervals for each of 20 segments; the gate is timed apart."""
    return said(reviewed(path))


def said(made: Any) -> Digest:
    """Return the headline of a review."""
    return {"nrr": next(figure.value for figure in made.headline if figure.id == "nrr") or 0.0}


def reviewed(path: str) -> Any:
    """Return the review, once its rates are computed."""
    import pyarrow as pa

    import saasmetrics as sm

    table = as_read(path, ["subscription_id", *USED])
    bands = pa.array(np.asarray(table["customer_id"]) % SEGMENTS)
    table = table.append_column("band", bands)
    asked = sm.Book(subscriptions=table, as_of="2025-12-31", currency="USD")
    before = spent()
    asked.checks.under(asked.policy)
    APART["gate"] = spent() - before
    made = sm.board.review(asked)
    for metric in (sm.retention.nrr, sm.retention.grr, sm.retention.logo_churn):
        metric(asked, by="band")
    return made


def pandas_tutorial(path: str) -> Digest:
    """Do it the way the tutorials do; see `pandas_tutorial`."""
    from tests.bench.pandas_tutorial import tutorial, whole_job

    return digest(*whole_job(path, tutorial))


def pandas_wide(path: str) -> Digest:
    """Do it with pandas as a careful analyst does, on a table of customers and months."""
    from tests.bench.pandas_tutorial import whole_job, wide

    return digest(*whole_job(path, wide))


def pandas_events(path: str) -> Digest:
    """Do it with pandas on changes; see `event_ways`."""
    from tests.bench.event_ways import with_pandas

    return digest(*with_pandas(path))


def polars(path: str) -> Digest:
    """Do it with Polars on changes."""
    from tests.bench.event_ways import with_polars

    return digest(*with_polars(path))


def duckdb_events(path: str) -> Digest:
    """Do it in SQL on changes; see `duckdb_ways`."""
    from tests.bench.duckdb_ways import events

    return digest(*events(path))


def duckdb_playbook(path: str) -> Digest:
    """Do it in SQL the way of dbt's MRR playbook."""
    from tests.bench.duckdb_playbook import playbook

    return digest(*playbook(path))


def duckdb_dates(path: str) -> Digest:
    """Do it in SQL the way of Fight Churn with Data."""
    from tests.bench.duckdb_dates import dates

    return digest(*dates(path))


def _arrays(frame: pd.DataFrame) -> dict[str, Any]:
    return {name: frame[name].to_numpy() for name in frame.columns}


def digest(
    moves: dict[str, Any], pairs: dict[str, Any], triangle: dict[str, Any], lives: pd.DataFrame
) -> Digest:
    """Return the headline numbers, and a sum over every table weighted so that no two cells can change places.

    Parameters
    ----------
    moves, pairs
        Arrays by month, money in micro-units.
    triangle
        Arrays by cohort and age.
    lives
        Customers and mrr_micro by segment, duration and event.
    """
    gains = moves["new"] + moves["reactivation"] + moves["expansion"]
    losses = -(moves["contraction"] + moves["churn"])
    last = slice(WINDOW, None)
    series = {
        "nrr": pairs["closing"][last] / pairs["opening"][last],
        "grr": pairs["kept"][last] / pairs["opening"][last],
        "churn": pairs["customers_lost"][last] / pairs["customers"][last],
        "quick": gains[last] / losses[last],
    }
    found = {name: float(values[-1]) for name, values in series.items()}
    for name, values in series.items():
        found[f"{name}_sum"] = _weighted(values)
    for name in ("new", "reactivation", "expansion", "contraction", "churn"):
        found[f"moved_{name}"] = _weighted(moves[name])
    for name in ("customers", "mrr", "floor"):
        observed = np.add.outer(*map(np.arange, triangle[name].shape)) < len(triangle[name])
        found[f"triangle_{name}"] = _weighted(np.where(observed, triangle[name], 0))
    for name in ("customers", "mrr_micro"):
        weight = lives["duration"] + 1000 * lives["event"] + 1
        found[f"lives_{name}"] = float((lives[name] * weight).sum())
    return found


def _weighted(values: Any) -> float:
    total = np.asarray(values, float)
    weight = sum(
        k * np.arange(1, n + 1).reshape([-1] + [1] * i)
        for i, (n, k) in enumerate(zip(total.shape[::-1], (1, 1000), strict=False))
    )
    return float((total * weight).sum())


def spent() -> float:
    """Return the processor seconds of this process, of user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


_LOCAL = (
    "saasmetrics.engine.local",
    "saasmetrics.policy",
    "saasmetrics.tables.files",
    "saasmetrics.tables.table",
)
_REVIEW = (
    "saasmetrics.board.page",
    "saasmetrics.board.review",
    "saasmetrics.book",
    "saasmetrics.checks.weighed",
    "scipy.special",
    "saasmetrics.charts.kinds",
    "saasmetrics.charts.success",
    "jinja2",
    "vl_convert",
    "saasmetrics.metrics.all",
    "saasmetrics.quality",
    "saasmetrics.tables.canonical",
    "saasmetrics.tables.files",
    "saasmetrics.tables.gate",
)
NEEDS = {
    "reading": ("pyarrow.compute", "pyarrow.parquet"),
    "engine": _LOCAL,
    "texts": _LOCAL,
    "book": (
        "saasmetrics.book",
        "saasmetrics.quality",
        "saasmetrics.tables.canonical",
        "saasmetrics.tables.files",
        "saasmetrics.tables.gate",
    ),
    "definitions": (
        "saasmetrics.definitions",
        "saasmetrics.metrics.all",
        "saasmetrics.quality",
        "saasmetrics.tables.canonical",
        "saasmetrics.tables.files",
        "saasmetrics.tables.gate",
    ),
    "review": _REVIEW,
    "page": _REVIEW,
    "pandas_wide": ("tests.bench.pandas_tutorial",),
    "pandas_tutorial": ("tests.bench.pandas_tutorial",),
    "pandas_events": ("tests.bench.event_ways",),
    "polars": ("tests.bench.event_ways", "polars"),
    "duckdb_events": ("tests.bench.duckdb_ways", "duckdb"),
    "duckdb_playbook": ("tests.bench.duckdb_playbook", "duckdb"),
    "duckdb_dates": ("tests.bench.duckdb_dates", "duckdb"),
}
OURS = (reading, engine, texts, book, definitions, review, page)
EVENTS = (pandas_events, polars, duckdb_events)
DENSE = (duckdb_playbook, duckdb_dates, pandas_wide, pandas_tutorial)
WAYS: dict[str, Callable[[str], Digest]] = {way.__name__: way for way in (*OURS, *EVENTS, *DENSE)}


def main(way: str, path: str) -> None:
    """Run one way and print processor seconds, peak memory above what it began with, and digest.

    What a way needs is imported before: the way is measured, not the loading of libraries.
    """
    pandas = () if way == "reading" else ("pandas", "pyarrow.pandas_compat")
    for name in (*NEEDS["reading"], *NEEDS[way], *pandas):
        importlib.import_module(name)
    seconds, memory = spent(), _peak()
    found = WAYS[way](path)
    seconds = spent() - seconds - sum(APART.values())
    memory = _peak() - memory
    print(json.dumps({"seconds": seconds, "memory": memory, "apart": APART, "digest": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
