"""The health of every customer on a day, with what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import flat, has
from saasmetrics.engine.followed import followed
from saasmetrics.engine.groups import columns, unreserved
from saasmetrics.errors import DataError, UnknownNameError
from saasmetrics.metrics.made import made
from saasmetrics.money import format_part
from saasmetrics.periods import iso_day
from saasmetrics.success.score.events import entities_of, labels
from saasmetrics.success.score.model import BANDS, COMPONENTS, UNSCORED
from saasmetrics.success.score.scorer import NAMES, NOT_SCORED, day_of, model_of, scorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result
    from saasmetrics.success.score.scorer import Scorer, Snapshot

_ABOUT = ("name", "segment", "csm_id", "pod_id")
_SHOWN = ("features_used", "features_stopped", "tickets", "hours")
TAKEN = ("customer_id", "score", "coverage", "band", "arr", "tenure_months", *COMPONENTS, *_SHOWN)


@metric(
    id="health",
    name="Health score",
    unit="table",
    better="higher",
    meaning="How well each customer is doing, from 0 to 100, by what it uses, what troubles it has and how long it has "
    "been one.",
    formula="weighted mean of the components that a customer has values for: usage (features used, stopped or never "
    "used, how much, and the trend against its own past), issues (tickets and hours of the window, fading, against "
    "the quantile of the segment, damped by tenure), tenure, survey; coverage = share of the weights present",
    missing="Not scored where the components present carry less than half of the weights.",
    sources=(
        "METRICS.md",
        "Vitally: what has no value is left out",
        "Poster POS: issue, usage and tenure scores",
    ),
    options={
        "model": "health model {value}",
        "window_days": "signals of the last {value} days",
        "half_life_days": "a signal counts half after {value:g} days",
        "stop_days": "a feature not used for {value} days is stopped",
    },
)
def health(
    book: Book,
    as_of: Any = None,
    model: Any = None,
    by: str | Sequence[str] | None = None,
) -> Result:
    """The health score of every customer that pays on a day, with its components and coverage.

    Parameters
    ----------
    book
        The company's tables, with at least one of usage, tickets and surveys.
    as_of
        The day, by default the last one the book knows; only what was known by then counts.
    model
        A `HealthModel`, or the file of one; by default the usual one.
    by
        Columns of customers to give means by.

    Returns
    -------
    Result
        One row per customer: customer_id, then of name, segment, csm_id, pod_id what the customers have, the
        by-columns, value (score, 0 to 100), band (red, amber, green, not scored), coverage (share of the weights it
        has values for), usage, issues, tenure, survey (0 to 100, missing where there is no value), features_used,
        features_stopped, tickets, hours (of work on tickets), tenure_months, arr (currency units per year), reason.
        `extra["means"]` has per group and for all: customers, scored, coverage (share of customers scored), mean,
        mean_by_arr, red_arr. `.rows(customer_id=...)` has the signals behind one score.

    Raises
    ------
    MissingTableError
        If there is neither usage nor tickets nor surveys.
    DataError
        If the day is after the last one known, or the model is none.

    Notes
    -----
    A customer without a ticket has no issues; one without any use on record has no usage score, since nothing says
    that it was watched. The segment is that of the customers table, which keeps no history of it. Who pays on an
    earlier day is as known today: `health(book.as_of(day))` leaves out subscriptions recorded later.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.success.health(sm.demo(customers=100))
    >>> found.df[["value", "coverage"]].notna().all().tolist()
    [True, True]
    """
    chosen, day, groups = model_of(model), day_of(book, as_of), columns(by)
    unreserved(groups, TAKEN)
    facts = scorer(book)
    now = facts.at(day, chosen)
    df = _frame(book, now, groups)
    means = _means(df, groups)
    tables = {"Means": means} if groups else {}
    options = {"model": f"{chosen.name} v{chosen.version}", "window_days": chosen.window_days}
    options |= {"half_life_days": chosen.half_life_days, "stop_days": chosen.stop_days}
    unseen = facts.unseen(day, chosen)
    said = ("" if day == book.as_of_day else f"Scored as of {iso_day(day)}", unseen)

    def drill(customer_id: Any = None) -> pd.DataFrame:
        return signals(facts, now, customer_id)

    return made(
        book,
        "health",
        df,
        "health",
        by=by,
        options=options,
        notes=(*filter(None, said), *facts.notes()),
        extra={
            "means": means,
            "headline": headline(means),
            "model": chosen,
            "tables": tables,
            "unseen": unseen,
        },
        drill=drill,
        tables=facts.tables,
        trace=lambda **_: (
            "a score is a weighted mean of components; .rows(customer_id=...) has its signals"
        ),
    )


def _frame(book: Book, now: Snapshot, groups: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    ids = followed(book.engine).spans.entity_ids.take(pa.array(now.entity)).to_pandas()
    data: dict[str, Any] = {"customer_id": ids, **about(book, now.entity)}
    if groups:
        names, code = labels(book, groups)
        for i, name in enumerate(groups):
            data[name] = _labelled(names, i)[code[now.entity]]
    data |= {"value": now.score, "band": NAMES[now.band], "coverage": now.coverage}
    data |= {name: now.parts[name] for name in COMPONENTS}
    data |= {name: now.parts[name] for name in _SHOWN if name in now.parts}
    data |= {"tenure_months": now.months, "arr": now.arr}
    short = [
        f"not scored: values for {format_part(share, 0)} of the weights"
        for share in now.coverage[now.band == NOT_SCORED]
    ]
    reason = np.full(len(now.entity), "", object)
    reason[now.band == NOT_SCORED] = short
    data["reason"] = reason
    return pd.DataFrame(data).sort_values("customer_id", kind="stable", ignore_index=True)


def _labelled(names: Sequence[tuple[Any, ...]], at: int) -> NDArray[Any]:
    out = np.empty(len(names), object)
    out[:] = [name[at] for name in names]
    return out


def about(book: Book, entity: NDArray[Any], wanted: Sequence[str] = _ABOUT) -> dict[str, Any]:
    """Return columns of the customers table for customers of the engine, those that it has values in."""
    table = book.tables.get("customers")
    if table is None:
        return {}
    place = np.full(len(followed(book.engine).spans.entity_ids) + 1, -1, np.int64)
    row = (
        entities_of(book, table.data["customer_id"])
        if book.policy.entity != "parent"
        else _own(book)
    )
    place[row[::-1]] = np.arange(len(row))[::-1]
    at = place[entity]
    index = pa.array(np.maximum(at, 0), mask=at < 0)
    names = [name for name in wanted if has(table.data, name)]
    return {name: flat(table.data[name]).take(index).to_pandas().to_numpy() for name in names}


def _own(book: Book) -> NDArray[np.int32]:
    """Return for each row of customers the customer of the engine with the same id, -1 for none."""
    import pyarrow.compute as pc

    ids = flat(book.tables["customers"].data["customer_id"])
    found = pc.index_in(ids, value_set=followed(book.engine).spans.entity_ids.cast(ids.type))
    return np.asarray(pc.fill_null(found, -1)).astype(np.int32)


def _means(df: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """Return the means of all, and before it those of each group."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    if groups:
        for key, part in df.groupby(list(groups), sort=True, dropna=False):
            rows.append({**dict(zip(groups, key, strict=True)), **_mean(part)})
    return pd.DataFrame([*rows, {**dict.fromkeys(groups, "all"), **_mean(df)}])


def _mean(part: pd.DataFrame) -> dict[str, Any]:
    known = part[part["value"].notna()]
    weight = known["arr"].sum()
    by_arr = float((known["value"] * known["arr"]).sum() / weight) if weight > 0 else np.nan
    mean = float(known["value"].mean()) if len(known) else np.nan
    bands = {f"{band}_customers": int((part["band"] == band).sum()) for band in (*BANDS, UNSCORED)}
    red = float(part.loc[part["band"] == "red", "arr"].sum())
    share = len(known) / len(part) if len(part) else np.nan
    counts = {"customers": len(part), "scored": len(known), "coverage": share}
    return {**counts, "mean": mean, "mean_by_arr": by_arr, "red_arr": red, **bands}


def headline(means: pd.DataFrame) -> str:
    """Return the mean health of the company in words."""
    last = means.iloc[-1]
    if last["mean"] != last["mean"]:
        return "no customer can be scored" if last["customers"] else "no customer pays on this day"
    seen = format_part(last["coverage"], 0)
    return (
        f"average health {last['mean']:.0f} of 100 ({last['mean_by_arr']:.0f} by ARR), {seen} "
        f"of {int(last['customers']):,} customers scored"
    )


def signals(facts: Scorer, now: Snapshot, customer_id: Any) -> pd.DataFrame:
    """Return the signals behind one customer's score: component, signal, day, amount, state or weight."""
    import pandas as pd

    if customer_id is None:
        msg = 'Say whose signals: result.rows(customer_id="...").'
        raise DataError(msg)
    ids = followed(facts.book.engine).spans.entity_ids
    at = ids.index(pa.scalar(customer_id, ids.type)).as_py() if _fits(customer_id, ids) else -1
    if at < 0:
        raise UnknownNameError.of("customer", str(customer_id), map(str, ids.to_pylist()))
    rows: list[dict[str, Any]] = []
    usage = facts.usage_on(now.day, now.model)
    if usage is not None:
        state, there = usage.states(now.day, now.model)
        for number in np.flatnonzero(there).tolist():
            last = int(usage.last[at, number])
            when = pd.NaT if state[at, number] == 0 else pd.Timestamp(iso_day(last))
            said = ("never used", "stopped", "used")[int(state[at, number])]
            rows.append(
                {
                    "component": "usage",
                    "signal": usage.names[number],
                    "day": when,
                    "state": said,
                }
            )
    if facts.tickets is not None:
        found = facts.tickets.events
        here = np.arange(len(found.row))[found.within(now.day - now.model.window_days + 1, now.day)]
        mine = here[found.entity[here] == at]
        names = flat(found.data["ticket_id"]).take(pa.array(found.row[mine])).to_pylist()
        for name, number in zip(names, mine.tolist(), strict=True):
            hours = (
                float(facts.tickets.hours[number])
                if facts.tickets.solved[number] <= now.day
                else np.nan
            )
            when = pd.Timestamp(iso_day(int(found.day[number])))
            rows.append(
                {
                    "component": "issues",
                    "signal": str(name),
                    "day": when,
                    "hours": hours,
                    "state": "ticket",
                }
            )
    return pd.DataFrame(rows, columns=["component", "signal", "day", "state", "hours"])


def _fits(value: Any, ids: pa.Array) -> bool:
    try:
        pa.scalar(value, ids.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError):
        return False
    return True
