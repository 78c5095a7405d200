"""Who gets a programme first: drawn so that the same customers always get the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, whole
from saasmetrics.catalogue import definition, metric
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made
from saasmetrics.money import agreeing, counted
from saasmetrics.policy import Policy
from saasmetrics.result import Context, Result
from saasmetrics.success.effect.panel import balances
from saasmetrics.success.effect.treatments import customer_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

_CONTROL = "control"


@metric(
    id="assignment",
    name="Assignment by lot",
    unit="table",
    better="neutral",
    meaning="Who gets a programme first, drawn by lot within groups of like customers.",
    formula="units ordered by a hash of seed and id within each stratum, and dealt to the arms in turn",
    missing="Never missing.",
    sources=("METRICS.md", "Hussey and Hughes 2007"),
    options={
        "seed": "seed {value}",
        "cluster": "drawn by {value}, all customers of one together",
        "by": "within {value}",
        "dealt": {
            True: "dealt evenly within each stratum",
            False: "each by its own hash, whoever else is drawn",
        },
    },
)
def assign(
    customers: Any,
    *,
    seed: int,
    arms: Sequence[str] = (_CONTROL, "treated"),
    waves: int | None = None,
    start: Any = None,
    every: int = 3,
    cluster: str | None = None,
    by: str | Sequence[str] = (),
    dealt: bool = True,
) -> Result:
    """Draw who gets a programme, or who gets it first, so that its effect can be known.

    Parameters
    ----------
    customers
        A book, of which those who pay now are drawn, or rows of customer_id and the columns named.
    seed
        Another seed draws others. Write it down before the programme starts.
    arms
        Names of the arms; "control" gets nothing.
    waves
        How many waves, where all get it in the end: a stepped roll-out. Instead of arms.
    start
        Day on which the treated arm, or the first wave, begins.
    every
        Months from one wave to the next.
    cluster
        Column by which customers are treated together, such as "csm_id"; those without one are left out.
    by
        Columns of the customers (or of their clusters) within which to draw, so that arms are alike in them.
    dealt
        Whether arms are as large as each other within each stratum. Otherwise each customer's arm depends on its own
        id alone, so that customers who come later can be drawn as they come.

    Returns
    -------
    Result
        One row per customer: customer_id, cluster, stratum, arm, start (missing for the control arm). It is what
        `attribution(assigned=...)` takes. `extra["tables"]` counts the arms by stratum.

    Raises
    ------
    DataError
        If a column is missing, there are fewer units than arms, or customers appear twice.

    Examples
    --------
    >>> rows = {"customer_id": ["a", "b", "c", "d"], "segment": ["S", "S", "L", "L"]}
    >>> found = assign(rows, seed=1, by="segment", start="2026-01-01").df
    >>> found.groupby("stratum")["arm"].nunique().tolist()
    [2, 2]
    """
    seed = whole("seed", seed, 0, "a whole number that picks the draw", 2**31)
    strata = [by] if isinstance(by, str) else list(listed("by", by, "columns"))
    names = _arms(arms, waves)
    data = _rows(customers, cluster, strata)
    unit = data["cluster"].to_numpy(object)
    stratum = _joined(data, strata)
    units, first, code = np.unique(unit.astype(str), return_index=True, return_inverse=True)
    if len(units) < len(names):
        msg = f"{counted(len(units), 'unit')} cannot be drawn for {len(names)} arms."
        raise DataError(msg)
    arm = _drawn(units, stratum[first], len(names), seed, dealt=dealt)[code.reshape(-1)]
    df = _frame(data, stratum, arm, names, start=start, every=every, stepped=waves is not None)
    table = df.pivot_table(index="stratum", columns="arm", aggfunc="size", fill_value=0)
    options = {
        "seed": seed,
        "cluster": cluster,
        "by": ", ".join(strata) or None,
        "dealt": dealt,
    }
    notes = [f"{len(units):,} units, {len(df):,} customers, {len(names)} arms"]
    if left := int(data.attrs.get("left_out", 0)):
        without = f"{counted(left, 'customer')} without {cluster}"
        notes.append(f"{without} {agreeing(left, 'is', 'are')} left out")
    extra = {
        "tables": {"Customers by stratum and arm": table.reset_index()},
        "headline": f"{len(df):,} customers drawn for {', '.join(names)}",
    }
    if hasattr(customers, "context"):
        return made(customers, "assignment", df, "table", options=options, notes=notes, extra=extra)
    context = Context("the draw", "USD", Policy(), options)
    return Result(definition("assignment"), df, "table", context, (), tuple(notes), extra)


def _arms(arms: Any, waves: int | None) -> list[str]:
    if waves is not None:
        count = whole("waves", waves, 2, "a whole number of waves", 60)
        return [f"wave-{n + 1}" for n in range(count)]
    names = [str(name) for name in listed("arms", arms, "names of arms")]
    if len(names) < 2 or len(set(names)) < len(names):
        msg = f"arms={arms!r}: give at least two arms with different names."
        raise DataError(msg)
    return names


def _rows(customers: Any, cluster: str | None, strata: Sequence[str]) -> pd.DataFrame:
    """Return the customers to draw, with the unit that each is drawn with."""
    import pandas as pd

    if hasattr(customers, "engine"):
        held, _, _ = balances(customers)
        now = customer_ids(customers)[held[:, -1] > 0]
        data = pd.DataFrame({"customer_id": now})
        if cluster is not None or strata:
            data = data.merge(customers.frame("customers").astype({"customer_id": str}), how="left")
    else:
        data = pd.DataFrame(customers)
    missing = [
        c for c in ("customer_id", *([cluster] if cluster else []), *strata) if c not in data
    ]
    if missing:
        msg = f"The customers are without {', '.join(missing)}: add the column, or draw without it."
        raise DataError(msg)
    if twice := int(data["customer_id"].duplicated().sum()):
        msg = f"{twice:,} customers appear twice: a customer can be drawn once only."
        raise DataError(msg)
    data = data.assign(cluster=data[cluster or "customer_id"])
    known = data["cluster"].notna()
    left = int((~known).sum())
    data = data[known].reset_index(drop=True)
    data.attrs["left_out"] = left
    return data


def _joined(data: pd.DataFrame, strata: Sequence[str]) -> NDArray[Any]:
    """Return the stratum of each customer; that of a cluster is the one of most of its customers."""
    if not strata:
        return np.full(len(data), "all", object)
    each = data[list(strata)].astype(str).agg(" · ".join, axis=1)
    counts = each.groupby([data["cluster"], each]).size().rename("n").reset_index(level=0)
    counts = (
        counts.rename_axis("stratum").reset_index().sort_values(["n", "stratum"], kind="stable")
    )
    most = counts.drop_duplicates("cluster", keep="last").set_index("cluster")["stratum"]
    return data["cluster"].map(most).to_numpy(object)


def _drawn(
    units: NDArray[Any], stratum: NDArray[Any], arms: int, seed: int, *, dealt: bool
) -> NDArray[np.int64]:
    """Return the arm of each unit by a hash of seed and id, the same on every machine."""
    import pandas as pd

    key = f"{seed:016d}"
    luck = pd.util.hash_array(units.astype(object), hash_key=key, categorize=False)
    if not dealt:
        return (luck % np.uint64(arms)).astype(np.int64)
    _, code = np.unique(stratum.astype(str), return_inverse=True)
    code = code.reshape(-1)
    order = np.lexsort((luck, code))
    rank = np.empty(len(units), np.int64)
    ends = np.bincount(code)
    rank[order] = np.arange(len(units)) - np.repeat(np.cumsum(ends) - ends, ends)
    # Strata that do not divide evenly begin at different arms, so that no arm gets all that is left over.
    shift = pd.util.hash_array(stratum.astype(object), hash_key=key, categorize=False)
    found: NDArray[np.int64] = (rank + (shift % np.uint64(arms)).astype(np.int64)) % arms
    return found


def _frame(
    data: pd.DataFrame,
    stratum: NDArray[Any],
    arm: NDArray[np.int64],
    names: Sequence[str],
    *,
    start: Any,
    every: int,
    stepped: bool,
) -> pd.DataFrame:
    import pandas as pd

    day = pd.NaT if start is None else pd.Timestamp(start)
    every = whole("every", every, 1, "a whole number of months", 120)
    begins = [
        day + pd.DateOffset(months=every * n) if stepped else (pd.NaT if name == _CONTROL else day)
        for n, name in enumerate(names)
    ]
    return pd.DataFrame(
        {
            "customer_id": data["customer_id"].astype(str),
            "cluster": data["cluster"].astype(str),
            "stratum": stratum,
            "arm": np.array(names, object)[arm],
            "start": pd.Series(pd.to_datetime(pd.Series(begins)).to_numpy()[arm], data.index),
        }
    )
