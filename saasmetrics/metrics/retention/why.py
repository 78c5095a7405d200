"""Why a number moved between two periods: mix, price, seats, cross-sell, discounts, churn by cause, exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import one_of
from saasmetrics.catalogue import metric as entry
from saasmetrics.engine.groups import columns
from saasmetrics.errors import DataError
from saasmetrics.metrics.explanation import Step, explanation
from saasmetrics.metrics.made import in_currency, made
from saasmetrics.metrics.rates import window_of
from saasmetrics.metrics.retention.window import (
    LABELS,
    PARTS,
    changes_of,
    day_of,
    ordinal,
    period_of,
)
from saasmetrics.money import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

METRICS = {"nrr": "NRR", "grr": "GRR", "arr": "ARR"}
_FORMS = {  # which form is explained, in short and in full
    "nrr": (
        "by the cohort definition",
        "NRR of what the customers paying at the start pay at the end",
    ),
    "grr": ("customer by customer", "GRR customer by customer"),
    "arr": ("as 12 times MRR", "ARR as 12 times MRR"),
}
_TOP = 10
_ROUNDING = 5e-6  # currency units that sums of floats may leave


@entry(
    id="drivers",
    name="Drivers of a change",
    unit="ratio",
    better="neutral",
    meaning="Why NRR, GRR or ARR moved between two periods: each reason's part, and each customer's.",
    formula="difference of the two numbers = sum of the parts of all reasons = sum of the parts of all customers",
    missing="Missing where nobody was paying at the start of one of the windows.",
    sources=("METRICS.md",),
    options={
        "metric": {name: f"change of {words}" for name, words in METRICS.items()},
        "window": "over windows of {value}",
    },
    choices=("price_volume", "churn_cause"),
)
def drivers(
    book: Book,
    metric: str = "nrr",
    then: Any = None,
    now: Any = None,
    by: str | Sequence[str] | None = None,
    window: int | None = None,
    freq: str = "M",
) -> Result:
    """Why a number moved between two periods, in parts that sum to the difference.

    Parameters
    ----------
    book
        The company's tables.
    metric
        "nrr", "grr" or "arr".
    then, now
        Days in the two periods; by default the last complete one and the one a year before.
    by
        Columns of the customers. With them a shift of MRR between groups that retain differently is a part of its
        own, the mix.
    window
        For NRR and GRR the length of the window in periods of `freq`; by default a year.
    freq
        D, W, M, Q or Y.

    Returns
    -------
    Result
        customer_id, value (the customer's part of the difference), one column per reason. `extra["steps"]` has the
        reasons, `extra["top"]` the ten customers that moved the number most and `extra["segments"]` the groups.

    Raises
    ------
    UnknownNameError
        If there is no such metric, column or frequency.
    DataError
        If a period is not in the book, `window` is no number of periods, or nobody was paying at the start of its
        window.

    Notes
    -----
    With groups, the difference is split by the mean of then and now on both sides of each product, so that swapping
    then and now changes nothing but the sign.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.retention.drivers(sm.demo(customers=200), "nrr", by="segment")
    >>> parts = found.extra["steps"]["value"].sum()
    >>> bool(abs(parts - found.extra["difference"]) < 1e-9)
    True
    """
    one_of("metric with drivers", metric, METRICS)
    year = max(round(book.calendar(freq).year()), 1)
    last = ordinal(book, freq, now)
    first = last - year if then is None else ordinal(book, freq, then)
    form = _form(book, metric)
    labels = tuple(f"{METRICS[metric]} {period_of(book, freq, p)}" for p in (first, last))
    options = {"metric": metric}
    if metric == "arr":
        parts = _arr(book, first, last, freq, columns(by))
    else:
        span = window_of(book, window, freq)
        options["window"] = counted(span, book.calendar(freq).noun)
        parts = _rates(book, metric, first, last, span, freq, columns(by))
    base = made(book, "drivers", parts.customers, "table", by=by, options=options)
    found = explanation(
        base,
        parts.customers,
        parts.values,
        [Step(name, LABELS[name], {}) for name in parts.names],
        np.full(len(parts.names), np.nan),
        parts.between,
        (labels[0], labels[1]),
        period=day_of(book, freq, last),
        unit="money" if metric == "arr" else "ratio",
        notes=(f"From {labels[0]} to {labels[1]}", *_explained(metric, form), *base.notes),
        extra={"segments": parts.segments},
    )
    told = {"top": found.df.head(_TOP), "form": form}
    if form:
        told["headline"] = f"{found.extra['headline']} ({form})"
    return replace(found, extra={**found.extra, **told})


def _form(book: Book, metric: str) -> str:
    """Return which form of a number is explained where the policy asks for another; "" where it does not."""
    policy = book.policy
    others = {
        "nrr": policy.nrr != "cohort"
        or policy.reactivation != "out"
        or policy.escalators != "included",
        "grr": policy.grr != "customer",
        "arr": policy.arr != "run_rate",
    }
    calendar = metric != "arr" and policy.month != "calendar"
    said = [_FORMS[metric][0]] * others[metric] + ["over calendar periods"] * calendar
    return " ".join([METRICS[metric], *said]) if said else ""


def _explained(metric: str, form: str) -> tuple[str, ...]:
    """Return the note that says in words which form is explained; none where it is the policy's own."""
    said = (
        f"Explained is {_FORMS[metric][1]}, over calendar periods, and not the form of the policy"
    )
    return (said,) if form else ()


def _reach(book: Book, freq: str, first: int, last: int, span: int) -> None:
    """Refuse windows that begin before the book does, and name the first that does not."""
    begin, start = book.engine.extent(freq)[0], min(first, last)
    if start - span >= begin:
        return
    later = begin + span
    remedy = f"the first possible then is {day_of(book, freq, later)}"
    if later >= max(first, last):
        remedy = "two such windows do not fit into it yet: take a shorter window"
    msg = (
        f"Nobody was paying at the start of the window that ends with {day_of(book, freq, start)}, since the book "
        f"begins with {day_of(book, freq, begin)}; {remedy}."
    )
    raise DataError(msg)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Parts per reason and customer, with the two numbers that they lead between."""

    customers: pd.DataFrame
    names: tuple[str, ...]
    values: NDArray[np.float64]
    between: tuple[float, float]
    segments: pd.DataFrame

    def used(self) -> _Parts:
        """Leave out the reasons that do nothing."""
        keep = [n for n in range(len(self.names)) if np.any(self.values[n])]
        names = tuple(self.names[n] for n in keep)
        return _Parts(self.customers, names, self.values[keep], self.between, self.segments)


def _rates(
    book: Book, metric: str, first: int, last: int, window: int, freq: str, by: tuple[str, ...]
) -> _Parts:
    _reach(book, freq, first, last, window)
    frames = [_paying(book, metric, period, window, freq) for period in (first, last)]
    ids = _union(frames)
    group, labels = _groups(book, ids, by)
    sides = [_Side.of(frame.reindex(ids, fill_value=0.0), group, len(labels)) for frame in frames]
    one, other = sides[0].known_as(sides[1]), sides[1].known_as(sides[0])
    share = (one.share + other.share) / 2
    middle = (one.rate + other.rate) / 2
    overall = (one.value + other.value) / 2
    moved = other.own_share - one.own_share
    rows = [moved * (middle - overall)[group]] if by else []
    before, after = (_followed(side, again, group) for side, again in ((one, other), (other, one)))
    rows += [share[group] * (after[n] - before[n]) for n in range(len(PARTS))]
    segments = _segments(by, labels, one, other, share, middle - overall)
    names = ("mix", *PARTS) if by else PARTS
    shown = _told(frames, ids)
    between = (one.value, other.value)
    return _Parts(shown, names, np.array(rows), between, segments).used()


def _paying(book: Book, metric: str, period: int, window: int, freq: str) -> pd.DataFrame:
    """Return the customers paying at the start of a window, with what they lost only for GRR."""
    rows = changes_of(book, period, window, freq)
    rows = rows[rows["opening"] > 0].set_index("customer_id")
    if not len(rows):
        start = day_of(book, freq, period)
        msg = f"Nobody was paying at the start of the window that ends with {start}; take later periods."
        raise DataError(msg)
    if metric == "grr":
        rows.loc[rows["kept"] >= rows["opening"], list(PARTS)] = 0.0
        # What is kept is told by currency where rates move, and so can differ from what is paid in the end.
        less = rows["kept"] - rows["opening"] - rows[list(PARTS)].sum(axis=1)
        rows["fx"] += less.where(less.abs() > _ROUNDING, 0.0)
        rows["closing"] = rows["kept"]
    return rows[["opening", "closing", *PARTS]]


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two windows: opening per customer and group, and the parts of each customer."""

    opening: NDArray[np.float64]
    parts: NDArray[np.float64]
    by_group: NDArray[np.float64]
    rate: NDArray[np.float64]
    scaled: NDArray[np.float64]

    @classmethod
    def of(cls, rows: pd.DataFrame, group: NDArray[np.int64], groups: int) -> _Side:
        """Return the side of a window from its customers."""
        opening = rows["opening"].to_numpy(float)
        parts = rows[list(PARTS)].to_numpy(float).T
        total = np.bincount(group, weights=opening, minlength=groups).astype(float)
        change = np.bincount(group, weights=parts.sum(axis=0), minlength=groups)
        rate = 1 + np.divide(change, total, out=np.full(groups, np.nan), where=total > 0)
        below = np.where(total > 0, total, 1.0)[group]
        return cls(opening, parts, total, rate, parts / below)

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of each group in the opening."""
        share: NDArray[np.float64] = self.by_group / self.by_group.sum()
        return share

    @property
    def own_share(self) -> NDArray[np.float64]:
        """Share of each customer in the opening."""
        share: NDArray[np.float64] = self.opening / self.opening.sum()
        return share

    @property
    def value(self) -> float:
        """The number."""
        return float(1 + self.parts.sum() / self.opening.sum())

    def known_as(self, other: _Side) -> _Side:
        """Return this side with the rates of the other where nobody of a group was paying: all of that is mix."""
        absent = np.isnan(self.rate)
        rate = np.where(absent, np.where(np.isnan(other.rate), 1.0, other.rate), self.rate)
        return _Side(self.opening, self.parts, self.by_group, rate, self.scaled)


def _followed(side: _Side, other: _Side, group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return each customer's parts over the opening of its group, those of the other side for a group not there yet."""
    return np.where((side.by_group > 0)[group], side.scaled, other.scaled)


def _segments(
    by: tuple[str, ...],
    labels: list[Any],
    one: _Side,
    other: _Side,
    share: NDArray[np.float64],
    above: NDArray[np.float64],
) -> pd.DataFrame:
    """Return each group's share and rate then and now, and what its mix and its rate did."""
    import pandas as pd

    data: dict[str, Any] = {name: [label[i] for label in labels] for i, name in enumerate(by)}
    data |= {"share_then": one.share, "share_now": other.share}
    data |= {"rate_then": one.rate, "rate_now": other.rate}
    data["mix"] = (other.share - one.share) * above
    data["rate"] = share * (other.rate - one.rate)
    return pd.DataFrame(data)


def _arr(book: Book, first: int, last: int, freq: str, by: tuple[str, ...]) -> _Parts:
    """Return the parts of the way from ARR at one period's end to ARR at another's."""
    import pandas as pd

    if first >= last:
        msg = "then must lie before now, since customers are followed from the one to the other."
        raise DataError(msg)
    begin = book.engine.extent(freq)[0]
    if first < begin:
        msg = (
            f"The book begins with {day_of(book, freq, begin)}, so there is no ARR at {day_of(book, freq, first)}: "
            f"the first possible then is {day_of(book, freq, begin)}."
        )
        raise DataError(msg)
    rows = changes_of(book, last, last - first, freq).set_index("customer_id")
    held = book.engine.rows("movements", period=last, window=last - first, freq=freq)
    held = in_currency(held).set_index("customer_id")
    ids = _union([rows, held])
    rows = rows.reindex(ids, fill_value=0.0)
    opening, closing = (held[name].reindex(ids, fill_value=0.0) for name in ("opening", "closing"))
    rows["paused"] += rows["resumed"]
    names = ("new", "reactivation", *(name for name in PARTS if name != "fx"))
    parts = rows[list(names)].to_numpy(float).T
    fx = (closing - opening).to_numpy(float) - parts.sum(axis=0)
    fx[np.abs(fx) < _ROUNDING] = 0.0
    group, labels = _groups(book, ids, by)
    data: dict[str, Any] = {name: [label[i] for label in labels] for i, name in enumerate(by)}
    for name, value in (("then", opening), ("now", closing)):
        data[name] = 12 * np.bincount(group, weights=value.to_numpy(float), minlength=len(labels))
    shown = pd.DataFrame(
        {
            "customer_id": ids,
            "numerator_a": 12 * opening.to_numpy(),
            "numerator_b": 12 * closing.to_numpy(),
        }
    )
    between = (12 * float(opening.sum()), 12 * float(closing.sum()))
    values = 12 * np.vstack([parts, fx])
    return _Parts(shown, (*names, "fx"), values, between, pd.DataFrame(data)).used()


def _told(frames: Sequence[pd.DataFrame], ids: Any) -> pd.DataFrame:
    """Return the customers with what they pay at both ends of both windows."""
    import pandas as pd

    out: dict[str, Any] = {"customer_id": ids}
    for letter, frame in zip("ab", frames, strict=True):
        known = frame.reindex(ids, fill_value=0.0)
        out[f"numerator_{letter}"] = known["closing"].to_numpy()
        out[f"denominator_{letter}"] = known["opening"].to_numpy()
    return pd.DataFrame(out)


def _union(frames: Sequence[pd.DataFrame]) -> Any:
    import pandas as pd

    return pd.Index(pd.concat([frame.index.to_series() for frame in frames]).unique())


def _groups(book: Book, ids: Any, by: tuple[str, ...]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return the group of each customer, and the labels of the groups."""
    group = book.engine.group_codes(ids, by)
    if group is None:
        msg = f"{' and '.join(by)} differs between the subscriptions of one customer; group by a column of customers."
        raise DataError(msg)
    return group, list(book.engine.grouping(by).labels)
