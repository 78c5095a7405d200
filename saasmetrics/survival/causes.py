"""Why customers leave: how many are lost to each cause by each age, where causes compete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of, text, whole
from saasmetrics.catalogue import definition, metric
from saasmetrics.engine.causes import CAUSE_COLUMN
from saasmetrics.money import MICRO, format_ratio
from saasmetrics.proof.trace import Trace
from saasmetrics.result import Context, Result
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import check_level, survival
from saasmetrics.survival.incidence import aalen_johansen, incidence_band
from saasmetrics.survival.lives import Lives, label_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book


@metric(
    id="churn_causes",
    name="Churn by cause",
    unit="curve",
    better="lower",
    meaning="The share of customers that has been lost to each cause by each age.",
    formula="sum over the ages of S(age - 1) x lost to the cause / at risk (Aalen-Johansen); with "
    "survival the causes sum to 1",
    missing="There is no row for an age that nobody has reached yet.",
    sources=("METRICS.md", "Aalen and Johansen 1978", "Putter, Fiocco and Geskus 2007"),
    options={
        "column": "causes from {value}",
        "freq": "age in {value}",
        "interval": "interval of {value:.0%} (delta method, log(-log) scale)",
    },
    choices=("gap_days", "churn_date"),
)
def causes(
    book: Book,
    by: str | Sequence[str] | None = None,
    column: str = CAUSE_COLUMN,
    freq: str = "M",
    *,
    interval: float | None = 0.95,
) -> Result:
    """Cumulative incidence of churn by cause: voluntary, involuntary, or the reasons of a column.

    Parameters
    ----------
    book
        The company's tables.
    by
        Columns of the customers or the subscriptions to group by.
    column
        The column that names the cause: `churn_cause` of the subscriptions, or any other of the
        subscriptions or the customers.
    freq
        D, W, M, Q or Y: the unit of age.
    interval
        Coverage of the interval; None for none.

    Returns
    -------
    Result
        by-columns, cause, age, value, low, high, alone (1 - Kaplan-Meier with the other causes as
        censored: it overstates), survival (still there), at_risk, events (customers lost to the
        cause at the age). `.rows(cause=..., age=...)`: the customers lost to it up to an age.

    Raises
    ------
    UnknownNameError
        If a column or the frequency does not exist.

    Notes
    -----
    Exact with ties and late entries; no random numbers.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.survival.causes(sm.demo(customers=300)).df
    >>> last = found[found["age"] == found["age"].max()]
    >>> round(float(last["value"].sum() + last["survival"].iloc[0]), 9)
    1.0
    """
    if interval is not None:
        check_level(interval)
    lives = Lives.of(book, by, freq)
    text("column", column, "the name of a column that holds the cause")
    names = book.engine.cause_names(column)
    table = lost_by_cause(lives, column, len(names))
    share, variance = aalen_johansen(lives.customers.at_risk, table)
    low, high = np.full((2, *share.shape), np.nan)
    if interval is not None:
        low, high = incidence_band(share, variance, interval)
    alone = 1 - survival(np.broadcast_to(lives.customers.at_risk[:, None], table.shape), table)
    happened = np.flatnonzero(table.sum(axis=(0, 2)) > 0)
    shown = happened if len(happened) else np.array([0])
    values = {"value": share, "low": low, "high": high, "alone": alone}
    df = _frame(lives, names, shown, values, table)
    options = {"column": column, "freq": f"{book.calendar(freq).noun}s", "interval": interval}
    notes = _notes(lives, column, share, alone)
    return Result(
        definition("churn_causes"),
        df,
        "incidence",
        Context(book.as_of_text, book.currency, book.policy, options),
        lives.by,
        (*notes, *lives.notes, *book.engine.notes, *book.warnings()),
        {"causes": [names[code] for code in shown]},
        _drill(lives, column, names),
        trace=lambda age, cause, **group: _trace(df, age, cause, group),
    )


def lost_by_cause(lives: Lives, column: str, causes: int) -> NDArray[np.int64]:
    """Return customers lost per group, cause and age.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> lives = Lives.of(sm.demo(customers=300), None, "M")
    >>> lost = lost_by_cause(lives, "churn_cause", 3)
    >>> bool((lost.sum(axis=1) == lives.customers.events).all())
    True
    """
    frame = lives.book.engine.lifetimes(lives.freq, lives.by, cause=column)
    groups, ages = lives.customers.at_risk.shape
    cell = lives.codes(frame) * causes + frame["cause"].to_numpy()
    duration, entry, event, count = (
        frame[name].to_numpy() for name in ("duration", "entry", "event", "customers")
    )
    table = exposure(duration, entry, event, count, group=cell, groups=groups * causes, ages=ages)
    found: NDArray[np.int64] = table.events.reshape(groups, causes, ages)
    return found


def _frame(
    lives: Lives,
    names: Sequence[str],
    shown: NDArray[np.int64],
    values: dict[str, NDArray[np.float64]],
    table: NDArray[np.int64],
) -> pd.DataFrame:
    import pandas as pd

    known = np.arange(table.shape[2]) <= lives.longest[:, None]
    cells = np.broadcast_to(known[:, None, :], (table.shape[0], len(shown), table.shape[2]))
    group, place, age = np.nonzero(cells)
    code = shown[place]
    data: dict[str, Any] = label_columns(lives.by, lives.labels, group)
    data["cause"] = np.array(names, object)[code]
    data["age"] = age
    data |= {name: value[group, code, age] for name, value in values.items()}
    alive = survival(lives.customers.at_risk, lives.customers.events)
    data["survival"] = alive[group, age]
    data["at_risk"] = lives.customers.at_risk[group, age]
    data["events"] = table[group, code, age]
    return pd.DataFrame(data)


def _notes(
    lives: Lives, column: str, share: NDArray[np.float64], alone: NDArray[np.float64]
) -> list[str]:
    notes = []
    source = lives.book.engine.source
    data = lives.book.tables[source].data
    if column == CAUSE_COLUMN and column not in data.column_names:
        notes.append(f"The table {source} has no column {column}: every cause is unknown")
    reached = [g for g, age in enumerate(lives.longest) if age >= 0]
    if reached:
        right = np.array([share[g, :, lives.longest[g]].sum() for g in reached])
        wrong = np.array([alone[g, :, lives.longest[g]].sum() for g in reached])
        worst = int(np.argmax(wrong - right))
        if wrong[worst] - right[worst] > 0.0005:
            label = ", ".join(map(str, lives.labels[reached[worst]]))
            where = f" of {label}" if label else ""
            notes.append(
                f"1 - Kaplan-Meier of each cause by itself (column alone) overstates: it adds up to "
                f"{format_ratio(float(wrong[worst]))}{where} by age {lives.longest[reached[worst]]}, "
                f"where {format_ratio(float(right[worst]))} left"
            )
    return notes


def _trace(df: pd.DataFrame, age: int, cause: str, group: Mapping[str, Any]) -> Trace:
    """Return how a share lost follows from the ages up to it: who was still there, times the share lost at each."""
    here = (df["age"] <= age) & (df["cause"] == cause) & (df["at_risk"] > 0)
    for name, label in group.items():
        here &= df[name] == label
    rows = df.loc[here, ["age", "survival", "events", "at_risk"]].reset_index(drop=True)
    rows.insert(1, "there", rows.pop("survival").shift(1, fill_value=1.0))
    rows.insert(1, "lost", rows["there"] * rows["events"] / rows["at_risk"])
    said = "There is the share of all customers still there before an age; those who left are in Result.rows(cause=...)"
    made = {"lost": "there * events / at_risk"}
    return Trace(rows, "lost", {"lost": "sum"}, made, "ages", notes=(said,))


def _drill(lives: Lives, column: str, names: tuple[str, ...]) -> Callable[..., pd.DataFrame]:
    def rows(age: int | None = None, cause: str | None = None, **group: Any) -> pd.DataFrame:
        if cause is not None:
            one_of("cause", cause, names)
        code = lives.number(group) if group else None
        found: pd.DataFrame = lives.book.engine.rows(
            "lifetimes", freq=lives.freq, by=lives.by, group=code, cause=column
        )
        found = found[found["event"] == 1]
        if age is not None:
            age = whole("age", age, 0, "an age in whole periods")
            found = found[found["duration"] <= age]
        found = found.assign(
            mrr=found["mrr"] / MICRO, cause=np.array(names, object)[found["cause"].to_numpy()]
        )
        kept = found if cause is None else found[found["cause"] == cause]
        return kept.reset_index(drop=True)

    return rows
