"""The waterfall of what came up for renewal: due, lost, downsold, open, renewed, and what the renewals added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saasmetrics.catalogue import metric
from saasmetrics.metrics.made import made, money
from saasmetrics.metrics.renewals.cells import EARLY, GRACE, SOURCES, TERMS
from saasmetrics.metrics.renewals.due import so_far

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

LOSSES, GAINS = ("lost", "downsell", "open"), ("escalator", "mid_term", "upsell")


@metric(
    id="atr_waterfall",
    name="ATR waterfall",
    abbr="ATR",
    unit="money",
    better="neutral",
    meaning="What came up for renewal in a period, what became of it, and what the renewals added.",
    formula="available to renew - lost - downsell - open = renewed; + escalator + grown during the term + upsell "
    "= value after renewal",
    missing="No row where nothing came up for renewal in any period.",
    sources=SOURCES,
    options={"terms": TERMS, "grace_days": GRACE, "early_days": EARLY},
)
def waterfall(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    *,
    terms: str = "fixed",
    grace_days: int = 90,
    early_days: int = 90,
) -> Result:
    """What came up for renewal per period and what became of it.

    Parameters
    ----------
    book, freq, by, terms, grace_days, early_days
        As for `rates`.

    Returns
    -------
    Result
        period, by-columns, then currency units per year: atr, lost, downsell, open (losses negative), renewed,
        escalator, mid_term (what the customer already paid above the contract), upsell, final, and `residual`, which
        is 0; of `renewed`: early, on_time, late; terms, terms_renewed, terms_lost, terms_open; complete.

    Raises
    ------
    UnknownNameError
        If the kind of terms or a column does not exist.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> found = sm.renewals.waterfall(sm.demo(customers=300)).df
    >>> bool((found["residual"] == 0).all())
    True
    """
    import pandas as pd

    desk = so_far(book, freq, by, terms, grace_days, early_days)
    sums = {name: value.sum(axis=1) for name, value in desk.sums().items()}
    signed = {name: -sums[name] if name in LOSSES else sums[name] for name in sums}
    residual = signed["atr"] + sum(signed[name] for name in (*LOSSES, *GAINS)) - signed["final"]
    data = desk.cells()
    shown = ("atr", *LOSSES, "renewed", *GAINS, "final")
    data |= {name: money(signed[name]).ravel() for name in shown}
    data["residual"] = money(residual).ravel()
    data |= {name: money(sums[name]).ravel() for name in ("early", "on_time", "late")}
    data |= {name: value.ravel() for name, value in sums.items() if name.startswith("terms")}
    data["complete"] = desk.settled()

    def drill(period: Any = None, **group: Any) -> pd.DataFrame:
        return desk.drilled(period, group)

    options = {**desk.options, "freq": freq}
    return made(
        book,
        "atr_waterfall",
        pd.DataFrame(data),
        "atr_waterfall",
        by=by,
        options=options,
        notes=desk.notes(),
        drill=drill,
        tables=desk.tables,
    )
