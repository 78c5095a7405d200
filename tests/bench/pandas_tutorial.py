"""The way the tutorials do it: explode subscriptions to months, group by customer and month, pivot, shift, classify.

Written afresh, twice. `tutorial` lists the month ends of each line with `pd.date_range`, as the published answers to
"one row per month between two dates" do. `wide` is what a careful analyst makes of it: months are integers and rows are
repeated instead of listed. From the table of customers and months on, both are the same, without a loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_MONTH, MONTHS, WINDOW = 2021 * 12, 60, 12
IN_MONTHS = {"month": 1, "quarter": 3, "year": 12}
MICRO = 1_000_000
AFTER = pd.Timestamp("2026-01-01")  # the day after the last one known


def whole_job(
    path: str, explode: Callable[[pd.DataFrame], pd.DataFrame]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], pd.DataFrame]:
    """Return movements and pairs by month, triangles, and lifetimes."""
    df = pd.read_parquet(
        path, columns=["customer_id", "segment", "start", "end", "amount", "interval"]
    )
    long = explode(df)
    monthly = long.groupby(["customer_id", "month"])["mrr"].sum().reset_index()
    table = monthly.pivot_table(index="customer_id", columns="month", values="mrr", fill_value=0)
    table = table.reindex(columns=range(MONTHS), fill_value=0)
    segment = df.groupby("customer_id")["segment"].first().reindex(table.index)
    moves = movements(table, segment)
    return moves, pairs(table), triangles(monthly), lifetimes(table, segment)


def _priced(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(
        mrr=(df["amount"] * MICRO / df["interval"].map(IN_MONTHS)).round(),
        start=pd.to_datetime(df["start"]),
        end=pd.to_datetime(df["end"]).fillna(AFTER),
    )


def tutorial(df: pd.DataFrame) -> pd.DataFrame:
    """Return one row per line and month at whose end it is active, from a list of dates per line."""
    df = _priced(df)
    df["month"] = [
        pd.date_range(start, end, freq="ME", inclusive="left")
        for start, end in zip(df["start"], df["end"], strict=True)
    ]
    long = df.explode("month").dropna(subset=["month"])
    long["month"] = pd.to_datetime(long["month"])
    long["month"] = long["month"].dt.year * 12 + long["month"].dt.month - 1 - FIRST_MONTH
    return long


def wide(df: pd.DataFrame) -> pd.DataFrame:
    """Return the same from integers, repeating the rows."""
    df = _priced(df)
    begin = df["start"].dt.year * 12 + df["start"].dt.month - 1 - FIRST_MONTH
    months = df["end"].dt.year * 12 + df["end"].dt.month - 1 - FIRST_MONTH - begin
    long = df.loc[df.index.repeat(months), ["customer_id", "mrr"]]
    within = np.arange(len(long)) - np.repeat(months.cumsum() - months, months).to_numpy()
    return long.assign(month=np.repeat(begin, months).to_numpy() + within)


def movements(table: pd.DataFrame, segment: pd.Series) -> dict[str, Any]:
    """Return the movements of each month: shift, classify, sum by segment, then over the segments."""
    before = table.shift(1, axis=1, fill_value=0)
    paid_before = before.cumsum(axis=1) > 0
    change = table - before
    kinds = {
        "new": (before == 0) & (table > 0) & ~paid_before,
        "reactivation": (before == 0) & (table > 0) & paid_before,
        "expansion": (before > 0) & (table > before),
        "contraction": (before > table) & (table > 0),
        "churn": (before > 0) & (table == 0),
    }
    by_segment = {
        name: change.where(is_kind, 0).groupby(segment).sum() for name, is_kind in kinds.items()
    }
    return {name: frame.sum().to_numpy() for name, frame in by_segment.items()}


def pairs(table: pd.DataFrame) -> dict[str, Any]:
    """Return the sums over the customers that paid 12 months before."""
    then = table.shift(WINDOW, axis=1, fill_value=0)
    paid = then > 0
    return {
        "opening": then.sum().to_numpy(),
        "closing": table.where(paid, 0).sum().to_numpy(),
        "kept": table.where(table < then, then).sum().to_numpy(),
        "customers": paid.sum().to_numpy(),
        "customers_lost": (paid & (table == 0)).sum().to_numpy(),
    }


def triangles(monthly: pd.DataFrame) -> dict[str, Any]:
    """Return customers, MRR and its running minimum by cohort and age."""
    monthly = monthly.sort_values(["customer_id", "month"])
    by_customer = monthly.groupby("customer_id")
    monthly["cohort"] = by_customer["month"].transform("min")
    monthly["age"] = monthly["month"] - monthly["cohort"]
    monthly["floor"] = by_customer["mrr"].cummin()
    monthly.loc[monthly["age"] != by_customer.cumcount(), "floor"] = (
        0  # a month without MRR came before
    )
    cells = monthly.groupby(["cohort", "age"]).agg(
        customers=("customer_id", "nunique"), mrr=("mrr", "sum"), floor=("floor", "sum")
    )
    grid = pd.MultiIndex.from_product([range(MONTHS), range(MONTHS)], names=["cohort", "age"])
    cells = cells.reindex(grid, fill_value=0)
    return {name: cells[name].to_numpy().reshape(MONTHS, MONTHS) for name in cells.columns}


def lifetimes(table: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """Return customers and starting MRR by segment, duration and event."""
    paying = table > 0
    cohort = paying.idxmax(axis=1).astype(int)
    later = paying.cumsum(axis=1) > 0
    gone = later & ~paying
    event = gone.any(axis=1)
    end = gone.idxmax(axis=1).astype(int).where(event, MONTHS - 1)
    first = table.to_numpy()[np.arange(len(table)), cohort.to_numpy()]
    lives = pd.DataFrame({"segment": segment, "duration": end - cohort, "event": event.astype(int)})
    lives = lives.assign(customers=1, mrr_micro=first)
    return lives.groupby(["segment", "duration", "event"], as_index=False).sum()
