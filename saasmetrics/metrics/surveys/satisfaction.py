"""Customer satisfaction by period and group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saasmetrics.asked import finite
from saasmetrics.catalogue import metric
from saasmetrics.engine.columns import has
from saasmetrics.metrics.made import made, ratio
from saasmetrics.metrics.surveys.shared import PER, SOURCES, Cells
from saasmetrics.survival.estimate import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from saasmetrics.book import Book
    from saasmetrics.result import Result

TOP = 0.75
TOP_WORDS = "satisfied is an answer at {value:.0%} of its scale or above, the worst being 0% and the best 100%"


@metric(
    id="csat",
    name="Customer satisfaction",
    abbr="CSAT",
    unit="ratio",
    better="higher",
    meaning="Of the customers who rated us, the share who were satisfied.",
    formula="satisfied answers / answers",
    missing="Missing where nobody answered; who did not answer counts nowhere.",
    sources=("METRICS.md", "Wilson 1927 (interval)"),
    options={
        "top": TOP_WORDS,
        "per": PER,
        "source": SOURCES,
        "interval": "coverage {value:.0%}, Wilson",
    },
)
def csat(
    book: Book,
    freq: str = "Q",
    by: str | Sequence[str] | None = None,
    *,
    top: float = TOP,
    per: str = "response",
    source: str | None = None,
    interval: float | None = 0.95,
) -> Result:
    """Share of satisfied answers in each period.

    Parameters
    ----------
    book
        The company's tables; needs `surveys` with instrument "csat", or `tickets` with csat.
    freq
        D, W, M, Q or Y.
    by
        Columns of customers, or of the table of answers, such as channel of tickets; their own come first.
    top
        From where on an answer is satisfied, as a share of its scale: (score - 1) / (scale_max - 1). 0.75 is 4 and 5 of
        5, 8 to 10 of 10, 6 and 7 of 7, and 3 of 3, so that scales of different lengths add up.
    per
        "response": every answer; "account": the last answer of each account in the period.
    source
        "surveys" or "tickets"; by default surveys where there is such a table.
    interval
        Coverage, None for no interval.

    Returns
    -------
    Result
        period, by-columns, value, numerator (satisfied), denominator and n (answers), missing (answers without a
        score), reason, complete, low, high.

    Raises
    ------
    MissingTableError
        If there is neither table.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> made = sm.surveys.csat(sm.demo(customers=200), "Y", by="channel", source="tickets")
    >>> sorted(made.df["channel"].unique())
    ['chat', 'email', 'phone']
    """
    finite("top", top, "a share of the scale such as 0.75", least=0, most=1)
    source = source or ("surveys" if "surveys" in book.tables else _tickets(book))
    cells = Cells.of(book, "csat", freq, by, interval, per=per, source=source)
    satisfied = cells.answers.share >= top - 1e-9
    good, n = cells.total(satisfied), cells.total()
    values = {
        "value": ratio(good, n),
        "numerator": good,
        "denominator": n,
        "n": n.astype(int),
        "missing": cells.missing(),
    }
    if interval is not None:
        values["low"], values["high"] = wilson(good, n, interval)
    return made(
        book,
        "csat",
        cells.frame(values),
        "survey",
        by=by,
        options={"top": top, "per": per, "source": source, "freq": freq, "interval": interval},
        notes=cells.answers.notes,
        tables=[source],
        drill=cells.drill(satisfied.astype(float)),
    )


def _tickets(book: Book) -> str:
    scored = "tickets" in book.tables and has(book.tables["tickets"].data, "csat")
    return "tickets" if scored else "surveys"
