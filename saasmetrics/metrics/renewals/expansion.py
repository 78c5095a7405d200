"""Expansion: how long until a customer first buys more, and why and when customers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saasmetrics.asked import listed, one_of
from saasmetrics.catalogue import metric
from saasmetrics.engine.expansion_causes import NOT_KNOWN
from saasmetrics.engine.groups import columns
from saasmetrics.engine.reason_sums import EXPANDED
from saasmetrics.engine.reasons import SUBTYPES
from saasmetrics.metrics.made import group_code, made, money
from saasmetrics.metrics.revenue.subtypes import WORDS, choices
from saasmetrics.survival.counts import exposure
from saasmetrics.survival.estimate import check_level, kaplan_meier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from saasmetrics.book import Book
    from saasmetrics.result import Result

NOT_BOUGHT = ("discount_end", "escalator")  # expansion that nobody sold
WHEN = ("renewal", "mid_term", "unknown")
_YEAR = 12
MEASURES = {
    "curve": "the share of customers that have expanded by an age, of those that stay",
    "causes": "ARR of expansion by year of the customer's life, cause, and at renewal or during the term",
}


@metric(
    id="expansion",
    name="Expansion by age",
    unit="curve",
    better="higher",
    meaning="How long it takes until customers first pay more, and how many ever do.",
    formula="1 - Kaplan-Meier of the months to the first expansion, customers who leave being censored",
    missing="No row where there are no customers.",
    sources=(
        "METRICS.md",
        "Kaplan and Meier 1958",
    ),
    options={
        "measure": MEASURES,
        "causes": "expansion by {value}",
        "interval": "Greenwood band of {value:.0%}",
    },
    choices=("price_volume",),
)
def expansion(
    book: Book,
    by: str | Sequence[str] | None = None,
    *,
    measure: str = "curve",
    causes: Sequence[str] | None = None,
    interval: float = 0.95,
) -> Result:
    """How long until customers first pay more, or what they pay more for.

    Parameters
    ----------
    book
        The tables.
    by
        Columns of customers.
    measure
        "curve": the share expanded by age. "causes": ARR of all expansion by age and cause.
    causes
        Which expansion counts for the curve, such as ["seats", "plan"]; by default all but the end of discounts and
        contracted uplifts, which nobody sold.
    interval
        Coverage of the band.

    Returns
    -------
    Result
        "curve": by-columns, age (months since the first payment), value (share expanded, of those that stay), low,
        high, at_risk (customers not expanded yet), events, censored, `of_all` (share of all customers that have
        expanded, those who left counting as never). "causes": by-columns, year (of the customer's life, from 1),
        cause, at (renewal, mid_term, or unknown without contracts), value (ARR, currency units), customers.

    Raises
    ------
    UnknownNameError
        If the measure, a cause or a column does not exist.

    Notes
    -----
    At renewal means in the month in which a term of the customer ends or the one that renews it starts.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> df = sm.renewals.expansion(sm.demo(customers=300)).df
    >>> bool(df["value"].is_monotonic_increasing)
    True
    """
    one_of("measure", measure, MEASURES)
    causes = None if causes is None else listed("causes", causes, "causes of expansion")
    for cause in causes or ():
        one_of("cause of expansion", cause, SUBTYPES)
    check_level(interval)
    names = columns(by)
    if measure == "causes":
        df, notes = _causes(book, names)
        options: dict[str, Any] = {"measure": measure}
        return made(book, "expansion", df, "expansion_causes", by=by, options=options, notes=notes)
    counted = tuple(causes) if causes else tuple(c for c in SUBTYPES if c not in NOT_BOUGHT)
    cells = book.engine.reason_cells("M", (), **choices(book))
    assert cells is not None
    grown = cells.subtype[cells.movement == EXPANDED]
    seen = [SUBTYPES[code] for code in np.unique(grown) if SUBTYPES[code] in counted]
    said = ", ".join(WORDS[cause].split(":")[0] for cause in (causes or seen or counted))
    options = {"measure": measure, "causes": said, "interval": interval, "freq": "M"}
    df, drill = _curve(book, counted, names, interval)
    return made(book, "expansion", df, "expansion", by=by, options=options, drill=drill)


def _curve(
    book: Book, counted: Sequence[str], by: tuple[str, ...], level: float
) -> tuple[pd.DataFrame, Callable[..., pd.DataFrame]]:
    import pandas as pd

    groups, midpoint = book.engine.grouping(by), choices(book)["midpoint"]
    codes = tuple(SUBTYPES.index(cause) for cause in counted)
    lives = book.engine.first_expansions(by, codes, midpoint=midpoint)
    seen, entry, many = lives["age"], lives["entry"], len(groups)
    told: dict[str, Any] = {"weight": lives["customers"], "group": lives["group"], "groups": many}
    grown = exposure(seen, entry, lives["expanded"], **told)
    ages = grown.at_risk.shape[-1]
    left = exposure(seen, entry, lives["left"], **told, ages=ages)
    curve = kaplan_meier(grown, level)
    data: dict[str, Any] = {}
    for i, name in enumerate(by):
        data[name] = np.repeat(np.array([label[i] for label in groups.labels], object), ages)
    data["age"] = np.tile(np.arange(ages), len(groups))
    data["value"] = (1 - curve.share).ravel()
    data["low"], data["high"] = (1 - curve.high).ravel(), (1 - curve.low).ravel()
    for name in ("at_risk", "events", "censored"):
        data[name] = getattr(grown, name).ravel()
    data["of_all"] = incidence(grown.at_risk, grown.events, left.events).ravel()
    df = pd.DataFrame(data)
    df = df[df["at_risk"] > 0].reset_index(drop=True)

    def drill(age: int | None = None, **cell: Any) -> pd.DataFrame:
        code = group_code(book, by, cell)
        found: pd.DataFrame = book.engine.expansion_rows(by, codes, code, age, midpoint=midpoint)
        return found

    return df, drill


def incidence(
    at_risk: NDArray[Any], events: NDArray[Any], others: NDArray[Any]
) -> NDArray[np.float64]:
    """Return the share of all that have had an event by each age, where other ends make it impossible.

    Examples
    --------
    >>> incidence(np.array([4, 4, 2]), np.array([0, 1, 1]), np.array([0, 1, 0])).tolist()
    [0.0, 0.25, 0.5]
    """
    safe = np.maximum(at_risk, 1)
    alive = np.cumprod(1 - (events + others) / safe, axis=-1)
    before = np.concatenate([np.ones_like(alive[..., :1]), alive[..., :-1]], axis=-1)
    return np.asarray(np.cumsum(before * events / safe, axis=-1))


def _causes(book: Book, by: tuple[str, ...]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return ARR of expansion by year of life, cause, and at renewal or not."""
    import pandas as pd

    found = book.engine.expansion_causes(by, **choices(book))
    groups = book.engine.grouping(by)
    data: dict[str, Any] = {
        name: [groups.labels[group][i] for group in found.group] for i, name in enumerate(by)
    }
    data["year"] = found.year
    data["cause"] = np.array(SUBTYPES, object)[found.cause]
    data["at"] = np.array(WHEN, object)[found.at]
    data["value"] = money(_YEAR * found.amount)
    data["customers"] = found.customers
    notes = [f"Causes are {'; '.join(dict.fromkeys(WORDS[str(cause)] for cause in data['cause']))}"]
    if (found.at == NOT_KNOWN).any():
        notes.append("Without contracts or subscriptions, renewals are not known")
    return pd.DataFrame(data), tuple(notes if len(found.cause) else ())
