"""The whole job on changes instead of months, in Polars and in pandas, vectorised: the best that frames can do.

Every customer's changes of MRR are summed per month and accumulated; pairs, triangles and lifetimes are differences of
what holds after each change, added up by month or age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tests.bench.duckdb_ways import CELLS, KINDS, PAIRS, Tables, by_month, cells_of, moves_of
from tests.bench.pandas_tutorial import IN_MONTHS, MICRO, WINDOW

if TYPE_CHECKING:
    import polars as pl

LAST = 60
COLUMNS = ["customer_id", "segment", "start", "end", "amount", "interval"]


def _summed(
    moved: pd.DataFrame, paired: pd.DataFrame, aged: pd.DataFrame, lives: pd.DataFrame
) -> Tables:
    pairs, cells = by_month(paired, PAIRS), cells_of(aged)
    return (
        moves_of(moved),
        {name: np.cumsum(values) for name, values in pairs.items()},
        {name: np.cumsum(values, axis=1) for name, values in cells.items()},
        lives,
    )


def with_pandas(path: str) -> Tables:
    """Return movements and pairs by month, triangles, and lifetimes."""
    df = pd.read_parquet(path, columns=COLUMNS)
    start, end = pd.to_datetime(df["start"]), pd.to_datetime(df["end"])
    df = pd.DataFrame(
        {
            "customer": df["customer_id"],
            "segment": df["segment"].astype("category"),
            "mrr": (df["amount"] * MICRO / df["interval"].map(IN_MONTHS)).round().astype("int64"),
            "begin": (start.dt.year - 2021) * 12 + start.dt.month - 1,
            "until": ((end.dt.year - 2021) * 12 + end.dt.month - 1).fillna(LAST).astype("int64"),
        }
    )
    df = df[df["until"] > df["begin"]]
    gone = df[df["until"] < LAST]
    points = pd.concat(
        [
            df[["customer", "segment"]].assign(month=df["begin"], delta=df["mrr"]),
            gone[["customer", "segment"]].assign(month=gone["until"], delta=-gone["mrr"]),
        ]
    )
    change = points.groupby(["customer", "month"], as_index=False).agg(
        delta=("delta", "sum"), segment=("segment", "first")
    )
    change = change[change["delta"] != 0]
    whose = change.groupby("customer")
    change["level"] = whose["delta"].cumsum()
    change["cohort"] = whose["month"].transform("first")
    return _summed(_pandas_moves(change), _pandas_pairs(change), *_pandas_ages(change))


def _pandas_moves(change: pd.DataFrame) -> pd.DataFrame:
    before = change["level"] - change["delta"]
    conditions = [
        (before == 0) & (change["month"] == change["cohort"]),
        before == 0,
        change["level"] == 0,
        change["delta"] > 0,
    ]
    kind = np.select(conditions, ["new", "reactivation", "churn", "expansion"], "contraction")
    by = (
        change.assign(kind=kind).groupby(["segment", "month", "kind"], observed=True)["delta"].sum()
    )
    return by.groupby(["month", "kind"]).sum().rename("value").reset_index()


def _stepped(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    values = frame[list(names)].astype("int64")
    before = values.shift(1, fill_value=0)
    first = (frame["customer"] != frame["customer"].shift(1)).to_numpy()
    before[first] = 0
    return values - before


def _pandas_pairs(change: pd.DataFrame) -> pd.DataFrame:
    now = change[["customer", "month"]].assign(now=change["delta"], before=0)
    later = change[["customer"]].assign(
        month=change["month"] + WINDOW, now=0, before=change["delta"]
    )
    both = pd.concat([now, later[later["month"] < LAST]])
    both = both.groupby(["customer", "month"], as_index=False)[["now", "before"]].sum()
    both[["now", "before"]] = both.groupby("customer")[["now", "before"]].cumsum()
    paid = both["before"] > 0
    both = both.assign(
        opening=both["before"],
        closing=both["now"].where(paid, 0),
        kept=both[["now", "before"]].min(axis=1),
        customers=paid.astype(int),
        customers_lost=(paid & (both["now"] == 0)).astype(int),
    )
    steps = _stepped(both, PAIRS).assign(month=both["month"])
    return steps.groupby("month", as_index=False).sum()


def _pandas_ages(change: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    change = change.assign(
        customers=(change["level"] > 0).astype(int),
        mrr=change["level"],
        floor=change.groupby("customer")["level"].cummin(),
    )
    steps = _stepped(change, CELLS).assign(
        cohort=change["cohort"], age=change["month"] - change["cohort"]
    )
    cells = steps.groupby(["cohort", "age"], as_index=False).sum()
    first = change.drop_duplicates("customer").set_index("customer")
    gone = change[change["level"] == 0].drop_duplicates("customer").set_index("customer")["month"]
    gone = gone.reindex(first.index)
    lives = pd.DataFrame(
        {
            "segment": first["segment"],
            "duration": gone.fillna(LAST - 1).astype(int) - first["cohort"],
            "event": gone.notna().astype(int),
            "customers": 1,
            "mrr_micro": first["level"],
        }
    )
    by = ["segment", "duration", "event"]
    return cells, lives.groupby(by, as_index=False, observed=True).sum()


def with_polars(path: str) -> Tables:
    """Return the same with Polars' lazy frames."""
    import polars as pl

    def months(name: str) -> pl.Expr:
        return (pl.col(name).dt.year().cast(pl.Int64) - 2021) * 12 + pl.col(name).dt.month() - 1

    each = pl.col("interval").replace_strict(IN_MONTHS, return_dtype=pl.Int64)
    line = pl.scan_parquet(path).select(
        pl.col("customer_id").alias("customer"),
        "segment",
        mrr=(pl.col("amount") * MICRO / each).round().cast(pl.Int64),
        begin=months("start"),
        until=months("end").fill_null(LAST),
    )
    line = line.filter(pl.col("until") > pl.col("begin"))
    points = pl.concat(
        [
            line.select("customer", "segment", month="begin", delta="mrr"),
            line.filter(pl.col("until") < LAST).select(
                "customer", "segment", month="until", delta=-pl.col("mrr")
            ),
        ]
    )
    change = (
        points.group_by("customer", "month")
        .agg(pl.col("delta").sum(), pl.col("segment").first())
        .filter(pl.col("delta") != 0)
        .sort("customer", "month")
        .with_columns(
            level=pl.col("delta").cum_sum().over("customer"),
            cohort=pl.col("month").first().over("customer"),
        )
        .collect()
    )
    frames = (_polars_moves(change), _polars_pairs(change), *_polars_ages(change))
    return _summed(*(frame.to_pandas() for frame in frames))


def _polars_moves(change: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    before = pl.col("level") - pl.col("delta")
    kind = (
        pl.when((before == 0) & (pl.col("month") == pl.col("cohort")))
        .then(pl.lit(KINDS[0]))
        .when(before == 0)
        .then(pl.lit(KINDS[1]))
        .when(pl.col("level") == 0)
        .then(pl.lit(KINDS[4]))
        .when(pl.col("delta") > 0)
        .then(pl.lit(KINDS[2]))
        .otherwise(pl.lit(KINDS[3]))
    )
    by = change.group_by("segment", "month", kind=kind).agg(pl.col("delta").sum())
    return by.group_by("month", "kind").agg(value=pl.col("delta").sum())


def _polars_steps(names: tuple[str, ...]) -> list[pl.Expr]:
    import polars as pl

    first = pl.col("customer") != pl.col("customer").shift(1)
    return [
        pl.col(name) - pl.when(first.fill_null(True)).then(0).otherwise(pl.col(name).shift(1))
        for name in names
    ]


def _polars_pairs(change: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    zero = pl.lit(0, pl.Int64)
    points = pl.concat(
        [
            change.select("customer", "month", now="delta", before=zero),
            change.select(
                "customer", month=pl.col("month") + WINDOW, now=zero, before="delta"
            ).filter(pl.col("month") < LAST),
        ]
    )
    both = points.group_by("customer", "month").agg(pl.col("now", "before").sum())
    both = both.sort("customer", "month").with_columns(
        pl.col("now", "before").cum_sum().over("customer")
    )
    paid = pl.col("before") > 0
    both = both.with_columns(
        opening="before",
        closing=pl.when(paid).then("now").otherwise(0),
        kept=pl.min_horizontal("now", "before"),
        customers=paid.cast(pl.Int64),
        customers_lost=(paid & (pl.col("now") == 0)).cast(pl.Int64),
    )
    return both.select("month", *_polars_steps(PAIRS)).group_by("month").sum()


def _polars_ages(change: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    import polars as pl

    change = change.with_columns(
        customers=(pl.col("level") > 0).cast(pl.Int64),
        mrr="level",
        floor=pl.col("level").cum_min().over("customer"),
    )
    age = pl.col("month") - pl.col("cohort")
    cells = change.select("cohort", *_polars_steps(CELLS), age=age).group_by("cohort", "age").sum()
    life = change.group_by("customer").agg(
        pl.col("segment", "cohort").first(),
        gone=pl.col("month").filter(pl.col("level") == 0).first(),
        mrr=pl.col("level").first(),
    )
    lives = life.group_by(
        "segment",
        duration=pl.col("gone").fill_null(LAST - 1) - pl.col("cohort"),
        event=pl.col("gone").is_not_null().cast(pl.Int64),
    ).agg(customers=pl.len(), mrr_micro=pl.col("mrr").sum())
    return cells, lives
