"""What customers looked like before a month began: who gets help, and who leaves, depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saasmetrics.asked import listed, one_of
from saasmetrics.engine.day_rows import rows_by_day
from saasmetrics.engine.followed import followed
from saasmetrics.engine.tally import tally
from saasmetrics.success.effect.panel import with_covariates
from saasmetrics.success.effect.regress import dummies
from saasmetrics.success.effect.treatments import NEVER, customer_ids, days_of, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.success.effect.panel import Panel

    Array = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Named = tuple[Array, list[str]]

_MOST_LEVELS = 12
_USUAL = 3  # months before the last one: what use is usual
_FELL = -0.5  # doublings


def with_confounders(
    book: Book,
    panel: Panel,
    first_touch: Ints,
    confounders: Sequence[str] | None,
    baseline: Sequence[str],
) -> tuple[Panel, list[str]]:
    """Return the panel with what was known of customers before each month, and notes.

    Parameters
    ----------
    book
        The company's tables.
    panel
        Months of its customers.
    first_touch
        Day of the first touch of each customer.
    confounders
        Of "mrr", "tenure", "usage", "tickets"; all that the tables have by default.
    baseline
        Columns of the customers that do not change.
    """
    have: dict[str, Callable[[Book, Panel, Ints], Named]] = {"mrr": _mrr, "tenure": _tenure}
    if "usage" in book.tables:
        have["usage"] = _usage
    if "tickets" in book.tables:
        have["tickets"] = _tickets
    asked = have if confounders is None else listed("confounders", confounders, "names")
    for name in asked:
        one_of("confounder", name, have)
    notes, blocks = [], [have[name](book, panel, first_touch) for name in asked]
    missing = [name for name in ("usage", "tickets") if name not in have]
    if missing and confounders is None:
        notes.append(
            f"The book has no table {' and no table '.join(missing)}: who was at risk is only seen in MRR and tenure"
        )
    fixed = [_levels(book, panel, column) for column in baseline]
    return with_covariates(panel, _joined(panel, fixed), _joined(panel, blocks)), notes


def _joined(panel: Panel, blocks: Sequence[Named]) -> Named:
    values = [values for values, _ in blocks]
    return (
        np.concatenate(values, axis=1) if values else np.zeros((len(panel), 0)),
        [name for _, names in blocks for name in names],
    )


def _levels(book: Book, panel: Panel, column: str) -> Named:
    code = followed(book.engine).origin((column,)).astype(np.int64)[panel.unit]
    labels = [str(label[0]) for label in book.engine.grouping((column,)).labels]
    values, count = np.unique(code, return_counts=True)
    rare = values[np.argsort(-count, kind="stable")[_MOST_LEVELS:]]
    code = np.where(np.isin(code, rare), -1, code)
    values, count = np.unique(code, return_counts=True)
    shown = np.delete(values, count.argmax()) if len(values) else values
    return dummies(code), [f"{column}: {labels[v] if v >= 0 else 'others'}" for v in shown]


def _mrr(_: Book, panel: Panel, __: Ints) -> Named:
    return np.log2(panel.opening)[:, None], ["MRR, doublings"]


def _tenure(_: Book, panel: Panel, __: Ints) -> Named:
    bands = np.digitize(panel.tenure, [3, 12, 24])
    return (bands[:, None] == np.arange(1, 4)).astype(np.float64), [
        f"tenure: {text} months" for text in ("3 to 11", "12 to 23", "24 and more")
    ]


def _usage(book: Book, panel: Panel, first_touch: Ints) -> Named:
    """Return how customers use the product against what was usual, before the month and in it, up to the touch.

    Help is often a reaction of the same month. The mean of the days with usage is compared, so that a month cut short
    by the touch is not taken for a fall.
    """
    table = book.tables["usage"]
    amount = "users" if "users" in table.data.column_names else "events"
    data = rows_by_day(table, "date", added=amount)
    who, day = numbered(customer_ids(book), data["customer_id"]), days_of(data["date"])
    value = data[amount].to_numpy(float)
    keep = (who >= 0) & (day < NEVER)
    before = keep & (day < first_touch[np.maximum(who, 0)])
    whole, first = _means(book, who[keep], day[keep], value[keep], panel)
    cut, _ = _means(book, who[before], day[before], value[before], panel)
    at, unit = panel.month - first, panel.unit
    months = np.stack([whole[unit, at - 2 - back] for back in range(_USUAL)])
    seen = ~np.isnan(months)
    count = seen.sum(axis=0)
    usual = np.where(seen, months, 0.0).sum(axis=0) / np.maximum(count, 1)
    last = np.nan_to_num(whole[unit, at - 1])
    now = np.where(np.isnan(cut[unit, at]), last, cut[unit, at])
    falls = [
        np.clip(np.where(count > 0, np.log2((mean + 1) / (usual + 1)), 0.0), -3, 3)
        for mean in (last, now)
    ]
    values = np.stack([*falls, count == 0, falls[1] < _FELL], axis=1).astype(np.float64)
    return values, [
        "usage of last month against the usual, doublings",
        "usage up to the touch against the usual, doublings",
        "no usual usage yet",
        "usage fell by a third",
    ]


def _means(book: Book, who: Ints, day: Ints, value: Array, panel: Panel) -> tuple[Array, int]:
    """Return the mean per customer and month over days with rows; missing where there are none."""
    month = book.calendar("M").ordinal(day).astype(np.int64)
    first = int(panel.month.min()) - _USUAL - 2
    width, many = int(panel.month.max()) - first + 1, int(panel.unit.max()) + 1
    inside = (month >= first) & (month - first < width) & (who < many)
    place = (who * width + month - first)[inside]
    sums = np.bincount(place, value[inside], many * width)
    days = np.unique(place * (2**20) + day[inside]) >> 20
    count = np.bincount(days, minlength=many * width)
    mean = np.divide(sums, count, out=np.full(len(sums), np.nan), where=count > 0)
    return mean.reshape(many, width), first


def _tickets(book: Book, panel: Panel, _: Ints) -> Named:
    """Return tickets of the two months before."""
    data = rows_by_day(book.tables["tickets"], "created_at", months=True)
    who, day = numbered(customer_ids(book), data["customer_id"]), days_of(data["created_at"])
    keep = (who >= 0) & (day < NEVER)
    month = book.calendar("M").ordinal(day[keep]).astype(np.int64)
    first = int(panel.month.min()) - 2
    width, many = int(panel.month.max()) - first + 1, int(panel.unit.max()) + 1
    inside = (month >= first) & (month - first < width) & (who[keep] < many)
    place = (who[keep] * width + month - first)[inside]
    n = data["n"].to_numpy(np.int64)[keep][inside]
    sums = tally(place, n, many * width).reshape(many, width)
    at = panel.month - first
    recent = sums[panel.unit, at - 1] + sums[panel.unit, at - 2]
    return np.log2(1 + recent)[:, None], ["tickets of two months, doublings"]
