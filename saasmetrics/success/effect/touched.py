"""How many touched customers expand in the same quarter: what goes together, and what is left among those alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.day_rows import rows_by_day
from saasmetrics.engine.followed import followed
from saasmetrics.errors import DataError
from saasmetrics.metrics.made import made, ratio
from saasmetrics.money import MICRO, format_ratio
from saasmetrics.success.effect.association import WARNING
from saasmetrics.success.effect.doubly import overlapping
from saasmetrics.success.effect.regress import dummies
from saasmetrics.success.effect.treatments import (
    NEVER,
    activities_of,
    customer_ids,
    days_of,
    numbered,
    treatment_of,
)
from saasmetrics.survival.estimate import check_level, normal_quantile, wilson

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

    Array = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

LABEL = "association"
_LIKE = ("segment", "plan", "region")


@metric(
    id="touched_expansion",
    name="Expansion of touched customers",
    unit="ratio",
    better="neutral",
    meaning="Of the customers touched in a quarter, how many pay more at its end; an association, not an effect.",
    formula="customers with more MRR at the end of the period than at its start / customers, touched in it or not",
    missing="Missing where nobody was touched, or nobody was not.",
    sources=("METRICS.md", "Wilson 1927", "Li, Morgan and Zaslavsky 2018"),
    options={
        "treatment": "touched by {value}",
        "freq": {"M": "by month", "Q": "by quarter", "Y": "by year"},
        "interval": "interval of {value:.0%}",
    },
)
def touched_expansion(
    book: Book, treatment: Any = None, freq: str = "Q", *, interval: float = 0.95
) -> Result:
    """How many touched customers expand in the same quarter, beside those not touched.

    Parameters
    ----------
    book
        The company's tables.
    treatment
        As for `attribution`; any activity by default.
    freq
        M, Q or Y: the period in which both must happen.
    interval
        Coverage.

    Returns
    -------
    Result
        One row per period and touched ("touched", "not touched"): period, value, numerator (customers that expanded),
        denominator, n, low, high, label ("association"), complete, reason. `extra["adjusted"]` has the difference of
        both, over all periods, plain and with customers made alike in what was known before the period.

    Raises
    ------
    MissingTableError
        If there are no activities.

    Notes
    -----
    Who is about to buy more asks for help, and who got help may buy: the same quarter does not tell which came first.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> sm.success.touched_expansion(sm.demo(customers=300)).df["label"].unique().tolist()
    ['association']
    """
    one_of("freq", freq, ("M", "Q", "Y"))
    check_level(interval)
    name, who, day = _touches(book, treatment)
    rows = _periods(book, who, day, freq)
    df = _frame(book, rows, freq, interval)
    adjusted = _adjusted(book, rows, interval)
    notes = [
        f"Association: {WARNING.rstrip('.')}",
        "Touch and expansion in the same period do not tell which came first",
        *adjusted["notes"],
    ]
    return made(
        book,
        "touched_expansion",
        df,
        "series",
        by="touched",
        options={"treatment": name, "freq": freq, "interval": interval},
        notes=notes,
        extra={
            "adjusted": adjusted["frame"],
            "headline": adjusted["headline"],
            "tables": {"Touched less not touched, all periods": adjusted["frame"]},
        },
        tables=["activities"],
    )


def _touches(book: Book, treatment: Any) -> tuple[str, Ints, Ints]:
    if treatment is not None:
        found = treatment_of(book, treatment)
        return found.name, found.customer, found.day
    data = rows_by_day(activities_of(book), "at", months=True)
    who, day = numbered(customer_ids(book), data["customer_id"]), days_of(data["at"])
    keep = (who >= 0) & (day < NEVER) & (day <= book.as_of_day)
    return "any activity", who[keep], day[keep]


@dataclass(frozen=True, eq=False)
class _Rows:
    """Customers that paid at the start of a period, by period and id, so that sums are added in one order."""

    unit: Ints
    place: Ints
    period: Ints
    opening: Array
    closing: Array
    touched: Bools

    @property
    def grew(self) -> Bools:
        """Who pays more at the end."""
        return self.closing > self.opening

    @property
    def grown(self) -> Array:
        """How much more, over what it paid."""
        return np.maximum(self.closing / self.opening - 1, 0.0)


def _periods(book: Book, who: Ints, day: Ints, freq: str) -> _Rows:
    """Return the customers at the start of each complete period, with what they paid then and at its end."""
    ledger = followed(book.engine).periodic(freq)
    first, _, full = book.engine.extent(freq)
    width = max(full - first + 1, 1)
    change = ledger.held - ledger.before(ledger.held)
    seen = ledger.time <= full
    held = np.zeros((ledger.accounts, width), np.int64)
    np.add.at(held, (ledger.account[seen], ledger.time[seen] - first), change[seen])
    held = np.cumsum(held, axis=1)
    unit, at = np.nonzero(held[:, :-1] > 0)
    touched = np.zeros(held.shape, bool)
    when = book.calendar(freq).ordinal(day) - first
    inside = (when >= 0) & (when < width)
    touched[who[inside], when[inside]] = True
    if book.since_day is not None:
        since = int(book.calendar(freq).ordinal(np.array([book.since_day]))[0])
        unit, at = (v[at + 1 + first >= since] for v in (unit, at))
    place = np.argsort(np.argsort(np.asarray(customer_ids(book)).astype(str), kind="stable"))
    order = np.lexsort((place[unit], at))
    unit, at = unit[order], at[order]
    return _Rows(
        unit.astype(np.int64),
        place[unit].astype(np.int64),
        (at + 1 + first).astype(np.int64),
        held[unit, at] / MICRO,
        held[unit, at + 1] / MICRO,
        touched[unit, at + 1],
    )


def _frame(book: Book, rows: _Rows, freq: str, level: float) -> pd.DataFrame:
    import pandas as pd

    periods, code = np.unique(rows.period, return_inverse=True)
    code, many = code.reshape(-1), len(periods)
    parts = []
    for words, group in (("touched", rows.touched), ("not touched", ~rows.touched)):
        n = np.bincount(code[group], minlength=many)
        grew = np.bincount(code[group], rows.grew[group], many).astype(np.int64)
        low, high = wilson(grew, n, level)
        parts.append(
            pd.DataFrame(
                {
                    "period": book.calendar(freq).starts(periods),
                    "touched": words,
                    "value": ratio(grew, n),
                    "numerator": grew,
                    "denominator": n,
                    "n": n,
                    "low": low,
                    "high": high,
                    "label": LABEL,
                    "complete": True,
                    "reason": np.where(n > 0, "", f"nobody was {words}"),
                }
            )
        )
    return pd.concat(parts).sort_values(["period"], kind="stable", ignore_index=True)


def _as_met(code: Ints) -> Ints:
    """Return groups numbered as the rows meet them, for engines number them each in their own order."""
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    found: Ints = first[inverse.reshape(-1)]
    return found


def _adjusted(book: Book, rows: _Rows, level: float) -> dict[str, Any]:
    import pandas as pd

    touched, other = rows.touched, ~rows.touched
    if not touched.any() or not other.any():
        msg = "Everybody was touched in every period, or nobody in any: there is nothing to put side by side."
        raise DataError(msg)
    have = {name for table in book.tables.values() for name in table.data.column_names}
    columns = [name for name in _LIKE if name in have]
    blocks = [np.log2(rows.opening)[:, None], dummies(rows.period)]
    blocks += [
        dummies(_as_met(followed(book.engine).origin((c,)).astype(np.int64)[rows.unit]))
        for c in columns
    ]
    x, reach = np.concatenate(blocks, axis=1), normal_quantile(level)
    found: list[dict[str, Any]] = []
    for name, y in (
        ("share of customers that expand", rows.grew.astype(np.float64)),
        ("expansion over opening MRR, each customer alike", rows.grown),
    ):
        plain = float(y[touched].mean() - y[other].mean())
        row: dict[str, Any] = {"outcome": name, "label": LABEL, "plain": plain}
        try:
            value, spread = overlapping(y, touched, x, rows.place)
            edges = {"low": value - reach * spread, "high": value + reach * spread}
            row |= {"value": value, **edges}
            row["reason"] = ""
        except DataError as error:
            row |= dict.fromkeys(("value", "low", "high"), np.nan) | {"reason": str(error)}
        found.append(row)
    frame, first = pd.DataFrame(found), found[0]
    like = ", ".join(["MRR", "period", *columns])
    notes = [
        f"Adjusted: customers who could as well have been touched as not, alike in {like} (overlap weights)"
    ]
    said = (
        f"adjusted {100 * first['value']:+.1f} points ({100 * first['low']:+.1f} to {100 * first['high']:+.1f})"
        if first["value"] == first["value"]
        else f"not adjusted: {first['reason']}"
    )
    shares = [format_ratio(float(rows.grew[g].mean())) for g in (touched, other)]
    headline = f"Association: {shares[0]} of touched customers expand in the same period, {shares[1]} of others; {said}"
    return {"frame": frame, "headline": headline, "notes": notes}
